"""Finds the pages for an address that a user typed or stored: one lookup for the terminal and the viewer.

An address is a URL, or the ID or source of a crawl record. If no page has exactly that URL, pages that URL dedup treats
as the same are found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import NamedTuple

import duckdb

from c4pipe.corpus.plan import KEPT
from c4pipe.text.urls import url_key

# c4pipe.text.urls.url_key of {}: both dots are RE2's, which stop at a newline, as Python's do.
_KEY = (
    "rtrim(regexp_replace(regexp_replace({}, 'https?://(www\\.)?', '', 'g'), '\\?(?:utm_|ref|feed).*', '', 'g'), '/')"
)
# Tracking parameters that browsers and social media add, besides those of `url_key`.
_VISITOR = "&(?:utm_|ref|feed|fbclid=|gclid=|msclkid=|mc_)[^&]*"
# loose_key of {}.
_BARE = f"regexp_replace(translate({{}}, '{ascii_uppercase}', '{ascii_lowercase}'), '#.*', '')"
_PLAIN = _KEY.format(f"regexp_replace(replace(replace({_BARE}, '/?', '?'), '?', '&'), '{_VISITOR}', '', 'g')")
_LOOSE = f"regexp_replace({_PLAIN}, '^www\\.', '')"

_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)


class PagePlace(NamedTuple):
    """Where a page is: a file of the corpus or of its rejected table, and its row there."""

    source: str
    path: str
    row: int


class PagesAt(NamedTuple):
    """The pages of an address, each list ordered by source."""

    kept: list[PagePlace]
    lost: list[PagePlace]
    how: str  # "" if they have exactly this URL, else how they were matched

    @property
    def number(self) -> int:
        return len(self.kept) + len(self.lost)


def loose_key(url: str) -> str:
    """The loose form of a URL for matching: lower case, without scheme, fragment, tracking parameters and `www.`.

    >>> loose_key("HTTPS://www.A.example/News/?id=1&utm_source=x#top"), loose_key("www.a.example/news?fbclid=2&id=1")
    ('a.example/news&id=1', 'a.example/news&id=1')
    """
    plain = re.sub("#.*", "", url.translate(_SMALL)).replace("/?", "?").replace("?", "&")
    return url_key(re.sub(_VISITOR, "", plain)).removeprefix("www.")


def pages_addressed(views: duckdb.DuckDBPyConnection, address: str) -> PagesAt:
    """The kept and rejected pages of an address: those with exactly this URL; else the page of that source or record
    ID, since a page may have no URL; else those that URL dedup treats as the same; else those with the same
    `loose_key`. None for an empty address."""
    found = (way(views, address) for way in (_as_written, pages_named, _counting_the_same, _alike) if address)
    return next((at for at in found if at.number), PagesAt([], [], ""))


def _as_written(views: duckdb.DuckDBPyConnection, url: str) -> PagesAt:
    return _pages_where(views, "url = $1", [url])


def _counting_the_same(views: duckdb.DuckDBPyConnection, url: str) -> PagesAt:
    where = f"url != '' AND {_KEY.format('url')} = $1"
    return _pages_where(views, where, [url_key(url)], "the URL counts as the same")


def _alike(views: duckdb.DuckDBPyConnection, url: str) -> PagesAt:
    # The host excludes most URLs quickly: for half a million of them the keys take a second and a half.
    where = f"CASE WHEN contains(lower(url), $2) THEN {_LOOSE.format('url')} = $1 ELSE false END AND url != ''"
    key = loose_key(url)
    return _pages_where(views, where, [key, re.split("[/&]", key)[0]], "the URL is alike")


def pages_named(views: duckdb.DuckDBPyConnection, name: str) -> PagesAt:
    """The pages with this source or record ID. The rejected table has no record IDs."""
    columns = {column[0] for column in views.execute("SELECT * FROM pages LIMIT 0").description or ()}
    also = " OR record_id = $1" if "record_id" in columns else ""  # corpora of other tools have none
    return _pages_where(views, "source = $1", [name], also=also)


def _pages_where(
    views: duckdb.DuckDBPyConnection, where: str, values: Sequence[str], how: str = "", also: str = ""
) -> PagesAt:
    """Pages that meet a condition; `also` applies to kept ones only."""
    kept = views.execute(f"SELECT source, shard, row FROM pages WHERE {where}{also}", values).fetchall()
    sql = f"SELECT source, part, row FROM rejected WHERE {where} AND reason != '{KEPT}'"
    lost = views.execute(sql, values).fetchall()
    return PagesAt(_places(kept), _places(lost), how)


def _places(rows: Iterable[tuple[str, str, int]]) -> list[PagePlace]:
    return sorted(PagePlace(*row) for row in rows)
