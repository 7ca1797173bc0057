"""Counts a selection, one piece of its files at a time: each request continues where the last one stopped.

Until all pieces are counted, its numbers are lower bounds.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from threading import Lock
from typing import Any

import duckdb

from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.serve.aside import codes_table
from c4pipe.inspect.serve.cells import Cell, FacetCounts, FilePiece, cells_of
from c4pipe.inspect.serve.conditions import condition, set_aside
from c4pipe.inspect.serve.finding import grouped, stretch
from c4pipe.inspect.serve.hits import Place
from c4pipe.inspect.serve.selection import ANY_REASON, Known, Selection, ShardEntry, parts_of

PIECE_BYTES = 8 << 20  # of Parquet: about 15,000 pages, a tenth of a second
_LIGHT = 16  # times as much if no text has to be read

_Step = Callable[[duckdb.DuckDBPyConnection], None]


def pieces_of(parts: Sequence[ShardEntry], size: int) -> Iterator[FilePiece]:
    """All rows of some files in pieces of about so many bytes."""
    start: Place | None = Place(0, 0)
    while start is not None:
        ranges, start = stretch(parts, start, size)
        for group in grouped(ranges, parts, size):
            files, rows = [parts[one.part] for one in group], sum(one.stop - one.start for one in group)
            whole = rows == sum(part["rows"] for part in files)
            yield FilePiece(files, rows) if whole else FilePiece(files, rows, group[0].start, group[0].stop)


class SelectionTally:
    """The pages of a selection, and of those that differ from it in one filter, as far as counted. Several threads may
    use it."""

    def __init__(self, corpus: Corpus, selection: Selection, has: Known, barren: Collection[str] = ()):
        """`barren` are files known to have nothing of `selection.widest`: they are not read."""
        self.corpus, self.selection, self.has = corpus, selection, has
        self.cells: list[Cell] = []
        self.facets = FacetCounts(*(Counter() for _ in FacetCounts._fields))
        self.beside = Counter[str]()  # pages of `other` by outcome
        self.held = dict[str, int]()  # outcome -> pages in the rejected table, "" kept ones
        self.looked = self.rows = 0
        self.everything = selection._replace(order="", seed="") == Selection() and "lengths_kept" in corpus.stats
        self.other = selection.but(outcome=ANY_REASON if selection.kept else "")
        # A page without a cut for a reason is not in the selection, and counts for other reasons.
        self.asks_losses = bool(selection.lost or (selection.q and selection.field == "lost"))
        self._lock, self._steps = Lock(), deque[tuple[int, _Step]](self._made(barren))

    @property
    def whole(self) -> bool:
        """Whether everything was counted."""
        return not self._steps

    def go_on(self, cursor: duckdb.DuckDBPyConnection, seconds: float | None = None) -> None:
        """Counts at least one piece, and no further ones after so many seconds; all of them without a limit.

        An interrupted piece is counted on the next call. duckdb.Error if memory does not suffice.
        """
        until = None if seconds is None else time.monotonic() + seconds
        with self._lock:
            while self._steps:
                rows, step = self._steps[0]
                step(cursor)
                self._steps.popleft()
                self.looked += rows
                if until is not None and time.monotonic() > until:
                    return

    def _made(self, barren: Collection[str]) -> Iterator[tuple[int, _Step]]:
        corpus, selection, has = self.corpus, self.selection, self.has
        yield 0, self._hold
        for one in (selection, self.other):
            yield 0, partial(set_aside, corpus=corpus, selection=one)
        if has.lost:
            yield 0, partial(codes_table, corpus=corpus)
        wide = selection.widest
        if not selection.by_row:
            wide = wide._replace(config=selection.config, split=selection.split)
        own = [part for part in parts_of(corpus, wide) if part["path"] not in barren]
        self.looked = self.rows = sum(part["rows"] for part in parts_of(corpus, wide) if part["path"] in barren)
        passes: list[tuple[Sequence[ShardEntry], Selection, Callable[[FilePiece], Any]]] = [
            (own, selection, self._count)
        ]
        if self.tells_beside:
            passes.append((parts_of(corpus, self.other), self.other, self._count_beside))
        for parts, asked, work in passes:
            size = PIECE_BYTES if asked.reads_text else _LIGHT * PIECE_BYTES
            for piece in pieces_of(parts, size):
                self.rows += piece.rows
                yield piece.rows, work(piece)

    def _hold(self, cursor: duckdb.DuckDBPyConnection) -> None:
        sql = "SELECT stage || '/' || reason, stage = '', count(*) FROM rejected GROUP BY ALL"
        rows = cursor.execute(sql).fetchall()
        self.held = {"" if kept else outcome: pages for outcome, kept, pages in rows}

    @property
    def tells_beside(self) -> bool:
        """Whether pages of the other side are counted; else the manifest has them."""
        return self.other.by_row or not self.other.kept

    def _count(self, piece: FilePiece) -> _Step:
        def step(cursor: duckdb.DuckDBPyConnection) -> None:
            losses = bool(self.has.lost) and not self.asks_losses
            cells, facets = cells_of(cursor, self.corpus, self.selection, self.has, piece, not self.everything, losses)
            self.cells += cells
            self.facets.add(facets)

        return step

    def _count_beside(self, piece: FilePiece) -> _Step:
        def step(cursor: duckdb.DuckDBPyConnection) -> None:
            where, values = condition(self.other)
            outcome = "''" if self.other.kept else "stage || '/' || reason"
            sql = f"SELECT {outcome}, count(*) FROM {piece.sql(self.corpus, where)} GROUP BY 1"
            self.beside.update(dict(cursor.execute(sql, values).fetchall()))

        return step
