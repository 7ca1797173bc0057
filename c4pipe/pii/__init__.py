"""Personal data in texts: e-mail addresses, phone numbers, public IP addresses, IBANs and card numbers.

    text --find_personal--> [Personal(start, end, kind), ...]        text --masked--> text, "<EMAIL>" for each of them

A pattern finds candidates, and a check confirms them: the suffix of a domain, the numbering plan of phone numbers
(phonenumbers), the range of an IP address, the checksums of IBANs and cards (python-stdnum). Names and postal addresses
have no such check and are not searched for; neither is "me at host dot org".
"""

from __future__ import annotations

from c4pipe.pii.finding import PERSONAL_KINDS, Personal, find_personal, masked, masked_and_counted
from c4pipe.pii.regions import ALL_REGIONS, REGIONS, REGIONS_OF

__all__ = [
    "ALL_REGIONS",
    "PERSONAL_KINDS",
    "REGIONS",
    "REGIONS_OF",
    "Personal",
    "find_personal",
    "masked",
    "masked_and_counted",
]
