"""What was cut from pages because it stands elsewhere, text by text, and who owns it: of the rejected table, which says
of rejected pages and of kept ones what was cut from them. Of a sample these are the sample's numbers."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import duckdb

from c4pipe.errors import unknown

REPEATED_IN_PAGE = "repeated_in_page"
REPEATED = ("repeated_line", "repeated_span", "repeated_passage", REPEATED_IN_PAGE)
# What repeated texts are ordered by: the name in the query below, and what it is called.
ORDERS_OF_REPEATS = {
    "once": "characters, once a page",
    "each": "characters, each time",
    "pages": "pages",
    "times": "times",
}

_LINE = "lower(trim(drop.line))"
_KEY = f"hash({_LINE})"
_PLACE = 1 << 32  # more rows than a file has


class Repeat(NamedTuple):
    """A line or sentence that was cut because it stands elsewhere."""

    reason: str
    line: str
    chars: int  # that it took, once a page; of what repeats in a page each time
    every: int  # that it took, each time
    pages: int  # that it was cut from
    times: int  # that it was cut
    owner: str  # URL of the kept page that has it; "" where none is told, or that page is not in this corpus
    gone: bool  # an owner is told, and it is no kept page
    code: str = ""  # of the owner, the first half of the MD5 of its URL
    kept: int = 0  # of the pages, those that are kept


class OwnedCuts(NamedTuple):
    """What was cut from pages of the rejected table for one reason because another page owns it."""

    cuts: int
    gone: int  # of these, whose owner is no kept page of the corpus


def repeats(db: duckdb.DuckDBPyConnection, most: int, by: str = "once", kept: bool = False) -> list[Repeat]:
    """The lines, sentences and passages that took most characters because they stand elsewhere, those of one reason
    together. What a page has several times counts once a page, lest forums lead with a word of theirs; but not where
    that is what it fell for.

    They are counted by their hash, with a page to find each in, so that no text is held but of the few that are shown.
    `by` is one of `ORDERS_OF_REPEATS`; ConfigError for another. With `kept` only what was cut from kept pages counts.
    """
    if by not in ORDERS_OF_REPEATS:
        raise unknown("order", by, ORDERS_OF_REPEATS)
    files = [name for (name,) in db.execute("SELECT DISTINCT part FROM rejected ORDER BY part").fetchall()]
    codes, where = ", ".join(f"'{code}'" for code in REPEATED), " WHERE stage = ''" if kept else ""
    cut = (
        f"SELECT drop.reason AS reason, {_KEY} AS key, length({_LINE}) AS chars, nullif(drop.owner, '') AS owner, "
        f"kept, place FROM (SELECT unnest(dropped) AS drop, stage = '' AS kept, "
        f"list_position($1, part) * {_PLACE} + row AS place FROM rejected{where}) "
        f"WHERE drop.reason IN ({codes})"
    )
    places = f"CASE reason WHEN '{REPEATED_IN_PAGE}' THEN count(*) ELSE count(DISTINCT place) END"
    counted = db.execute(
        f"SELECT reason, key, max(chars) * {places} AS once, max(chars) * count(*) AS each, "
        "count(DISTINCT place) AS pages, count(*) AS times, "
        "min(place), count(DISTINCT place) FILTER (kept), min(owner) "
        f"FROM ({cut}) GROUP BY reason, key HAVING count(*) > 1 "
        f"QUALIFY row_number() OVER (PARTITION BY reason ORDER BY {by} DESC, once DESC, pages DESC, times DESC, key) "
        f"<= {int(most)}",
        [files],
    ).fetchall()
    owners = _urls_of(db, {owner for *_, owner in counted if owner})
    find = f"SELECT min({_LINE}) FROM (SELECT unnest(dropped) AS drop FROM rejected WHERE part = $1 AND row = $2) "
    found = []
    for reason, key, once, each, pages, times, place, kept, owner in counted:
        at = [files[place // _PLACE - 1], place % _PLACE]
        line = db.execute(f"{find} WHERE drop.reason = $3 AND {_KEY} = $4", [*at, reason, key]).fetchone()
        assert line is not None
        gone = bool(owner) and owner not in owners
        url = owners.get(owner, "")
        found.append(Repeat(reason, line[0], once, each, pages, times, url, gone, owner or "", kept))
    amount = {"once": "chars", "each": "every"}.get(by, by)
    return sorted(found, key=lambda repeat: (repeat.reason, -getattr(repeat, amount), -repeat.chars, repeat.line))


def owned_cuts(db: duckdb.DuckDBPyConnection) -> dict[str, OwnedCuts]:
    """By reason, what was cut because another page owns it. {} where kept pages have no URL, for an owner is told by
    half of the md5 of one."""
    if db.execute("SELECT count(*) FROM pages WHERE url = ''").fetchall() != [(0,)]:
        return {}
    codes = ", ".join(f"'{code}'" for code in REPEATED)
    owned = (
        "SELECT drop.reason AS reason, drop.owner AS owner, count(*) AS cuts FROM (SELECT unnest(dropped) AS drop FROM "
        f"rejected) WHERE drop.reason IN ({codes}) AND drop.owner != '' GROUP BY ALL"
    )
    rows = db.execute(
        "SELECT reason, sum(cuts), coalesce(sum(cuts) FILTER (owner NOT IN (SELECT left(md5(url), 16) FROM pages)), 0) "
        f"FROM ({owned}) GROUP BY reason ORDER BY reason"
    ).fetchall()
    return {reason: OwnedCuts(int(cuts), int(gone)) for reason, cuts, gone in rows}


def _urls_of(db: duckdb.DuckDBPyConnection, owners: Collection[str]) -> dict[str, str]:
    """Owners, the first half of the md5 of a URL, of which a page is in the corpus -> that URL."""
    sql = (
        "SELECT left(md5(url), 16) AS code, min(url) FROM pages WHERE url != '' AND list_contains($1, code) "
        "GROUP BY code"
    )
    return dict(db.execute(sql, [sorted(owners)]).fetchall()) if owners else {}
