"""From the fields of a record to its verdict: what is missing is filled in and counted, the rest judged as in WET."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple
from urllib.parse import quote

from c4pipe.documents.reasons import DATE_FILLED, URL_FILLED
from c4pipe.page import Kept, Page, Reason, Rejected, Verdict
from c4pipe.text import printable
from c4pipe.wet.pages import page_of
from c4pipe.wet.reasons import NO_TEXT, UNDECODABLE
from c4pipe.wet.record import WarcRecord
from c4pipe.wet.text import preview

EPOCH_DATE = "1970-01-01T00:00:00Z"  # the oldest date there is: any copy of a page that has one is newer
LONGEST_FIELD = 64 << 10  # characters of a URL, date or id that are looked at: what a header may have in a WET file
MOST_DETAIL = 200  # characters
_BLANK = " \t\r\n"


class Fields(NamedTuple):
    """A record as its file has it; "" for what is missing or no string."""

    text: bytes  # UTF-8, or so it says
    url: str = ""
    timestamp: str = ""
    record_id: str = ""


class Location(NamedTuple):
    """Where a record lies: a file by its name in the build, and a number that no other record of it has."""

    name: str
    number: int  # byte offset or row
    alone: bool = False  # the file holds nothing else

    @property
    def source(self) -> str:
        return f"{self.name}#{self.number}"

    @property
    def url(self) -> str:
        """A URL for a record without one, as unique and as stable as the name of its file.

        >>> Location("shelf/a b?.txt", 0, alone=True).url, Location("rows.jsonl", 17).url
        ('file:///shelf/a%20b%3F.txt', 'file:///rows.jsonl#17')
        """
        path = quote(self.name, errors="replace")
        return f"file:///{path}" if self.alone else f"file:///{path}#{self.number}"


def document(fields: Fields, place: Location, undecodable: bool = False) -> Verdict:
    """The page that a record is, or why it is none: judged as the WET record it could have been.

    `undecodable`: bytes that are not UTF-8 have been replaced already.
    """
    url, date = _header(fields.url), _header(fields.timestamp)
    headers = {
        "warc-type": "conversion",
        "warc-target-uri": url or place.url,
        "warc-date": date or EPOCH_DATE,
        "warc-record-id": _header(fields.record_id),
    }
    verdict = page_of(WarcRecord(place.number, 0, "", headers, b"", fields.text), place.name)
    if isinstance(verdict, Rejected) or (url and date and not undecodable):
        return verdict
    noted = {URL_FILLED: not url, DATE_FILLED: not date, UNDECODABLE: undecodable}
    return Kept(verdict.page, {**verdict.tally, **{reason.code: 1 for reason, is_so in noted.items() if is_so}})


def rejected(place: Location, reason: Reason, detail: str, body: bytes = b"") -> Rejected:
    """A record of which no more is known than how it begins."""
    return Rejected(Page("", preview(body), "", place.source), reason, detail)


def no_text(place: Location, detail: str) -> Rejected:
    """A record without a text that is a string."""
    return rejected(place, NO_TEXT, detail)


def names(found: Iterable[str]) -> str:
    """The keys or columns of a file, for people, and no more of them than fit."""
    return ", ".join(printable(name[:MOST_DETAIL]) for name in islice(found, MOST_DETAIL))[:MOST_DETAIL] or "none"


def _header(value: str) -> str:
    """As a header of a WET file would have it: without blanks around it, and nothing that UTF-8 cannot write."""
    value = value[:LONGEST_FIELD].strip(_BLANK)
    if value.isascii():
        return value
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
