"""Page addresses that remain valid when the corpus is rebuilt: by the page's name in the crawl, and by its URL.

    /page?id=ID&url=URL&row=FILE/ROW&was=kept

The ID is that of the record, or the source if a page has none. If the corpus has no such page, the URL is used. The row
is its place when the link was made: it is tried first, and accepted if that page has the ID and the URL. The outcome
then is in `was`, "kept" or "stage/reason"; the page says so if it has changed.
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
    """An address of a page."""

    id: str = ""
    url: str = ""
    row: str = ""  # FILE/ROW
    was: str = ""  # when the link was made: "kept", or "stage/reason"

    @classmethod
    def of(cls, page: Record | Hit) -> PageLink:
        """The link to a page of the corpus or its rejected table."""
        row = f"{page.path}/{page.row}"
        if isinstance(page, Hit):
            return cls(page.source, page.url, row)
        return cls(page.page.record_id or page.page.source, page.page.url, row)

    @classmethod
    def telling(cls, page: Record | Hit) -> PageLink:
        """The same, with the current outcome: for links that may be followed after it has changed."""
        return cls.of(page)._replace(was=f"{page.stage}/{page.reason}" if page.stage else KEPT)

    @property
    def names(self) -> bool:
        """Whether it identifies a page."""
        return any((self.id, self.url, self.row))

    def then(self, now: str = "") -> str:
        """The outcome when the link was made, in words; "" if not recorded, or unchanged."""
        if self.was == now or not _WAS.fullmatch(self.was):
            return ""
        stage, _, reason = self.was.partition("/")
        return f"rejected at {stage}: {reason}" if reason else "kept"

    @classmethod
    def asked(cls, parameters: Mapping[str, str]) -> PageLink:
        """The link in an address."""
        return cls(*(parameters.get(name, "") for name in cls._fields))

    @property
    def lasting(self) -> PageLink:
        """Without the row, if the rest is sufficient."""
        return self._replace(row="") if self.id or self.url else self

    def query(self, rest: str = "") -> str:
        """As a URL's query, followed by the rest of one."""
        said = urlencode([(name, value) for name, value in self._asdict().items() if value])
        return "&".join(filter(None, (said, rest)))

    def fits(self, record: Record) -> bool:
        """Whether a page is the intended one, by everything in the link."""
        named = not self.id or self.id in (record.page.record_id, record.page.source)
        return named and self.url in ("", record.page.url)


class FoundPages(NamedTuple):
    """The pages that a link may mean."""

    records: list[Record]  # the first `MOST_OFFERED`
    number: int
    by_url: bool = False  # those of its URL: none has its ID
    how: str = ""  # from `PagesAt`


def found_pages(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, link: PageLink) -> FoundPages:
    """The page of a link. Several if several have its ID or URL, none if it is not here."""
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
    """The kept row for a kept page that is in the rejected table as read."""
    return (kept_of(cursor, record.page.source) or record) if record.reason == KEPT else record
