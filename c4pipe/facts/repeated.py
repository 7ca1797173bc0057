"""Texts that were cut as repeated, with their owners: from the rejected table, which has the cuts from rejected and
from kept pages. If that is a sample, the numbers are of the sample."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import duckdb

from c4pipe.errors import unknown
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.cuts import asked_of_cuts, cut_rows

REPEATED_IN_PAGE = "repeated_in_page"
REPEATED = ("repeated_line", "repeated_span", "repeated_passage", REPEATED_IN_PAGE)
# Orders of repeated texts: the name in the query below, and the name for people.
ORDERS_OF_REPEATS = {
    "once": "characters, once per page",
    "each": "characters, each time",
    "pages": "pages",
    "times": "times",
}


class Repeat(NamedTuple):
    """A line or sentence that was cut because it occurs elsewhere."""

    reason: str
    line: str
    chars: int  # cut, counted once per page; for repetition within a page every time
    every: int  # cut, counted every time
    pages: int  # from which it was cut
    times: int  # number of cuts
    owner: str  # URL of the kept page that has it; "" if none is recorded, or that page is not in this corpus
    gone: bool  # an owner is recorded, and it is not a kept page
    code: str = ""  # of the owner, the first half of the MD5 of its URL
    kept: int = 0  # of the pages, those that are kept


class OwnedCuts(NamedTuple):
    """Texts cut from pages of the rejected table for one reason because another page owns them."""

    cuts: int
    gone: int  # of these, those whose owner is not a kept page of the corpus


def repeats(
    db: duckdb.DuckDBPyConnection, corpus: Corpus, most: int, by: str = "once", kept: bool = False
) -> list[Repeat]:
    """The lines, sentences and passages that cost most characters because they occur elsewhere, grouped by reason.
    Repetitions on one page count once, or else forums would lead with a word of theirs, except if that repetition was
    the reason.

    They are counted by hash, each with a page that has it, so that only the few texts shown are held in memory. `by` is
    one of `ORDERS_OF_REPEATS`; ConfigError for another. With `kept` only cuts from kept pages count. `db` is a
    connection to the corpus.
    """
    if by not in ORDERS_OF_REPEATS:
        raise unknown("order", by, ORDERS_OF_REPEATS)
    # By page first, since a distinct count per text would hold places by the million.
    on_pages = (
        "SELECT reason, hash(line) AS key, place, count(*) AS here, max(length(line)) AS chars, "
        "min(nullif(owner, '')) AS owner, any_value(kept) AS kept FROM cuts"
        f"{' WHERE kept' if kept else ''} GROUP BY ALL"
    )
    places = f"CASE reason WHEN '{REPEATED_IN_PAGE}' THEN sum(here) ELSE count(*) END"
    counted = asked_of_cuts(
        db,
        cut_rows(corpus, REPEATED),
        f"SELECT reason, key, (max(chars) * {places})::BIGINT AS once, (max(chars) * sum(here))::BIGINT AS each, "
        "count(*) AS pages, sum(here)::BIGINT AS times, min(place), count(*) FILTER (kept), min(owner) "
        f"FROM ({on_pages}) GROUP BY reason, key HAVING sum(here) > 1 "
        f"QUALIFY row_number() OVER (PARTITION BY reason ORDER BY {by} DESC, once DESC, pages DESC, times DESC, key) "
        f"<= {int(most)}",
    )
    owners = _urls_of(db, {owner for *_, owner in counted if owner})
    lines = _lines(db, corpus, {(reason, key): place for reason, key, _, _, _, _, place, *_ in counted})
    found = []
    for reason, key, once, each, pages, times, _, of_kept, owner in counted:
        gone = bool(owner) and owner not in owners
        url = owners.get(owner, "")
        found.append(Repeat(reason, lines[reason, key], once, each, pages, times, url, gone, owner or "", of_kept))
    amount = {"once": "chars", "each": "every"}.get(by, by)
    return sorted(found, key=lambda repeat: (repeat.reason, -getattr(repeat, amount), -repeat.chars, repeat.line))


def _lines(
    db: duckdb.DuckDBPyConnection, corpus: Corpus, places: dict[tuple[str, int], int]
) -> dict[tuple[str, int], str]:
    """The line of each reason and hash, from the page at that place."""
    asked = set(places.values())
    rows = asked_of_cuts(
        db,
        cut_rows(corpus, REPEATED, asked),
        "SELECT DISTINCT reason, hash(line), place, line FROM cuts ORDER BY line DESC",
    )
    return {(reason, key): line for reason, key, place, line in rows if places.get((reason, key)) == place}


def owned_cuts(db: duckdb.DuckDBPyConnection, corpus: Corpus) -> dict[str, OwnedCuts]:
    """By reason, what was cut because another page owns it. {} if kept pages have no URL, since an owner is recorded as
    half of the md5 of one."""
    if db.execute("SELECT count(*) FROM pages WHERE url = ''").fetchall() != [(0,)]:
        return {}
    rows = asked_of_cuts(
        db,
        cut_rows(corpus, REPEATED, lines=False),
        "SELECT reason, sum(cuts), coalesce(sum(cuts) FILTER (owner NOT IN (SELECT left(md5(url), 16) FROM pages)), 0) "
        "FROM (SELECT reason, owner, count(*) AS cuts FROM cuts WHERE owner != '' GROUP BY ALL) GROUP BY reason "
        "ORDER BY reason",
    )
    return {reason: OwnedCuts(int(cuts), int(gone)) for reason, cuts, gone in rows}


def _urls_of(db: duckdb.DuckDBPyConnection, owners: Collection[str]) -> dict[str, str]:
    """Owners, the first half of the md5 of a URL, that have a page in the corpus -> that URL."""
    sql = (
        "SELECT left(md5(url), 16) AS code, min(url) FROM pages WHERE url != '' AND list_contains($1, code) "
        "GROUP BY code"
    )
    return dict(db.execute(sql, [sorted(owners)]).fetchall()) if owners else {}
