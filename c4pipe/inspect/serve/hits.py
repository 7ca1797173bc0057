"""Entries of a list of pages: the place of each, and a snippet of its text around the match."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import duckdb

from c4pipe.facts.corpus import Corpus
from c4pipe.facts.views import files_sql
from c4pipe.inspect.serve.aside import lost_lines_found
from c4pipe.inspect.serve.conditions import around, inside, needles
from c4pipe.inspect.serve.found_cuts import cut_text
from c4pipe.inspect.serve.selection import BY_SCORE, Selection, ShardEntry

_KEPT = "url, timestamp, '' AS stage, '' AS reason, '' AS detail, {language} AS language, source"
_REJECTED = "url, timestamp, stage, reason, detail, {language} AS language, source"


class Place(NamedTuple):
    """The place of a row: the index of its file in the manifest's list, and its row there."""

    part: int
    row: int


class Hit(NamedTuple):
    """One page in a list."""

    path: str
    row: int
    url: str
    timestamp: str
    stage: str  # "" for a kept page
    reason: str
    detail: str
    language: str  # "" if the table has none
    source: str
    chars: int
    snippet: str
    inside: bool  # whether the snippet begins after the text's beginning
    score: float | None = None  # of the language, if the list is ordered by it or filtered by votes
    votes: str = ""  # on the language, likewise: "cld2:nl:0.90 langdetect:de:0.40"


class Listing(NamedTuple):
    """A part of a list. `back` and `on` are places from which there may be more."""

    hits: list[Hit]
    back: Place | None
    on: Place | None
    searched: int  # rows of the files up to `on`, of `total`
    total: int
    files: tuple[int, int] = (0, 0)  # searched completely, and their total
    barren: frozenset[str] = frozenset()  # files that were searched completely, and have nothing of the selection


def hits_of(
    cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, rows: str, values: dict[str, Any]
) -> list[Hit]:
    """Rows of the selection's table, given as SQL, as entries of a list."""
    lost = bool(selection.q) and selection.field == "lost"
    shown, match = cut_text(selection.cut_code) if lost and not selection.kept else "text", "0"
    if selection.q and selection.field not in ("url", "detail") and not (lost and selection.kept):
        match = f"coalesce({selection.needle.place(shown, '$q0')}, 0)"
    names = (corpus.schema if selection.kept else corpus.rejected_schema).names
    columns = (_KEPT if selection.kept else _REJECTED).format(
        language="coalesce(language, '')" if "language" in names else "''"
    )
    told = selection.kept and bool(selection.order == BY_SCORE or selection.votes or selection.score)
    score, votes = (
        name if told and name in names else other
        for name, other in (("language_score", "NULL"), ("language_votes", "''"))
    )
    sql = (
        f"SELECT filename, file_row_number, {columns}, length(text), "
        f"{around(shown, match)}, {inside(match)}, {score}, {votes} FROM {rows}"
    )
    cut = len(str(corpus.folder.resolve())) + 1
    given = {name: value for name, value in (values | needles(selection)).items() if f"${name}" in sql}
    hits = [Hit(row[0][cut:], *row[1:]) for row in cursor.execute(sql, given).fetchall()]
    return _with_lost_lines(cursor, corpus, selection, hits) if lost and selection.kept else hits


def hits_at(
    cursor: duckdb.DuckDBPyConnection,
    corpus: Corpus,
    selection: Selection,
    parts: Sequence[ShardEntry],
    places: Sequence[tuple[str, int]],
) -> list[Hit]:
    """The pages at these places, each a file as DuckDB names it and a row there, in order. All are in `parts`."""
    found: dict[tuple[str, int], Hit] = {}
    for part in parts:
        path = str(corpus.folder.resolve() / part["path"])
        rows = [row for name, row in places if name == path]
        if rows:
            chosen = f"file_row_number IN ({', '.join(map(str, rows))})"
            sql = f"(SELECT * FROM {files_sql(corpus, [part])} WHERE {chosen})"
            hits = hits_of(cursor, corpus, selection, sql, {"lost": selection.lost})
            found |= {(path, hit.row): hit for hit in hits}
    return [found[place] for place in places]


def _with_lost_lines(
    cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, hits: list[Hit]
) -> list[Hit]:
    """Kept pages with the lines that they lost and that match the search, instead of their text."""
    if not hits:
        return hits
    lost = {"lost": selection.lost} if selection.lost else {}
    sql = f"SELECT source, file, row FROM {lost_lines_found(selection)} AND list_contains($of, source)"
    places = cursor.execute(sql, {"of": [hit.source for hit in hits], **lost}).fetchall()
    sources = {(file, row): source for source, file, row in places}
    cut = len(str(corpus.folder.resolve())) + 1
    files = {file[cut:] for file, _ in sources}
    parts = [part for part in corpus.rejected if part["path"] in files]
    rows = ", ".join(map(str, sorted({row for _, row in sources})))  # reads them in other files, too: a few
    match = f"coalesce({selection.needle.place('lines', '$q0')}, 0)"
    sql = (
        f"SELECT filename, file_row_number, {around('lines', match)}, {inside(match)} FROM "
        f"(SELECT filename, file_row_number, {cut_text(selection.cut_code)} AS lines FROM {files_sql(corpus, parts)} "
        f"WHERE file_row_number IN ({rows}))"
    )
    shown = cursor.execute(sql, {"q0": needles(selection)["q0"], **lost}).fetchall()
    found = {sources[file, row]: words for file, row, *words in shown if (file, row) in sources}
    return [hit._replace(snippet=found[hit.source][0], inside=found[hit.source][1]) for hit in hits]
