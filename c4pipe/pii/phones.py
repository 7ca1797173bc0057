"""Phone numbers: where one may stand, by the digits alone, and what phonenumbers says of that.

phonenumbers takes most of a millisecond to look at a row of digits, and a table has thousands of rows. So a number
without a "+" must first be parted as its country does, and be one that its country gives out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from string import digits
from typing import NamedTuple

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    Leniency,
    PhoneNumber,
    PhoneNumberMatcher,
    ValidationResult,
    is_possible_number_with_reason,
    is_valid_number,
)

from c4pipe.pii.numbers import DASHES

_BETWEEN = rf"[ ()./\u00a0\u202f{DASHES}]"
_GAP = rf"{_BETWEEN}{{0,4}}"
_STRETCH = re.compile(rf"[0-9](?:{_GAP}[0-9]){{6,40}}")  # where a phone number may stand
_PLUS = re.compile(r"[+\uff0b][ (]{0,2}\Z")
_SHORTEST = 10  # digits of a number of a region, with what is dialled in front of it
_TOO_FEW = (ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY)
_AROUND = 24  # characters that the check of a number sees on both sides: letters, currencies, extensions
_ROW = re.compile(rf"[0-9]{{0,{_AROUND}}}")
_ABROAD = re.compile(rf"(?<![0-9])(?:00|011){_GAP}(?:1{_GAP}[2-9]|[2-9][0-9])[0-9]?(?:{_GAP}[0-9]){{5}}")


class _Region(NamedTuple):
    """A country whose numbers are known without a "+": each costs time, and mistakes."""

    code: int  # of the country
    shape: re.Pattern[str]  # of its numbers; what is left of one without 0 and country code is a group


def _shape(front: str, *groups: str) -> re.Pattern[str]:
    """Numbers of groups of so many digits each, "244" or "334". One may begin within another."""
    written = "|".join(_GAP.join(f"[0-9]{{{many}}}" for many in group) for group in groups)
    return re.compile(rf"(?<![0-9])(?={front}((?!0)(?:{written}))(?![0-9]))")


# The groups in which the metadata of phonenumbers part them (formats and alternate formats).
_REGIONS = {
    "US": _Region(1, _shape(rf"(?:1{_GAP})?", "334")),
    "GB": _Region(
        44,
        _shape(
            rf"(?:0|44{_GAP}0?){_GAP}",
            *("244", "2422", "334", "343", "46", "433", "45", "55", "54", "36", "333", "34", "322"),
        ),
    ),
}
REGIONS = tuple(_REGIONS)


def phones(text: str, regions: Sequence[str] = REGIONS) -> Iterator[tuple[int, int]]:
    """Where phone numbers stand: with a "+" those of all countries, else those of `regions` parted as there."""
    done = 0
    for stretch in _STRETCH.finditer(text):
        last = stretch.end()
        start, end = _around(text, stretch, done)
        for region in _asked(text, stretch, done, end, regions):
            leniency = Leniency.STRICT_GROUPING if region else Leniency.VALID
            for match in PhoneNumberMatcher(text[start:end], region, leniency):
                if done <= start + match.start < last:
                    done = start + match.end
                    yield start + match.start, done


def _around(text: str, stretch: re.Match[str], done: int) -> tuple[int, int]:
    """What is shown of the text. A row of digits at its edge is shown whole: half of one may be a number by chance."""
    start = max(done, stretch.start() - _AROUND)
    before = text[max(done, start - _AROUND) : start]
    rest = _ROW.match(text, stretch.end() + _AROUND)
    return start - len(before) + len(before.rstrip(digits)), rest.end() if rest else len(text)


def _asked(text: str, stretch: re.Match[str], done: int, end: int, regions: Sequence[str]) -> Sequence[str | None]:
    """The countries whose number a stretch may hold, None for that which it names itself."""
    first, last = stretch.span()
    if _PLUS.search(text[max(done, first - 3) : first]):
        return (None,) if _is_long_enough(re.sub(r"[^0-9]", "", stretch[0])) else ()
    if not _SHORTEST <= sum(map(str.isdigit, stretch[0])) < len(stretch[0]):
        return ()
    if _ABROAD.search(text, first, last):
        return regions
    return [name for name in regions if _may_be_of(_REGIONS[name], text, first, end)]


def _is_long_enough(written: str) -> bool:
    """Whether digits behind a "+" are of a country and enough there. What is too long may be more than a number."""
    for length in (1, 2, 3):  # no code of a country is the begin of another one
        code, national = int(written[:length]), written[length:]
        if code in COUNTRY_CODE_TO_REGION_CODE:
            zeros = len(national) - len(national.lstrip("0"))  # a part of it in Italy
            number = PhoneNumber(
                code, int(national), italian_leading_zero=zeros > 0, number_of_leading_zeros=zeros or None
            )
            return is_possible_number_with_reason(number) not in _TOO_FEW
    return False


def _may_be_of(region: _Region, text: str, first: int, end: int) -> bool:
    for found in region.shape.finditer(text, first, end):
        if is_valid_number(PhoneNumber(region.code, int(re.sub(r"[^0-9]", "", found[1])))):
            return True
    return False
