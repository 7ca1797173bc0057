"""Pages as they stand in a list: where each is, and a snippet of its text around what was searched for."""

from __future__ import annotations

from typing import Any, NamedTuple

import duckdb

from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.serve.conditions import LINES, needles
from c4pipe.inspect.serve.selection import Selection

_BEFORE, _SNIPPET = 90, 360  # characters of a snippet in front of the match, and in all
_KEPT = "url, timestamp, '' AS stage, '' AS reason, '' AS detail, language, source"
_CUT_FROM_KEPT = "SELECT any_value(lines) FROM noted WHERE noted.source = one.source"
_REJECTED = "url, timestamp, stage, reason, detail, '' AS language, source"


class Place(NamedTuple):
    """Where a row is: the number of its file in the manifest's list, and its row there."""

    part: int
    row: int


class Hit(NamedTuple):
    """A page of a list."""

    path: str
    row: int
    url: str
    timestamp: str
    stage: str  # "" for a kept page
    reason: str
    detail: str
    language: str
    source: str
    chars: int
    snippet: str
    inside: bool  # the snippet begins inside the text


class Listing(NamedTuple):
    """A stretch of a list. `back` and `on` are places from which there may be more."""

    hits: list[Hit]
    back: Place | None
    on: Place | None
    searched: int  # rows of the files up to `on`, of `total`
    total: int
    files: tuple[int, int] = (0, 0)  # searched whole, of so many
    barren: frozenset[str] = frozenset()  # files that were searched whole, and hold nothing of the selection


def hits_of(
    cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, rows: str, values: dict[str, Any]
) -> list[Hit]:
    """Rows of the selection's table, which are given as SQL, as they stand in a list."""
    shown, match = "text", "0"
    if selection.field == "lost":
        shown = f"({_CUT_FROM_KEPT})" if selection.kept else LINES
    if selection.q and selection.field not in ("url", "detail"):
        match = f"coalesce({selection.needle.place(shown, '$q0')}, 0)"
    sql = (
        f"SELECT filename, file_row_number, {_KEPT if selection.kept else _REJECTED}, length(text), "
        f"substr({shown}, greatest(1, {match} - {_BEFORE}), {_SNIPPET}), {match} > {_BEFORE} + 1 FROM {rows} AS one"
    )
    cut = len(str(corpus.folder.resolve())) + 1
    given = {name: value for name, value in (values | needles(selection)).items() if f"${name}" in sql}
    return [Hit(row[0][cut:], *row[1:]) for row in cursor.execute(sql, given).fetchall()]
