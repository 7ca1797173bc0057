"""The rows of an output shard in order, row group by row group: all in memory, or a part at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from c4pipe.dedup.claims import Places
from c4pipe.shards import rows_per_group
from c4pipe.text import hash64

KEY = "__key"  # the hash of the source; no column of a corpus has such a name
ORDERED_BY = (KEY, "source")


def seeded(table: pa.Table) -> pa.Table:
    """The rows in the seeded order (by the hash of the source, then by the source), with a column `KEY`."""
    keys = pa.array([hash64(source) for source in table["source"].to_pylist()], pa.uint64())
    table = table.append_column(KEY, keys)
    return table.take(_order(table))


def _order(table: pa.Table) -> pa.Array:
    return pc.sort_indices(table.select(ORDERED_BY), [(name, "ascending") for name in ORDERED_BY])


class SortedRows(Protocol):
    """Rows of an output shard, in the seeded order."""

    @property
    def nbytes(self) -> int:
        """In Arrow."""

    def places(self) -> pa.Table:
        """Their sort keys, as `ORDERED_BY`."""

    def read(self, columns: Sequence[str], start: int, count: int) -> pa.Table:
        """A run of at least one of them."""


class SortedTable:
    """A piece in memory."""

    def __init__(self, table: pa.Table, nbytes: int):
        """`table` is `seeded`."""
        self._table, self.nbytes = table, nbytes

    def places(self) -> pa.Table:
        return self._table.select(ORDERED_BY)

    def read(self, columns: Sequence[str], start: int, count: int) -> pa.Table:
        return self._table.select(columns).slice(start, count)


class ShardRows:
    """The rows of an output shard: a row group is a run of rows from each piece."""

    def __init__(self, pieces: Sequence[SortedRows], columns: Sequence[str], held: int | None):
        """`held` as in `merging.write_rows`."""
        self._pieces, self._columns = pieces, columns
        places = [piece.places() for piece in pieces]
        self._ends = np.cumsum([len(place) for place in places])
        self._order = _order(pa.concat_tables(places)).to_numpy()
        self.total = len(self._order)
        size = sum(piece.nbytes for piece in pieces)
        parts = 1 if held is None else max(1, -(-size // held))
        self._per_group = rows_per_group(self.total, size)
        self._at_once = self._per_group * max(1, -(-self.total // (self._per_group * parts)))

    def groups(self) -> Iterator[pa.Table]:
        """The row groups of the file."""
        starts = np.zeros(len(self._pieces), np.int64)
        for start in range(0, self.total, self._at_once):
            chosen = self._order[start : start + self._at_once]  # row numbers, counted through all pieces
            counts = self._counts(chosen)
            yield from self._cut(chosen, self._runs(starts, counts))
            starts += counts

    def _runs(self, starts: Places, counts: Places) -> dict[int, pa.Table]:
        """The next rows of each piece that has some, by its number."""
        which = np.flatnonzero(counts).tolist()
        return {i: self._pieces[i].read(self._columns, int(starts[i]), int(counts[i])) for i in which}

    def _cut(self, rows: Places, runs: dict[int, pa.Table]) -> Iterator[pa.Table]:
        """The row groups of these rows, which are exactly those in the runs."""
        starts = np.zeros(len(self._pieces), np.int64)
        for start in range(0, len(rows), self._per_group):
            chosen = rows[start : start + self._per_group]
            counts = self._counts(chosen)
            parts = [runs[i].slice(starts[i], counts[i]) for i in np.flatnonzero(counts).tolist()]
            starts += counts
            yield pa.concat_tables(parts).take(np.argsort(np.argsort(chosen)))

    def _counts(self, rows: Places) -> Places:
        """How many of these rows each piece has: [pieces]."""
        return np.bincount(np.searchsorted(self._ends, rows, "right"), minlength=len(self._ends))
