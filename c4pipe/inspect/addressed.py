"""Which pages of a corpus an address means that somebody typed or kept: one look-up for the terminal and the viewer.

An address is a URL, or what names a page in the crawl: the ID of its record, or its source. Where no page has the URL
as it is written, those that count as the same page are meant.
"""

from __future__ import annotations

import re
from string import ascii_lowercase, ascii_uppercase
from typing import NamedTuple

import duckdb

from c4pipe.corpus.plan import KEPT
from c4pipe.text.urls import url_key

# c4pipe.text.urls.url_key of {}: both are RE2's `.`, which ends at a line, as Python's does.
_KEY = (
    "rtrim(regexp_replace(regexp_replace({}, 'https?://(www\\.)?', '', 'g'), '\\?(?:utm_|ref|feed).*', '', 'g'), '/')"
)
# Parameters that say where a visitor came from, as browsers and social media add them, beside those of `url_key`.
_VISITOR = "&(?:utm_|ref|feed|fbclid=|gclid=|msclkid=|mc_)[^&]*"
# loose_key of {}.
_BARE = f"regexp_replace(translate({{}}, '{ascii_uppercase}', '{ascii_lowercase}'), '#.*', '')"
_LOOSE = _KEY.format(f"regexp_replace(replace(replace({_BARE}, '/?', '?'), '?', '&'), '{_VISITOR}', '', 'g')")

_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)


class PagePlace(NamedTuple):
    """Where a page is: a file of the corpus or of its rejected table, and its row there."""

    source: str
    path: str
    row: int


class PagesAt(NamedTuple):
    """The pages of an address, each list by their sources."""

    kept: list[PagePlace]
    lost: list[PagePlace]
    how: str  # "" where they have it as it is written, else in which way it is theirs

    @property
    def number(self) -> int:
        return len(self.kept) + len(self.lost)


def loose_key(url: str) -> str:
    """The form under which two URLs are alike to those who look for a page: small letters, and neither a fragment nor
    what says where a visitor came from.

    >>> loose_key("HTTPS://www.A.example/News/?id=1&utm_source=x#top"), loose_key("a.example/news?fbclid=2&id=1")
    ('a.example/news&id=1', 'a.example/news&id=1')
    """
    plain = re.sub("#.*", "", url.translate(_SMALL)).replace("/?", "?").replace("?", "&")
    return url_key(re.sub(_VISITOR, "", plain))


def pages_at(views: duckdb.DuckDBPyConnection, address: str) -> PagesAt:
    """The kept and the rejected pages of an address: those that have the URL as it is written; else the page of that
    source or record ID, for one may have no URL; else those that count as the same to URL dedup; else those whose URL
    is alike, as `loose_key` says. None for an empty address."""
    ways = (
        ("", "url = $1", address),
        ("", "source = $1", address),
        ("its URL counts as the same", f"url != '' AND {_KEY.format('url')} = $1", url_key(address)),
        ("its URL is alike", f"url != '' AND {_LOOSE.format('url')} = $1", loose_key(address)),
    )
    for how, where, value in ways if address else ():
        of_kept = f"{where} OR record_id = $1" if where.startswith("source") and _has_ids(views) else where
        kept = _places(views, f"SELECT source, shard, row FROM pages WHERE {of_kept}", value)
        lost = _places(views, f"SELECT source, part, row FROM rejected WHERE {where} AND reason != '{KEPT}'", value)
        if kept or lost:
            return PagesAt(kept, lost, how)
    return PagesAt([], [], "")


def _has_ids(views: duckdb.DuckDBPyConnection) -> bool:
    """Whether the kept pages have a column of record IDs; those of other makers have none."""
    return "record_id" in (column[0] for column in views.execute("SELECT * FROM pages LIMIT 0").description or ())


def _places(views: duckdb.DuckDBPyConnection, sql: str, value: str) -> list[PagePlace]:
    return sorted(PagePlace(*row) for row in views.execute(sql, [value]).fetchall())
