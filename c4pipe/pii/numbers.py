"""Numbers with a checksum: IBANs and cards."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from stdnum import iban, luhn

_OTHER_DIGIT = re.compile(r"[^\D0-9]")
DASHES = "\\-\u2010-\u2015\u2212\uff0d"

_SPACE = " \u00a0\u2007\u202f"
_PART = rf"[{_SPACE}.{DASHES}]"  # separators between groups

# Each pattern begins with its first character and looks back from there, so that the search is fast. For an IBAN that
# is the first check digit, after the country and a word boundary; "IBAN" may directly precede it.
_IBAN = re.compile(
    r"[0-9](?<=[A-Z]{2}.)(?:(?<![^\W_]...)|(?<=IBAN...))[0-9]"
    rf"(?:{_PART}?[A-Z0-9]{{4}}){{2,7}}(?:{_PART}?[A-Z0-9]{{1,3}})?(?![^\W_])",
    re.ASCII | re.IGNORECASE,
)

# ISO/IEC 7812: the first digits of each network, and the lengths of its numbers. Visa's old numbers of 13 digits are
# left out: a tenth of the article numbers in shops would match.
_CARDS = (
    (re.compile(r"4"), (16, 19)),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile(r"3[47]"), (15,)),  # American Express
    (re.compile(r"6011|64[4-9]|65"), (16, 19)),  # Discover
    (re.compile(r"30[0-5]|3[689]"), (14, 16, 19)),  # Diners
    (re.compile(r"35(?:2[89]|[3-8])"), (16, 19)),  # JCB
    (re.compile(r"62|81"), (16, 17, 18, 19)),  # UnionPay
)
_CARD = re.compile(
    r"[0-9](?<![\w.,/+$€£-].)(?:[0-9]{13,18}"
    rf"|[0-9]{{3}}({_PART})[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{1,4}}(?:\1[0-9]{{3}})?"
    rf"|[0-9]{{3}}({_PART})[0-9]{{6}}\2[0-9]{{4,5}})(?![\w/-]|[.,]\w)"
)


def in_ascii_digits(text: str) -> str:
    """The text with the digits of all scripts as ASCII digits, so that offsets stay.

    >>> in_ascii_digits("٠٢ 7946")
    '02 7946'
    """
    if text.isascii() or not _OTHER_DIGIT.search(text):
        return text
    return _OTHER_DIGIT.sub(lambda digit: str(unicodedata.digit(digit[0])), text)


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """The places of IBANs, in one piece or in fours, in upper or lower case, with a valid country, length and
    checksum."""
    for found in _IBAN.finditer(text):
        start, end = found.start() - 2, found.end()
        # Words may follow: takes the most groups that form an IBAN.
        for cut in [end, *(found.start() + part.start() for part in [*re.finditer(_PART, found[0])][::-1])]:
            written = re.sub(_PART, "", text[start:cut])
            if written in (written.upper(), written.lower()) and iban.is_valid(written, check_country=False):
                yield start, cut
                break


def cards(text: str) -> Iterator[tuple[int, int]]:
    """The places of card numbers, in one piece or in groups, with a valid network, length and check digit."""
    for found in _CARD.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        known = any(len(digits) in lengths and first.match(digits) for first, lengths in _CARDS)
        if known and luhn.is_valid(digits):
            yield found.span()
