"""Addresses of pages that last when the corpus is built again: by what names a page in the crawl, and by its URL.

    /page?id=ID&url=URL&row=FILE/ROW&was=kept

The ID is that of the record, of a page without one its source. Where the corpus has no such page, the URL tells it. The
row is where it was when the link was made: it is looked at first, and believed if that page has the ID and the URL.
What it `was` then, "kept" or "stage/reason", is said where it is something else now.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

import duckdb

from c4pipe.corpus.plan import KEPT
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.addressed import PagesAt, pages_addressed, pages_named
from c4pipe.inspect.serve.hits import Hit
from c4pipe.inspect.serve.records import Record, kept_of, record_at
from c4pipe.inspect.serve.selection import whole_number

_WAS = re.compile(r"kept|[\w.-]{1,100}/[\w.-]{1,100}")
MOST_OFFERED = 20  # pages of one address


class PageLink(NamedTuple):
    """What an address says of a page."""

    id: str = ""
    url: str = ""
    row: str = ""  # FILE/ROW
    was: str = ""  # when the link was made: "kept", or "stage/reason"; told of as far as `then` goes

    @classmethod
    def of(cls, page: Record | Hit) -> PageLink:
        """The link to a page of the corpus or its rejected table."""
        row = f"{page.path}/{page.row}"
        if isinstance(page, Hit):
            return cls(page.source, page.url, row)
        return cls(page.page.record_id or page.page.source, page.page.url, row)

    @classmethod
    def telling(cls, page: Record | Hit) -> PageLink:
        """The same, with what the page is now: for links that may be followed when that has changed."""
        return cls.of(page)._replace(was=f"{page.stage}/{page.reason}" if page.stage else KEPT)

    @property
    def names(self) -> bool:
        """Whether it names a page."""
        return any((self.id, self.url, self.row))

    def then(self, now: str = "") -> str:
        """What the page was when the link was made, in words; "" where nobody says, or where it is that now."""
        if self.was == now or not _WAS.fullmatch(self.was):
            return ""
        stage, _, reason = self.was.partition("/")
        return f"rejected at {stage}: {reason}" if reason else "kept"

    @classmethod
    def asked(cls, parameters: Mapping[str, str]) -> PageLink:
        """The link that an address holds."""
        return cls(*(parameters.get(name, "") for name in cls._fields))

    @property
    def lasting(self) -> PageLink:
        """Without the row, where the rest is enough."""
        return self._replace(row="") if self.id or self.url else self

    def query(self, rest: str = "") -> str:
        """As the query of a URL, with the rest of one behind it."""
        said = urlencode([(name, value) for name, value in self._asdict().items() if value])
        return "&".join(filter(None, (said, rest)))

    def fits(self, record: Record) -> bool:
        """Whether the page is the one that is meant, by all that the link says of it."""
        named = not self.id or self.id in (record.page.record_id, record.page.source)
        return named and self.url in ("", record.page.url)


class FoundPages(NamedTuple):
    """The pages that a link may mean."""

    records: list[Record]  # the first `MOST_OFFERED`
    number: int
    by_url: bool = False  # those of its URL: none has its ID
    how: str = ""  # as `PagesAt` says it


def found_pages(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, link: PageLink) -> FoundPages:
    """The page of a link. Several where several have its ID or URL, none where it is not here."""
    path, _, row = link.row.rpartition("/")
    if path and (there := record_at(cursor, corpus, path, whole_number("row", row))) and link.fits(there):
        return FoundPages([there], 1)
    if link.id:
        found = addressed_records(cursor, corpus, pages_named(cursor, link.id))
        if fitting := [record for record in found.records if link.fits(record)]:
            return found if len(fitting) == len(found.records) else FoundPages(fitting, len(fitting))
    found = addressed_records(cursor, corpus, pages_addressed(cursor, link.url))
    return found._replace(by_url=bool(link.id))


def addressed_records(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, at: PagesAt) -> FoundPages:
    """The first pages of an address, kept ones first."""
    places = [*at.kept, *at.lost][:MOST_OFFERED]
    found = (record_at(cursor, corpus, place.path, place.row) for place in places)
    return FoundPages([record for record in found if record], at.number, how=at.how)


def kept_record(cursor: duckdb.DuckDBPyConnection, record: Record) -> Record:
    """Of a kept page that stands in the rejected table as it was read, the kept one."""
    return (kept_of(cursor, record.page.source) or record) if record.reason == KEPT else record
