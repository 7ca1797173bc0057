"""Two corpora compared: pages that only one of them keeps, with the reasons, and pages kept with different texts.

`facts.pairing` defines which pages are the same, and their outcomes: the report, `inspect --compare` and the viewer
show the same table. Everything is ordered by the MD5 of pages, so two runs agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import duckdb

from c4pipe.corpus.ledger import LOST_AS
from c4pipe.corpus.plan import KEPT
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.diff import MOST_TEXT, DiffLine, diff
from c4pipe.facts.differences import settings
from c4pipe.facts.pairing import (
    BOTH,
    ONLY_A,
    ONLY_B,
    OTHER_LANGUAGE_BIT,
    OTHER_TEXT_BIT,
    PAIR_MEMORY,
    PairTable,
    comparing,
    connect_pair,
    pair_table,
)

SHOWN = 5  # pages for each kind of difference
MOST_REASONS = 40  # reasons for which pages are shown; all are counted
DETAIL_CHARS = 400  # of a detail


class Fate(NamedTuple):
    """The outcome of a page in one of the corpora."""

    stage: str = ""  # that rejected it
    reason: str = KEPT  # or `pairing.NOT_READ`, `pairing.NOT_RECORDED`
    detail: str = ""


class PageChange(NamedTuple):
    """A page with different outcomes in two corpora."""

    url: str
    source: str
    languages: tuple[str, str]  # "" if it is not kept
    fates: tuple[Fate, Fate]
    lines: list[DiffLine]


class Why(NamedTuple):
    """Pages that one corpus keeps and the other does not, by their outcome there."""

    stage: str
    reason: str
    pages: int
    shown: list[PageChange]


class Removed(NamedTuple):
    """What each corpus dropped for one reason, by its own ledger."""

    stage: str
    reason: str
    unit: str  # a `page.Unit`
    counts: tuple[int, int]

    @property
    def differs(self) -> bool:
        """Whether one dropped more than the other."""
        return self.counts[0] != self.counts[1]


class Comparison(NamedTuple):
    """Two corpora, always first before second."""

    folders: tuple[str, str]
    lost: tuple[dict[str, int], dict[str, int]]  # for released pages, the records that gave none, by reason
    settings: list[str]  # differences in how they were built, in words of "A" and "B"
    complete: tuple[bool, bool]  # whether a rejected table has every page, so that `Why` is known for every page
    kept: tuple[int, int]  # pages; repetitions in a mixture count once
    bytes: tuple[int, int]  # of their texts in UTF-8
    same: int  # in both with the same text and language
    other_text: int  # in both with different texts
    other_language: int  # in both with different languages
    only: tuple[int, int]
    gone: list[Why]  # only in the first
    come: list[Why]  # only in the second
    changed: list[PageChange]  # in both with different texts
    languages: list[tuple[str, str, int]]  # in both with different languages: from, to, pages
    removed: list[Removed]


def compare(a: Corpus, b: Corpus, shown: int = SHOWN, memory: str = PAIR_MEMORY) -> Comparison:
    """The differences between two corpora. BuildError if they are too large for the memory."""
    with connect_pair(a, b, memory) as connection:
        return comparison(connection, pair_table(connection, (a, b)), shown)


def comparison(cursor: duckdb.DuckDBPyConnection, table: PairTable, shown: int = SHOWN) -> Comparison:
    """The differences between the corpora of a table, with so many example pages of each kind."""
    a, b = table.corpora
    with comparing(a, b):
        gone, come = (_reasons(cursor, way, shown) for way in (ONLY_A, ONLY_B))
        changed = _changed(cursor, 4 * shown)
        pages = paired_pages(cursor, table, [key for why in (*gone, *come) for key in why.keys] + changed)
        ((same, other_text, other_language),) = cursor.execute(
            f"SELECT count(*) FILTER (way = 0), count(*) FILTER (way & {OTHER_TEXT_BIT} > 0), "
            f"count(*) FILTER (way & {OTHER_LANGUAGE_BIT} > 0) FROM fates"
        ).fetchall()
        return Comparison(
            folders=(str(a.home), str(b.home)),
            lost=(a.released.get("lost", {}), b.released.get("lost", {})),
            settings=settings(a.manifest, b.manifest),
            complete=(a.complete, b.complete),
            kept=(table.kept[0].pages, table.kept[1].pages),
            bytes=(table.kept[0].bytes, table.kept[1].bytes),
            same=same,
            other_text=other_text,
            other_language=other_language,
            only=(sum(why.pages for why in gone), sum(why.pages for why in come)),
            gone=[_why(why, pages) for why in gone],
            come=[_why(why, pages) for why in come],
            changed=[pages[key].change() for key in changed],
            languages=_languages(cursor),
            removed=removed(a.manifest, b.manifest),
        )


class _Reason(NamedTuple):
    """A `Why` whose pages are still keys."""

    stage: str
    reason: str
    pages: int
    keys: list[int]


class PairedPage:
    """What both corpora recorded about one page."""

    def __init__(self, url: str, timestamp: str):
        self.url, self.timestamp, self.sources = url, timestamp, ["", ""]
        self.languages, self.texts = ["", ""], ["", ""]
        self.fates = [Fate(), Fate()]
        self.places = [-1, -1]  # in the kept pages
        self.notes = [-1, -1]  # in the rejected table
        self.cut: list[list[tuple[str, str]]] = [[], []]  # what each corpus cut from it: code, line

    @property
    def source(self) -> str:
        """The source in the first of the corpora that keeps it."""
        return self.sources[0] or self.sources[1]

    def change(self) -> PageChange:
        """The page with the lines that differ."""
        lines = diff(self.texts[0], self.texts[1], self.cut[0], self.cut[1])
        languages = (self.languages[0], self.languages[1])
        return PageChange(self.url, self.source, languages, (self.fates[0], self.fates[1]), lines)


def paired_pages(cursor: duckdb.DuckDBPyConnection, table: PairTable, keys: Iterable[int]) -> dict[int, PairedPage]:
    """What is recorded about these pages, by key. Unknown keys are left out."""
    rows = cursor.execute(
        "SELECT key, why, place0, place1, note0, note1, language0, language1 FROM fates "
        "WHERE key IN (SELECT CAST(unnest($1::VARCHAR[]) AS UHUGEINT))",
        [[*map(str, keys)]],
    ).fetchall()
    pages: dict[int, PairedPage] = {}
    for side in BOTH:
        places = {row[0]: row[2 + side] for row in rows if row[2 + side] is not None}
        columns = f"url, timestamp, source, left(text, {MOST_TEXT})"
        kept = table.rows_at(cursor, side, columns, places.values())
        for key, place in places.items():
            url, timestamp, source, text = kept[place]
            page = pages.setdefault(key, PairedPage(url, timestamp))
            page.places[side], page.texts[side], page.sources[side] = place, text, source
    for side in BOTH:
        at_notes = [row[4 + side] for row in rows if row[4 + side] is not None]
        columns = f"stage, reason, left(detail, {DETAIL_CHARS}), dropped"
        noted = table.rows_at(cursor, side, columns, at_notes, rejected=True)
        for key, why, *at in rows:
            page = pages[key]
            page.languages[side] = at[4 + side] or ""
            if at[side] is None:
                page.fates[side] = Fate(*why.split("/", 1))
            if at[2 + side] is not None:
                page.notes[side] = at[2 + side]
                stage, reason, detail, dropped = noted[at[2 + side]]
                page.fates[side] = Fate(stage, reason, detail)
                page.cut[side] = [(drop["reason"], drop["line"]) for drop in dropped]
    return pages


def _why(reason: _Reason, pages: dict[int, PairedPage]) -> Why:
    return Why(reason.stage, reason.reason, reason.pages, [pages[key].change() for key in reason.keys])


def _reasons(cursor: duckdb.DuckDBPyConnection, way: int, shown: int) -> list[_Reason]:
    """Pages that one corpus keeps and the other does not, by their outcome there."""
    found = cursor.execute(
        "SELECT why, count(*) AS pages, min(key, $1) FROM fates WHERE way = $2 GROUP BY 1 ORDER BY pages DESC, 1",
        [max(1, shown), way],
    ).fetchall()
    fates = [(why.partition("/"), pages, keys) for why, pages, keys in found]
    return [
        _Reason(stage, reason, pages, keys[:shown] if i < MOST_REASONS else [])
        for i, ((stage, _, reason), pages, keys) in enumerate(fates)
    ]


def _changed(cursor: duckdb.DuckDBPyConnection, shown: int) -> list[int]:
    """Keys of pages that both keep with different texts; those with recorded cuts first."""
    found = cursor.execute(
        f"SELECT key FROM fates WHERE way < {ONLY_A} AND way & {OTHER_TEXT_BIT} > 0 "
        "ORDER BY coalesce(note0, note1) IS NULL, key LIMIT $1",
        [shown],
    ).fetchall()
    return [key for (key,) in found]


def _languages(cursor: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int]]:
    """Pages that both keep with different languages: from, to, how many."""
    return cursor.execute(
        "SELECT CAST(language0 AS VARCHAR) AS a, CAST(language1 AS VARCHAR) AS b, count(*) AS pages FROM fates "
        f"WHERE way & {OTHER_LANGUAGE_BIT} > 0 GROUP BY 1, 2 ORDER BY pages DESC, 1, 2"
    ).fetchall()


def removed(a: dict[str, Any], b: dict[str, Any]) -> list[Removed]:
    """What was dropped, by the ledgers of two manifests, in the order of the stages."""
    counts: dict[tuple[str, str, str], list[int]] = {}
    if not ("ledger" in a and "ledger" in b):  # of released pages
        return []
    for side, manifest in enumerate((a, b)):
        for stage in manifest["ledger"]["stages"]:
            for unit, name in LOST_AS.items():
                for code, count in stage.get(name, {}).items():
                    counts.setdefault((stage["stage"], code, unit.value), [0, 0])[side] = count
    return [Removed(*key, (both[0], both[1])) for key, both in counts.items()]
