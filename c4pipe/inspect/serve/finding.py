"""The pages of a selection, a list at a time: those behind a place, and those in front of it.

A list is paged by place, not by offset, and a request looks at a bounded stretch of the corpus: the last page of a list
costs what the first one does, and a word that is nowhere keeps nobody waiting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import duckdb

from c4pipe.corpus.stats import registered
from c4pipe.facts.corpus import Corpus, files_sql
from c4pipe.inspect.serve.selection import Selection, ShardEntry, condition, parts_of, smart_case

PAGE_ROWS = 50  # of a list
STRETCH = 64 << 20  # bytes of Parquet that a request searches: about 110,000 pages, half a second on two cores
_FIRST_WINDOW = 400  # rows looked at first on the way back; each time twice as many
_BEFORE, _SNIPPET = 90, 360  # characters of a snippet in front of the match, and in all
_KEPT = "url, timestamp, '' AS stage, '' AS reason, '' AS detail, language, source"
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
    barren: frozenset[str] = frozenset()  # files that were searched whole, and hold nothing of the selection


class RowRange(NamedTuple):
    """Rows of a file."""

    part: int
    start: int
    stop: int


def teach(connection: duckdb.DuckDBPyConnection) -> None:
    """Gives a connection the function `registered`, for it and all its cursors."""
    connection.create_function("registered", registered, ["VARCHAR"], "VARCHAR")


def find(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, start: Place) -> Listing:
    """The first pages of the selection from a place on, in the order of the files."""
    parts = parts_of(corpus, selection)
    hits: list[Hit] = []
    barren: set[str] = set()
    pieces, end = stretch(parts, start, STRETCH)
    for group in _grouped(pieces, parts):
        hits += _rows(cursor, corpus, selection, parts, group, PAGE_ROWS + 1 - len(hits))
        if len(hits) <= PAGE_ROWS:
            barren.update(
                parts[piece.part]["path"] for piece in group if piece.stop - piece.start == parts[piece.part]["rows"]
            )
        else:
            last = hits[PAGE_ROWS]
            end = Place(_numbers(parts)[last.path], last.row)
            break
    total = sum(part["rows"] for part in parts)
    done = min(sum(part["rows"] for part in parts[: end.part]) + end.row, total) if end else total
    return Listing(
        hits[:PAGE_ROWS],
        start if start > (0, 0) else None,
        end,
        done,
        total,
        frozenset(barren - {h.path for h in hits}),
    )


def find_back(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, stop: Place) -> Listing:
    """The last pages of the selection in front of a place."""
    parts = parts_of(corpus, selection)
    hits: list[Hit] = []
    place, budget, window = stop, STRETCH, _FIRST_WINDOW
    while place > (0, 0) and budget > 0 and len(hits) <= PAGE_ROWS:
        part, row = place if place.row else Place(place.part - 1, parts[place.part - 1]["rows"])
        piece = RowRange(part, max(0, row - window), row)
        hits += _rows(cursor, corpus, selection, parts, [piece], PAGE_ROWS + 1 - len(hits), back=True)
        budget -= parts[part]["bytes"] * (piece.stop - piece.start) // max(1, parts[part]["rows"])
        place, window = Place(part, piece.start), window * 2
    if len(hits) > PAGE_ROWS:
        place = Place(_numbers(parts)[hits[PAGE_ROWS - 1].path], hits[PAGE_ROWS - 1].row)
    total = sum(part["rows"] for part in parts)
    done = sum(part["rows"] for part in parts[: stop.part]) + stop.row
    return Listing(hits[:PAGE_ROWS][::-1], place if place > (0, 0) else None, stop, done, total)


def pages_held(cursor: duckdb.DuckDBPyConnection, outcome: str) -> int:
    """The pages of an outcome, "stage/reason", that the rejected table holds."""
    sql = "SELECT count(*) FROM rejected WHERE stage || '/' || reason = $1"
    ((count,),) = cursor.execute(sql, [outcome]).fetchall()
    return int(count)


def step(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, at: Place, back: bool) -> Hit | None:
    """The next page of the selection behind a place, or the one in front of it; None where it is the last or first."""
    place: Place | None = at if back else Place(at.part, at.row + 1)
    while place is not None:
        found = find_back(cursor, corpus, selection, place) if back else find(cursor, corpus, selection, place)
        if found.hits:
            return found.hits[-1 if back else 0]
        place = found.back if back else found.on
    return None


def stretch(parts: Sequence[ShardEntry], start: Place, budget: int) -> tuple[list[RowRange], Place | None]:
    """Rows from a place on that hold about so many bytes, one row at least, and where they end; None at the very end.
    A file that a stretch begins with is cut where it is too long, others are taken whole.

    >>> parts = [{"rows": 10, "bytes": 100}, {"rows": 10, "bytes": 100}]
    >>> stretch(parts, Place(0, 5), 100)
    ([RowRange(part=0, start=5, stop=10)], Place(part=1, row=0))
    >>> stretch(parts, Place(1, 0), 40)
    ([RowRange(part=1, start=0, stop=4)], Place(part=1, row=4))
    """
    pieces: list[RowRange] = []
    for number in range(start.part, len(parts)):
        rows, size = parts[number]["rows"], parts[number]["bytes"]
        first = start.row if number == start.part else 0
        room = rows if size * (rows - first) <= budget * rows else max(0, budget * rows // size)
        if pieces and room < rows:
            return pieces, Place(number, 0)
        stop = min(rows, first + max(1, room))
        if stop > first:
            pieces.append(RowRange(number, first, stop))
            budget = max(0, budget - size * (stop - first) // rows)
        if stop < rows:
            return pieces, Place(number, stop)
    return pieces, None


def _grouped(pieces: Sequence[RowRange], parts: Sequence[ShardEntry]) -> Iterator[list[RowRange]]:
    """Whole files together, which DuckDB reads with all its threads, in order; a piece of a file by itself."""
    group: list[RowRange] = []
    for piece in pieces:
        if piece.start == 0 and piece.stop == parts[piece.part]["rows"]:
            group.append(piece)
            continue
        yield from filter(None, (group, [piece]))
        group = []
    yield from filter(None, (group,))


def _rows(
    cursor: duckdb.DuckDBPyConnection,
    corpus: Corpus,
    selection: Selection,
    parts: Sequence[ShardEntry],
    pieces: Sequence[RowRange],
    most: int,
    back: bool = False,
) -> list[Hit]:
    """Rows of the pieces, which are whole files or a piece of one. DuckDB keeps the files' order under a LIMIT."""
    where, values = condition(selection)
    files = files_sql(corpus, [parts[piece.part] for piece in pieces])
    if len(pieces) == 1:
        where = f"file_row_number >= {pieces[0].start} AND file_row_number < {pieces[0].stop} AND {where}"
    match, around = "0", "left(text, $snippet)"
    if selection.q and selection.field != "url":
        test = "strpos(text, $plain)" if smart_case(selection.q) else "strpos(lower(text), $plain)"
        match, values["plain"] = test, selection.q
        around = f"substr(text, greatest(1, {match} - $before), $snippet)"
        values["before"] = _BEFORE
    sql = (
        f"SELECT filename, file_row_number, {_KEPT if selection.kept else _REJECTED}, length(text), {around}, "
        f"{match} > {_BEFORE} + 1 FROM (SELECT * FROM {files} WHERE {where} "
        f"{'ORDER BY file_row_number DESC' if back else ''} LIMIT {most})"
    )
    cut = len(str(corpus.folder.resolve())) + 1
    rows = cursor.execute(sql, values | {"snippet": _SNIPPET}).fetchall()
    return [Hit(row[0][cut:], *row[1:]) for row in rows]


def _numbers(parts: Sequence[ShardEntry]) -> dict[str, int]:
    return {part["path"]: number for number, part in enumerate(parts)}
