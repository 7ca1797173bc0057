"""Countries whose phone numbers are recognised without a "+", and how they write them.

Each country costs time and false matches, so a page is only checked for those of its language.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from phonenumbers import PhoneMetadata, PhoneNumber, country_code_for_region
from phonenumbers.data import _ALT_NUMBER_FORMATS

from c4pipe.pii.numbers import DASHES

_BETWEEN = rf"[ ()./\u00a0\u202f{DASHES}]"
GAP = rf"{_BETWEEN}{{0,4}}"
_GROUP = re.compile(r"\(\\d(?:\{(\d+)(?:,(\d+))?\})?\)")
_LEAST = 9  # digits of a number, with the leading 0 if there is one: "030 901820"
_WHOLE = 7  # digits of a number without its area code; fewer are not a number


class Region(NamedTuple):
    """How a country writes its numbers."""

    code: int  # of the country
    shape: re.Pattern[str]  # of its numbers; what remains of one without 0 and country code is a group
    least: int  # digits, dialling prefix included


def _shape(front: str, *groups: str) -> re.Pattern[str]:
    """Numbers with groups of so many digits each, "244" or "334". One may begin inside another."""
    written = "|".join(GAP.join(f"[0-9]{{{many}}}" for many in group) for group in groups)
    return re.compile(rf"(?<![0-9])(?={front}((?!0)(?:{written}))(?![0-9]))")


# The groups of the metadata of phonenumbers (formats and alternate formats).
_COUNTED = {
    "US": Region(1, _shape(rf"(?:1{GAP})?", "334"), 10),
    "GB": Region(
        44,
        _shape(
            rf"(?:0|44{GAP}0?){GAP}",
            *("244", "2422", "334", "343", "46", "433", "45", "55", "54", "36", "333", "34", "322"),
        ),
        10,
    ),
}
REGIONS = tuple(_COUNTED)
# Countries for a page in each language: where most people who write it live, if they write their numbers in a way that
# phonenumbers covers. A page in any other language is checked for REGIONS.
REGIONS_OF: dict[str, tuple[str, ...]] = {
    "cs": ("CZ",),
    "da": ("DK",),
    "de": ("DE", "AT", "CH"),
    "en": REGIONS,
    "es": ("ES", "MX", "AR"),
    "fi": ("FI",),
    "fr": ("FR", "BE", "CH"),
    "it": ("IT", "CH"),
    "ja": ("JP",),
    "ko": ("KR",),
    "nl": ("NL", "BE"),
    "pl": ("PL",),
    "pt": ("BR", "PT"),
    "ru": ("RU",),
    "sv": ("SE",),
    "tr": ("TR",),
    "uk": ("UA",),
}
ALL_REGIONS = tuple(dict.fromkeys(name for names in REGIONS_OF.values() for name in names))


@cache
def region_of(name: str) -> Region:
    """How a country, such as DE, writes its numbers: in the groups of phonenumbers' metadata."""
    if name in _COUNTED:
        return _COUNTED[name]
    code, data = country_code_for_region(name), PhoneMetadata.metadata_for_region(name)
    assert data is not None, name  # a test covers each
    patterns = [one.pattern for one in (*data.number_format, *_ALT_NUMBER_FORMATS.get(code, ()))]
    written = "|".join(sorted({shape for pattern in patterns if (shape := _groups(pattern))}))
    # A leading 0 or 8 is never left out, except for Brazil's, which is for long distance and rarely written.
    prefix = "" if name == "BR" else data.national_prefix or ""
    front = rf"(?:{prefix}|{code}{GAP}{prefix}?){GAP}" if prefix else rf"(?:{code}{GAP})?"
    return Region(code, re.compile(rf"(?<![0-9])(?={front}({written})(?![0-9]))"), _LEAST)


def _groups(pattern: str) -> str:
    r"""A format as groups of digits with gaps; "" for one group, for too few digits, and for what is not just groups.

    >>> _groups(r"(\d)(\d{2,3})(\d{4})") == GAP.join(["[0-9]{1,1}", "[0-9]{2,3}", "[0-9]{4,4}"])
    True
    """
    found = [(int(least or 1), int(most or least or 1)) for least, most in _GROUP.findall(pattern)]
    if _GROUP.sub("", pattern) or len(found) < 2 or sum(most for _, most in found) < _WHOLE:
        return ""
    return GAP.join(f"[0-9]{{{least},{most}}}" for least, most in found)


def numbered(code: int, national: str) -> PhoneNumber:
    """The number of a country; leading zeros are a part of it in Italy."""
    zeros = len(national) - len(national.lstrip("0"))
    return PhoneNumber(code, int(national), italian_leading_zero=zeros > 0, number_of_leading_zeros=zeros or None)
