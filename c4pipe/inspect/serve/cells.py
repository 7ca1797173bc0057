"""Counts pages of a selection by everything that filters distinguish, one piece of its files at a time."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import duckdb

from c4pipe.corpus.stats import registered
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.views import files_sql
from c4pipe.inspect.serve.aside import CUT_CODES
from c4pipe.inspect.serve.conditions import VOTED, VOTES, condition
from c4pipe.inspect.serve.selection import (
    AGREED,
    ANY_REASON,
    LONGEST_QUERY,
    UNDETERMINED,
    Known,
    Selection,
    ShardEntry,
    parts_of,
)

SCORES = ("0", "0.5", "0.7", "0.8", "0.9", "0.95", "0.99", "1")  # where the bins of scores begin, and the last ends
_SCORE = (  # the number of the bin
    "CASE "
    + " ".join(f"WHEN language_score < {edge} THEN {number}" for number, edge in enumerate(SCORES[1:-1]))
    + f" ELSE {len(SCORES) - 2} END"
)
# As stats.registered extracts the host of a URL.
_HOST = "split_part(regexp_replace(url, '^([A-Za-z][A-Za-z0-9+.-]*:)?//', ''), '/', 1)"
_BIN = "CAST(floor(log2(greatest(1, length(text)))) AS INTEGER)"  # as in stats: 2**k .. 2**(k+1)-1 characters
_FETCH = 10_000  # hosts at a time
_PIECE = "counted_piece"  # columns that are counted, without texts: these are read once


class Cell(NamedTuple):
    """Pages that the filters do not distinguish."""

    config: str  # of kept pages
    split: str
    language: str  # if it is filtered by, or distinguishes pages of one config; for rejected ones if the table has it
    outcome: str  # of rejected pages
    size: int
    pages: int

    def within(self, selection: Selection, *but: str) -> bool:
        """Whether they belong to the selection, ignoring its fields named in `but`."""
        if self.outcome and "outcome" not in but and selection.outcome not in (ANY_REASON, self.outcome):
            return False
        wanted = ((name, getattr(selection, name)) for name in ("config", "split", "language") if name not in but)
        return all(value in ("", getattr(self, name)) for name, value in wanted)


class FacetCounts(NamedTuple):
    """Pages of the selection, counted by each attribute."""

    domains: Counter[str]
    months: Counter[str]
    scores: Counter[int]  # by the number of the bin
    votes: Counter[str]  # "agreed", "undetermined", or the votes
    details: Counter[str]  # of rejected pages, if short enough for an address
    lost: Counter[str]  # by the code of what was cut from them, if requested

    def add(self, more: FacetCounts) -> None:
        """Counts these too."""
        for name in self._fields:
            getattr(self, name).update(getattr(more, name))


class FilePiece(NamedTuple):
    """Whole files, or rows of one."""

    parts: list[ShardEntry]
    rows: int
    start: int = 0
    stop: int | None = None  # None for whole files

    def sql(self, corpus: Corpus, where: str) -> str:
        """SQL: the rows that meet a condition, to follow `FROM`."""
        only = "" if self.stop is None else f"file_row_number >= {self.start} AND file_row_number < {self.stop} AND "
        return f"{files_sql(corpus, self.parts)} WHERE {only}{where}"


def cells_of(
    cursor: duckdb.DuckDBPyConnection,
    corpus: Corpus,
    selection: Selection,
    has: Known,
    piece: FilePiece,
    sizes: bool,
    losses: bool,
) -> tuple[list[Cell], FacetCounts]:
    """For some files, the cells of the selection and of pages that differ from it in config, split, language or
    outcome; and the selection's pages by domain, month, score, votes and detail, and with `losses` by what was cut from
    them, which needs `codes_table`."""
    cells: list[Cell] = []
    facets = FacetCounts(*(Counter() for _ in FacetCounts._fields))
    where, values = condition(selection.widest)
    files = {str(corpus.folder.resolve() / part["path"]): part for part in piece.parts}
    score, votes, detail = "NULL", "NULL", "''"
    if selection.kept:
        own = {part["path"] for part in parts_of(corpus, selection)}
        chosen = "list_contains($names, filename)"
        values["names"] = [name for name, part in files.items() if part["path"] in own]
        language = "language" if has.tells_language(True) and (has.one_config or selection.language) else "''"
        axes = f"filename AS a, '' AS b, {language} AS c"
        if "language_score" in has.columns:
            score = _SCORE
        if "language_votes" in has.columns:
            alike = " ".join(f"WHEN {VOTED[how]} THEN '{how}'" for how in (AGREED, UNDETERMINED))
            votes = f"CASE WHEN language_votes = '' THEN NULL {alike} ELSE {VOTES} END"
    else:
        chosen = "true"
        language = "coalesce(language, '')" if has.tells_language(False) else "''"
        axes, detail = f"stage AS a, reason AS b, {language} AS c", "detail"
        if selection.outcome != ANY_REASON:
            chosen = "stage = $stage AND reason = $reason"
            values["stage"], _, values["reason"] = selection.outcome.partition("/")
    if selection.language:
        chosen, values["language"] = f"{chosen} AND language = $language", selection.language
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE {_PIECE} AS SELECT {axes}, {_BIN if sizes else 0} AS size, {_HOST} AS host, "
        f"left(timestamp, 7) AS month, {score} AS score, {votes} AS votes, {detail} AS detail, "
        f"{'source' if losses else 'NULL'} AS source, {chosen} AS chosen FROM {piece.sql(corpus, where)}",
        values,
    )
    result = cursor.execute(
        "SELECT a, b, c, size, host, month, score, votes, grouping(host, month, score, votes), chosen, count(*) FROM "
        f"{_PIECE} GROUP BY GROUPING SETS ((a, b, c, size), (host, chosen), (month, chosen), (score, chosen), "
        "(votes, chosen))"
    )
    while rows := result.fetchmany(_FETCH):
        for a, b, c, size, host, month, score, votes, grouped, is_chosen, pages in rows:
            if grouped == _OF_CELLS:
                if selection.kept:
                    cells.append(Cell(files[a]["config"], files[a]["split"], c, "", size, pages))
                else:
                    cells.append(Cell("", "", c, f"{a}/{b}", size, pages))
            elif is_chosen and (which := _OF_FACETS[grouped]) is not None:
                value = (registered(host) if which == "domains" else host, month, score, votes)
                key = value[FacetCounts._fields.index(which)]
                if key is not None:
                    getattr(facets, which)[key] += pages
    detailed = (
        f"SELECT detail, count(*) FROM {_PIECE} WHERE chosen AND detail != '' AND length(detail) <= {LONGEST_QUERY}"
    )
    facets.details.update(dict(cursor.execute(f"{detailed} GROUP BY ALL").fetchall()))
    if losses:
        codes = f"SELECT unnest(codes) AS code FROM {_PIECE} JOIN {CUT_CODES} USING (source) WHERE chosen"
        found = cursor.execute(f"SELECT code, count(*) FROM ({codes}) GROUP BY code").fetchall()
        facets.lost.update(dict(found))
    cursor.execute(f"DROP TABLE {_PIECE}")
    return cells, facets


# The value of `grouping`: a bit for each of the four by which a row is not grouped.
_OF_CELLS = 0b1111
_OF_FACETS = {0b0111: "domains", 0b1011: "months", 0b1101: "scores", 0b1110: "votes"}
