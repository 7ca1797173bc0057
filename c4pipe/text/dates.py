"""Parses the date spellings that corpora use into one that sorts as a string: `YYYY-MM-DDTHH:MM:SS[.fff]Z`."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from fractions import Fraction

LONGEST_DATE = 80  # characters of a spelling; all those known here are shorter

_DAY = r"(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
# Already in this form; checked once a page. The 29th of February takes the slow path.
_is_plain = re.compile(
    rf"(?!0000)[0-9]{{4}}-{_DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.(?!000)[0-9]{{3}})?Z"
).fullmatch

_TIME = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?"
# An offset may be followed by the zone's name, as in Go ("+0200 CEST") and Java ("+02:00[Europe/Berlin]").
_ZONE = (
    r"(?:\s*(?P<sign>[+-])(?P<east>[0-9]{2}):?(?P<half>[0-9]{2})?(?:\s*\[?[A-Za-z/_]+\]?)?|\s*(?P<zone>[A-Za-z]{1,4}))?"
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
_MONTH = r"(?P<name>[a-z]{3,9})\.?"
_NO_MONTH = "1[3-9]|[23][0-9]"
_SPELLINGS = tuple(
    re.compile(spelling, re.IGNORECASE | re.ASCII)
    for spelling in (
        # ISO 8601 and its variants; a month or a year alone means its first day (WARC 1.1, WARC-Date)
        r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{1,2}))?",
        rf"(?P<year>[0-9]{{4}})([-/.])(?P<month>[0-9]{{1,2}})\2(?P<day>[0-9]{{1,2}})(?:(?:\s*T\s*|\s+|_){_TIME}{_ZONE})?",
        # ISO 8601 week dates and ordinal dates
        rf"(?P<year>[0-9]{{4}})-?W(?P<week>[0-9]{{2}})(?:-?(?P<weekday>[1-7]))?(?:T{_TIME}{_ZONE})?",
        rf"(?P<year>[0-9]{{4}})-(?P<ordinal>[0-9]{{3}})(?:T{_TIME}{_ZONE})?",
        # Day or month first, if the day's number tells which is which
        rf"(?P<day>{_NO_MONTH})([-/.])(?P<month>[0-9]{{1,2}})\2(?P<year>[0-9]{{4}})(?:,?\s+{_TIME}{_ZONE})?",
        rf"(?P<month>[0-9]{{1,2}})([-/])(?P<day>{_NO_MONTH})\2(?P<year>[0-9]{{4}})(?:,?\s+{_TIME}{_ZONE})?",
        # ISO 8601 without marks, and the digits of a crawl index: to the second, the minute or the day
        r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})(?:[T ]?(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})"
        rf"(?:(?P<second>[0-9]{{2}})(?:(?:[.,]|(?=[0-9]{{3}}(?![0-9])))(?P<fraction>[0-9]+))?)?{_ZONE})?",
        # RFC 1123 and 5322 ("Thu, 25 Apr 2019 02:00:00 GMT"), RFC 850 ("Thursday, 25-Apr-19 02:00:00 GMT")
        rf"{_WEEKDAY}(?P<day>[0-9]{{1,2}})[ -]{_MONTH}[ -](?P<year>[0-9]{{4}}|[0-9]{{2}})(?:,?\s+{_TIME}{_ZONE})?",
        # C's asctime, `date` and others ("Thu Apr 25 02:00:00 2019", "Thu Apr 25 02:00:00 UTC 2019")
        rf"{_WEEKDAY}{_MONTH}\s+(?P<day>[0-9]{{1,2}})\s+{_TIME}{_ZONE}\s+(?P<year>[0-9]{{4}})",
        # "April 25, 2019"
        rf"{_MONTH}\s+(?P<day>[0-9]{{1,2}}),?\s+(?P<year>[0-9]{{4}})(?:,?\s+{_TIME}{_ZONE})?",
    )
)
_EPOCH_DIGITS = re.compile(r"(?:[0-9]{10}|[0-9]{13}|[0-9]{16}|[0-9]{19}|[0-9]{9,10}\.[0-9]+)")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *("jan january", "feb february", "mar march", "apr april", "may", "jun june"),
            *("jul july", "aug august", "sep sept september", "oct october", "nov november", "dec december"),
        ),
        1,
    )
    for name in names.split()
}
_HOURS_EAST = {  # RFC 5322, section 4.3, which says not to trust letters other than Z
    **dict.fromkeys(("", "z", "ut", "utc", "gmt", "wet"), 0),
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
}
_EPOCH = datetime(1970, 1, 1)
_CENTURY = 69  # two-digit years from here on belong to the last century (POSIX, strptime)
_CALENDAR = (4, 8, 14, 17)  # digits of a number that may be a year, a day, a second, a millisecond
_CALENDAR_YEARS = range(1900, 2100)


def parsed_date(text: str) -> str | None:
    """A date in this form, in UTC; None if it is not a date, or an impossible one.

    A missing zone means UTC, a missing time of day midnight. Fractions are cut to milliseconds, and only shown if they
    are not 0.

    >>> [parsed_date(text) for text in ("2019-04-25 23:00:00+02:00", "Thu, 25 Apr 2019 02:00:00 GMT", "2019-13-01")]
    ['2019-04-25T21:00:00Z', '2019-04-25T02:00:00Z', None]
    """
    if _is_plain(text):
        return text
    text = text.strip()
    if len(text) > LONGEST_DATE:
        return None
    for spelling in _SPELLINGS:
        if found := spelling.fullmatch(text):
            return _of_parts(found.groupdict())
    return _of_epoch_digits(text) if _EPOCH_DIGITS.fullmatch(text) else None


def date_of_number(number: float) -> str | None:
    """A number as a date: seconds, milliseconds, microseconds or nanoseconds since 1970, whichever it can be.

    Below 1e11 they are seconds (to the year 5138), below 1e14 milliseconds, and so on; a whole number of 4, 8, 14 or
    17 digits that begins with a year from 1900 to 2099 is a date in digits. None for anything else.

    >>> date_of_number(1556154000123), date_of_number(1556154000.5), date_of_number(20190425), date_of_number(1e300)
    ('2019-04-25T01:00:00.123Z', '2019-04-25T01:00:00.500Z', '2019-04-25T00:00:00Z', None)
    """
    if not abs(number) < 1e20:  # excludes NaN, too
        return None
    exact = Fraction(repr(number))  # the decimal number that the float was written as
    digits = str(exact) if exact.denominator == 1 else ""
    if len(digits) in _CALENDAR and int(digits[:4]) in _CALENDAR_YEARS:
        return parsed_date(digits)
    step = next((step for step, limit in enumerate((1e11, 1e14, 1e17)) if abs(number) < limit), 3)
    return date_of_milliseconds(math.floor(exact * 1000 / 1000**step))


def date_of_milliseconds(number: int) -> str | None:
    """Milliseconds since 1970 in this form; None outside the years 1 to 9999.

    >>> date_of_milliseconds(1556154000120), date_of_milliseconds(-1), date_of_milliseconds(1 << 60)
    ('2019-04-25T01:00:00.120Z', '1969-12-31T23:59:59.999Z', None)
    """
    try:
        return _written(_EPOCH + timedelta(milliseconds=number))
    except OverflowError:
        return None


def month_of(date: str) -> str:
    """The month of a date as `YYYY-MM`; "" for a date that is missing or does not begin with one.

    >>> month_of("2019-04-25T01:00:00Z"), month_of("Thu, 25 Apr 2019"), month_of("")
    ('2019-04', '', '')
    """
    return date[:7] if _has_month(date) else ""


MONTH_SEEN = 8  # leading characters of a date that `month_of` reads
_has_month = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])(?![0-9])").match


def _of_epoch_digits(text: str) -> str | None:
    whole, _, fraction = text.partition(".")
    if fraction:
        return date_of_milliseconds(int(whole) * 1000 + int(f"{fraction:0<3}"[:3]))
    return date_of_milliseconds(int(whole) * 1000 if len(whole) == 10 else int(whole[:13]))


def _of_parts(parts: dict[str, str | None]) -> str | None:
    """A date from the named parts of its spelling."""
    clock = hour, minute, second = [int(parts.get(name) or 0) for name in ("hour", "minute", "second")]
    east, half = (int(parts.get(name) or 0) for name in ("east", "half"))
    year, month = int(parts["year"] or 0), _month(parts)
    zone = _HOURS_EAST.get((parts.get("zone") or "").lower())
    if month is None or zone is None or minute > 59 or east > 23 or half > 59:
        return None
    if second > 60 or (hour > 23 and clock != [24, 0, 0]):  # a leap second; the end of a day, in ISO 8601
        return None
    if len(parts["year"] or "") == 2:
        year += 1900 if year >= _CENTURY else 2000
    offset = timedelta(hours=zone) + timedelta(hours=east, minutes=half) * (-1 if parts.get("sign") == "-" else 1)
    millisecond = int(f"{parts.get('fraction') or '':0<3}"[:3])
    try:
        time = timedelta(hours=hour, minutes=minute, seconds=second, milliseconds=millisecond)
        return _written(_day(year, month, parts) + time - offset)
    except (OverflowError, ValueError):
        return None


def _day(year: int, month: int, parts: dict[str, str | None]) -> datetime:
    """The beginning of a day. Raises ValueError if there is no such day."""
    if week := parts.get("week"):
        return datetime.fromisocalendar(year, int(week), int(parts["weekday"] or 1))
    if ordinal := parts.get("ordinal"):
        day = datetime(year, 1, 1) + timedelta(int(ordinal) - 1)
        if day.year != year:
            raise ValueError
        return day
    return datetime(year, month, int(parts.get("day") or 1))


def _month(parts: dict[str, str | None]) -> int | None:
    """By its name or its number; January for a year alone."""
    name = parts.get("name")
    return int(parts.get("month") or 1) if name is None else _MONTHS.get(name.lower())


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds") + "Z"
