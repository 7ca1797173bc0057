"""Turns the fields of a record into its verdict, as for a WET record with these fields. Nothing is invented."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from itertools import islice
from typing import Any, NamedTuple

from c4pipe.documents.reasons import NO_DATE_GIVEN, NO_URL_GIVEN
from c4pipe.page import Kept, Page, Reason, Rejected, Verdict
from c4pipe.text import printable, shortened
from c4pipe.text.dates import date_of_milliseconds, date_of_number, parsed_date
from c4pipe.text.urls import as_read
from c4pipe.wet.pages import bare_url, fault_of_url, flags_of
from c4pipe.wet.reasons import BAD_DATE, BAD_URL, MAX_URL, NO_TEXT, UNDECODABLE
from c4pipe.wet.text import decode, page_text, preview

LONGEST_FIELD = 64 << 10  # characters of a URL, date or id that are read: the limit of a header in a WET file
MOST_DETAIL = 200  # characters
_BLANK = " \t\r\n"
_MILLISECONDS = re.compile(r"-?[0-9]{1,18}").fullmatch


class Fields(NamedTuple):
    """A record's fields as in its file; None for a missing one. Only strings and numbers count."""

    text: bytes  # supposedly UTF-8
    url: Any = None
    date: Any = None  # a number counts from 1970 (`text.dates.date_of_number`)
    record_id: Any = None


class Location(NamedTuple):
    """The place of a record: the file's name in the build, and a number that is unique within the file."""

    name: str
    number: int  # byte offset or row

    @property
    def source(self) -> str:
        return f"{self.name}#{self.number}"


def document(fields: Fields, place: Location, undecodable: bool = False) -> Verdict:
    """The page in a record, or why there is none.

    `undecodable`: bytes that are not UTF-8 were already replaced.
    """
    url, name = bare_url(_string(fields.url)), _string(fields.record_id, numbers=True).strip("<>")
    given = not is_missing(fields.date)
    date = _date(fields.date) if given else ""
    if wrong := fault_of_url(url):
        page = Page(url[:MAX_URL], preview(fields.text), date, place.source, name)
        return Rejected(page, BAD_URL, wrong)
    body, broken = decode(fields.text)
    text = page_text(body)
    if not text:
        return Rejected(Page(url, "", date, place.source, name), NO_TEXT, f"{len(fields.text)} bytes")
    flags = flags_of(
        (NO_URL_GIVEN, not url),
        (NO_DATE_GIVEN, not given),
        (BAD_DATE, given and not date),
        (UNDECODABLE, undecodable or broken),
    )
    return Kept(as_read(Page(url, text, date, place.source, name)), flags)


def is_missing(value: Any) -> bool:
    """Whether a field is empty: null, a blank string, or NaN, which tables use for gaps."""
    if isinstance(value, str):
        return not value.strip(_BLANK)
    return value is None or (isinstance(value, float) and math.isnan(value))


def rejected(place: Location, reason: Reason, detail: str, body: bytes = b"") -> Rejected:
    """A record of which only the beginning is known."""
    return Rejected(Page("", preview(body), "", place.source), reason, detail)


def no_text(place: Location, detail: str) -> Rejected:
    """A record whose text is missing or not a string."""
    return rejected(place, NO_TEXT, detail)


def names(found: Iterable[str]) -> str:
    """The keys or columns of a file, for messages, no more than fit."""
    told = ", ".join(printable(shortened(name, MOST_DETAIL)) for name in islice(found, MOST_DETAIL))
    return shortened(told, MOST_DETAIL) or "none"


def _date(value: Any) -> str:
    """In the normal form; "" if it is not a date."""
    if isinstance(value, dict) and [*value] == ["$date"]:  # MongoDB's Extended JSON: ISO 8601 or milliseconds
        value = value["$date"]
        number = str(value.get("$numberLong") if isinstance(value, dict) else value)
        if _MILLISECONDS(number):
            return date_of_milliseconds(int(number)) or ""
    if isinstance(value, str):
        return parsed_date(_string(value)) or ""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return (date_of_number(value) or "") if is_number else ""


def _string(value: Any, numbers: bool = False) -> str:
    """As a WET header would hold it: stripped, and without anything that UTF-8 cannot encode."""
    if numbers and isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    text: str = value[:LONGEST_FIELD].strip(_BLANK)
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
