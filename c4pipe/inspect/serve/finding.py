"""The pages of a selection, one list at a time: those after a place, and those before it.

Paging is by place, not by offset, and a request searches a bounded part of the corpus for a bounded time. So the last
page of a list costs as much as the first, and a word without matches blocks nobody.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import duckdb

from c4pipe.facts.corpus import Corpus
from c4pipe.facts.views import files_sql
from c4pipe.inspect.serve.conditions import condition, set_aside
from c4pipe.inspect.serve.conditions import teach as teach
from c4pipe.inspect.serve.hits import Hit, Listing, hits_at, hits_of
from c4pipe.inspect.serve.hits import Place as Place
from c4pipe.inspect.serve.selection import ANY_REASON, Selection, ShardEntry, parts_of
from c4pipe.inspect.serve.shuffling import shuffled, shuffled_back, shuffled_step

PAGE_ROWS = 50  # per list
STRETCH = 64 << 20  # bytes of Parquet that a request searches: about 110,000 pages, half a second on two cores
LIST_SECONDS = 1.5  # after which a request searches no further file, and reports how far it got
_LIGHT = 16  # times as much if no text has to be read
_AT_ONCE = 16 << 20  # bytes of whole files that are searched between two checks of the clock
_FIRST_WINDOW = 400  # rows examined first when paging back; doubled each time


class RowRange(NamedTuple):
    """Rows of a file."""

    part: int
    start: int
    stop: int


def find(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, start: Place | None) -> Listing:
    """The first pages of the selection from a place on, None for the first; in the order of the files, or at random."""
    if selection.order:
        return shuffled(cursor, corpus, selection, start, PAGE_ROWS)
    set_aside(cursor, corpus, selection)
    start = start or Place(0, 0)
    parts = parts_of(corpus, selection)
    hits: list[Hit] = []
    barren: set[str] = set()
    pieces, end = stretch(parts, start, _budget(selection))
    until = time.monotonic() + LIST_SECONDS
    for number, group in enumerate(grouped(pieces, parts, _AT_ONCE if selection.reads_text else _LIGHT * _AT_ONCE)):
        if number and time.monotonic() > until:
            end = Place(group[0].part, group[0].start)
            break
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
        (end.part if end else len(parts), len(parts)),
        frozenset(barren - {h.path for h in hits}),
    )


def find_back(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, stop: Place) -> Listing:
    """The last pages of the selection before a place."""
    if selection.order:
        return shuffled_back(cursor, corpus, selection, stop, PAGE_ROWS)
    set_aside(cursor, corpus, selection)
    parts = parts_of(corpus, selection)
    hits: list[Hit] = []
    place, budget, window = stop, _budget(selection), _FIRST_WINDOW
    until = time.monotonic() + LIST_SECONDS
    while place > (0, 0) and budget > 0 and len(hits) <= PAGE_ROWS and (place == stop or time.monotonic() < until):
        part, row = place if place.row else Place(place.part - 1, parts[place.part - 1]["rows"])
        piece = RowRange(part, max(0, row - window), row)
        hits += _rows(cursor, corpus, selection, parts, [piece], PAGE_ROWS + 1 - len(hits), back=True)
        budget -= parts[part]["bytes"] * (piece.stop - piece.start) // max(1, parts[part]["rows"])
        place, window = Place(part, piece.start), window * 2
    if len(hits) > PAGE_ROWS:
        place = Place(_numbers(parts)[hits[PAGE_ROWS - 1].path], hits[PAGE_ROWS - 1].row)
    total = sum(part["rows"] for part in parts)
    done = sum(part["rows"] for part in parts[: stop.part]) + stop.row
    files = (stop.part, len(parts))
    return Listing(hits[:PAGE_ROWS][::-1], place if place > (0, 0) else None, stop, done, total, files)


def pages_held(cursor: duckdb.DuckDBPyConnection, outcome: str) -> int:
    """The pages of an outcome, "stage/reason" or any, that the rejected table has."""
    sql = "SELECT count(*) FROM rejected WHERE stage != '' AND $1 IN ($2, stage || '/' || reason)"
    ((count,),) = cursor.execute(sql, [outcome, ANY_REASON]).fetchall()
    return int(count)


def step(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, at: Place, back: bool) -> Hit | None:
    """The next page of the selection after a place, or the one before it; None at the ends."""
    if selection.order:
        return shuffled_step(cursor, corpus, selection, at, back)
    place: Place | None = at if back else Place(at.part, at.row + 1)
    while place is not None:
        found = find_back(cursor, corpus, selection, place) if back else find(cursor, corpus, selection, place)
        if found.hits:
            return found.hits[-1 if back else 0]
        place = found.back if back else found.on
    return None


def stretch(parts: Sequence[ShardEntry], start: Place, budget: int) -> tuple[list[RowRange], Place | None]:
    """Rows from a place on with about so many bytes, at least one row, and where they end; None at the very end. A file
    at the start of a stretch is split if too long, others are taken completely.

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


def _budget(selection: Selection) -> int:
    """Bytes of Parquet that a request searches."""
    return STRETCH if selection.reads_text else _LIGHT * STRETCH


def grouped(pieces: Sequence[RowRange], parts: Sequence[ShardEntry], most: int) -> Iterator[list[RowRange]]:
    """Groups of whole files, up to so many bytes, which DuckDB reads with all its threads, in order; larger files
    alone."""
    group: list[RowRange] = []
    size = 0
    for piece in pieces:
        whole = piece.start == 0 and piece.stop == parts[piece.part]["rows"]
        if not whole or size >= most:
            yield from filter(None, (group,))
            group, size = [], 0
        if whole:
            group.append(piece)
            size += parts[piece.part]["bytes"]
        else:
            yield [piece]
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
    """Rows of the pieces, which are whole files or a part of one. DuckDB preserves the files' order under a LIMIT, but
    not with a temporary table in the condition. Sorting them would read the texts of all, so their places are found
    first."""
    where, values = condition(selection)
    files = files_sql(corpus, [parts[piece.part] for piece in pieces])
    if len(pieces) == 1:
        where = f"file_row_number >= {pieces[0].start} AND file_row_number < {pieces[0].stop} AND {where}"
    if not selection.recorded:
        order = "ORDER BY file_row_number DESC" if back else ""
        return hits_of(cursor, corpus, selection, f"(SELECT * FROM {files} WHERE {where} {order} LIMIT {most})", values)
    own = [parts[piece.part] for piece in pieces]
    values["names"] = [str(corpus.folder.resolve() / part["path"]) for part in own]
    order = f"list_position($names, filename), file_row_number{' DESC' if back else ''}"
    sql = f"SELECT filename, file_row_number FROM {files} WHERE {where} ORDER BY {order} LIMIT {most}"
    return hits_at(cursor, corpus, selection, own, cursor.execute(sql, values).fetchall())


def _numbers(parts: Sequence[ShardEntry]) -> dict[str, int]:
    return {part["path"]: number for number, part in enumerate(parts)}
