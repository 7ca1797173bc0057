"""The rows of an output shard in order, row group by row group: all in memory, or a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from c4pipe.dedup.claims import Places
from c4pipe.shards import rows_per_group
from c4pipe.text import hash64


def seeded_order(table: pa.Table) -> tuple[pa.Table, pa.Array]:
    """The sort keys of the seeded order (the hash of the source, then the source), and the rows in that order."""
    keys = pa.array([hash64(source) for source in table["source"].to_pylist()], pa.uint64())
    places = pa.table({"key": keys, "source": table["source"]})
    return places, _order(places)


_KEYS = ("source",)  # the columns that `seeded_order` needs


def _order(places: pa.Table) -> pa.Array:
    return pc.sort_indices(places, [("key", "ascending"), ("source", "ascending")])


@dataclass(frozen=True)
class Held:
    """How much of an output shard is in memory at once, rounded to whole row groups."""

    nbytes: int  # of the rows in Arrow
    most_rounds: int | None = None  # even if the parts then exceed `nbytes`; None: as many as needed

    def rounds(self, size: int) -> int:
        """In how many parts a shard of so many bytes is written. Each part reads all pieces."""
        needed = max(1, -(-size // self.nbytes))
        return needed if self.most_rounds is None else min(needed, self.most_rounds)


@dataclass(frozen=True)
class Pieces:
    """The rows of an output shard in any order, in pieces of which each is released before the next is read."""

    schema: pa.Schema
    nbytes: int  # of all of them in Arrow
    read: Callable[[Sequence[str]], Iterable[pa.Table]]  # the same pieces each time, with at least these columns


class ShardRows:
    """The rows of an output shard. Each piece is sorted as it arrives, so a row group is a run of rows from each piece:
    taking it from one table of all pieces would copy that table for every row group.
    """

    def __init__(self, pieces: Pieces, held: Held | None):
        """`held` as in `merging.write_rows`."""
        self._of, self._orders, places = pieces, list[pa.Array](), []
        rounds = 1 if held is None else held.rounds(pieces.nbytes)
        self._pieces: list[pa.Table] | None = [] if rounds == 1 else None
        for piece in pieces.read(_KEYS if self._pieces is None else pieces.schema.names):
            place, order = seeded_order(piece)
            self._orders.append(order)
            places.append(place.take(order))
            if self._pieces is not None:
                self._pieces.append(piece.take(order))
        self._ends = np.cumsum([len(order) for order in self._orders])
        self._order = _order(pa.concat_tables(places)).to_numpy()
        self.total = len(self._order)
        self._per_group = rows_per_group(self.total, pieces.nbytes)
        self._at_once = self._per_group * max(1, -(-self.total // (self._per_group * rounds)))

    def groups(self) -> Iterator[pa.Table]:
        """The row groups of the file."""
        starts = np.zeros(len(self._orders), np.int64)
        for start in range(0, self.total, self._at_once):
            chosen = self._order[start : start + self._at_once]  # row numbers, counted through all pieces
            counts = self._counts(chosen)
            yield from self._cut(chosen, self._pieces or self._read_again(starts, counts))
            starts += counts

    def _cut(self, rows: Places, pieces: Sequence[pa.Table]) -> Iterator[pa.Table]:
        """The row groups of these rows, which are exactly those in the pieces."""
        starts = np.zeros(len(pieces), np.int64)
        for start in range(0, len(rows), self._per_group):
            chosen = rows[start : start + self._per_group]
            counts = self._counts(chosen)
            runs = [pieces[i].slice(starts[i], counts[i]) for i in np.flatnonzero(counts).tolist()]
            starts += counts
            yield pa.concat_tables(runs).take(np.argsort(np.argsort(chosen)))

    def _counts(self, rows: Places) -> Places:
        """How many of these rows each piece has: [pieces]."""
        return np.bincount(np.searchsorted(self._ends, rows, "right"), minlength=len(self._ends))

    def _read_again(self, starts: Places, counts: Places) -> list[pa.Table]:
        runs = (order.slice(start, count) for order, start, count in zip(self._orders, starts, counts, strict=True))
        return [piece.take(run) for piece, run in zip(self._of.read(self._of.schema.names), runs, strict=True)]
