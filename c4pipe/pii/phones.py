"""Phone numbers: candidates by their digits alone, confirmed by phonenumbers.

phonenumbers takes most of a millisecond per row of digits, and a table has thousands of rows. So a number without a "+"
must first be grouped as in its country, and be in its numbering plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from string import digits

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    Leniency,
    PhoneNumberMatcher,
    ValidationResult,
    is_possible_number_with_reason,
    is_valid_number,
)

from c4pipe.pii.regions import GAP, REGIONS, Region, numbered, region_of

_STRETCH = re.compile(rf"[0-9](?:{GAP}[0-9]){{6,40}}")  # where a phone number may stand
_PLUS = re.compile(r"[+\uff0b][ (]{0,2}\Z")
_ABROAD_LEAST = 10  # digits of a number with an international dialling prefix
_TOO_FEW = (ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY)
_AROUND = 24  # characters on both sides that the check of a number reads: letters, currencies, extensions
_ROW = re.compile(rf"[0-9]{{0,{_AROUND}}}")
_ABROAD = re.compile(rf"(?<![0-9])(?:00|011){GAP}(?:1{GAP}[2-9]|[2-9][0-9])[0-9]?(?:{GAP}[0-9]){{5}}")


def phones(text: str, regions: Sequence[str] = REGIONS) -> Iterator[tuple[int, int]]:
    """The places of phone numbers: with a "+" those of all countries, else those of `regions`, grouped as there."""
    done = 0
    for stretch in _STRETCH.finditer(text):
        last = stretch.end()
        start, end = _around(text, stretch, done)
        for region in _asked(text, stretch, done, end, regions):
            if done >= last:
                break  # a match of another country would begin inside this one, or after the stretch
            leniency = Leniency.STRICT_GROUPING if region else Leniency.VALID
            for match in PhoneNumberMatcher(text[start:end], region, leniency):
                if done <= start + match.start < last:
                    done = start + match.end
                    yield start + match.start, done
                if done >= last:
                    break


def _around(text: str, stretch: re.Match[str], done: int) -> tuple[int, int]:
    """The part of the text to check. A row of digits at its edge is included whole: half of one may match by chance."""
    start = max(done, stretch.start() - _AROUND)
    before = text[max(done, start - _AROUND) : start]
    rest = _ROW.match(text, stretch.end() + _AROUND)
    return start - len(before) + len(before.rstrip(digits)), rest.end() if rest else len(text)


def _asked(text: str, stretch: re.Match[str], done: int, end: int, regions: Sequence[str]) -> Sequence[str | None]:
    """The countries to which a stretch may belong, None for the one that it names itself."""
    first, last = stretch.span()
    if _PLUS.search(text[max(done, first - 3) : first]):
        return (None,) if _is_long_enough(re.sub(r"[^0-9]", "", stretch[0])) else ()
    written = sum(map(str.isdigit, stretch[0]))
    if written == len(stretch[0]):
        return ()
    if written >= _ABROAD_LEAST and _ABROAD.search(text, first, last):
        return regions
    known = ((name, region_of(name)) for name in regions)
    return [name for name, region in known if written >= region.least and _may_be_of(region, text, first, end)]


def _is_long_enough(written: str) -> bool:
    """Whether digits after a "+" belong to a country and are enough. What is too long may be more than a number."""
    for length in (1, 2, 3):  # no country code is a prefix of another
        code, national = int(written[:length]), written[length:]
        if code in COUNTRY_CODE_TO_REGION_CODE:
            return is_possible_number_with_reason(numbered(code, national)) not in _TOO_FEW
    return False


def _may_be_of(region: Region, text: str, first: int, end: int) -> bool:
    return any(
        is_valid_number(numbered(region.code, re.sub(r"[^0-9]", "", found[1])))
        for found in region.shape.finditer(text, first, end)
    )
