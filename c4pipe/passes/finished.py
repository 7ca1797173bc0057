"""Finished pages on their way into the shards of a corpus: NNNNNN.pages.arrow, one for each input.

Its row groups hold pages of one (config, split), in the order that they will have in a shard: by the hash of their
source. So what a shard takes next from a row group is a run of rows, and only the pieces with these rows are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from c4pipe.dedup.claims import Places
from c4pipe.files.storage import Store
from c4pipe.page import Page
from c4pipe.passes.ordering import KEY, ORDERED_BY, SortedTable
from c4pipe.passes.tables import TableSink, TableSource
from c4pipe.shards import RowGroupBuffer, memory_of, page_table
from c4pipe.text import hash64

# Rows of a piece, which is read as a whole: 200 kB of pages of 3 kB. A page costs 6.6 microseconds to write and 1.0 to
# read; with pieces of 1,000 rows 6.4 and 0.8, but then a shard needs blocks of megabytes that it releases at once.
PIECE_ROWS = 64
_PLACE = "__place"  # where the page stood in its row group


class RowGroup(NamedTuple):
    """A row group of a finished file."""

    config: str
    split: str
    number: int  # in its file
    first: int  # its first piece there
    rows: int
    nbytes: int  # in Arrow


class GroupFound(NamedTuple):
    """A row group with the path of its file, as a shard needs it; the rest as in `RowGroup`."""

    path: str
    number: int
    first: int
    rows: int
    nbytes: int

    @property
    def name(self) -> str:
        """For the seeded order, which is that of the time when these files were Parquet: corpora keep their bytes."""
        return f"{self.path.rpartition('/')[2].removesuffix('.arrow')}.parquet/{self.number}"


class RowSlice(NamedTuple):
    """Rows of a row group, counted in the order in which its pages came."""

    group: GroupFound
    start: int
    rows: int


class FinishedPages:
    """Writes such a file: collects pages by destination."""

    def __init__(self, stream: Any, schema: pa.Schema):
        self._schema = schema
        added = [pa.field(KEY, pa.uint64()), pa.field(_PLACE, pa.int32())]
        self._sink = TableSink(stream, pa.schema([*self._schema, *added]))
        self._batches: defaultdict[tuple[str, str], RowGroupBuffer] = defaultdict(RowGroupBuffer)
        self._pieces = 0
        self.groups: list[RowGroup] = []

    def add(self, config: str, split: str, page: Page) -> None:
        batch = self._batches[config, split]
        if batch.add(page, len(page.text)):
            self._flush(config, split, batch)

    def _flush(self, config: str, split: str, batch: RowGroupBuffer) -> None:
        pages = batch.take()
        keys = [hash64(page.source) for page in pages]
        order = sorted(range(len(pages)), key=lambda place: (keys[place], pages[place].source))
        table = page_table([pages[place] for place in order], self._schema)
        self.groups.append(RowGroup(config, split, len(self.groups), self._pieces, len(pages), table.nbytes))
        table = table.append_column(KEY, pa.array([keys[place] for place in order], pa.uint64()))
        table = table.append_column(_PLACE, pa.array(order, pa.int32()))
        for start in range(0, len(pages), PIECE_ROWS):
            self._sink.write(table.slice(start, PIECE_ROWS))
            self._pieces += 1

    def close(self) -> None:
        """Writes the remaining pages, and the footer."""
        for (config, split), batch in sorted(self._batches.items()):
            if batch.rows:
                self._flush(config, split, batch)
        self._sink.close()


class FinishedRows:
    """The rows of a slice in the order of a shard."""

    def __init__(self, rows: RowSlice, store: Store):
        self._rows, self._store = rows, store
        self.total = rows.rows

    def columns(self) -> pa.Schema:
        """The columns of the corpus."""
        with self._store.read(self._rows.group.path) as stream:
            return pa.schema([field for field in TableSource(stream).schema if field.name not in (KEY, _PLACE)])

    @property
    def nbytes(self) -> int:
        """In Arrow."""
        return self._rows.group.nbytes if self._at is None else memory_of(self.table())

    def places(self) -> pa.Table:
        """Their sort keys."""
        return self.read(ORDERED_BY, 0, self.total)

    def read(self, columns: Sequence[str], start: int, count: int) -> pa.Table:
        """A run of them."""
        if self._at is None:
            return self._read(columns, start, count)
        low, high = self._at[start], self._at[start + count - 1] + 1
        return self._read(columns, low, high - low).take(self._at[start : start + count] - low)

    def table(self) -> pa.Table:
        """All of them."""
        return self.read(self.columns().names, 0, self.total)

    def whole(self) -> SortedTable:
        """The same in memory, read at once."""
        return SortedTable(self.read([*self.columns().names, KEY], 0, self.total), self.nbytes)

    @cached_property
    def _at(self) -> Places | None:
        """Which rows of the row group these are, None for all."""
        if self.total == self._rows.group.rows:
            return None
        place = self._read([_PLACE], 0, self._rows.group.rows)[_PLACE].to_numpy()
        return np.flatnonzero((place >= self._rows.start) & (place < self._rows.start + self.total))

    def _read(self, columns: Sequence[str], start: int, count: int) -> pa.Table:
        """A run of rows of the row group."""
        low, high = start // PIECE_ROWS, -(-(start + count) // PIECE_ROWS)
        with self._store.read(self._rows.group.path) as stream:
            file = TableSource(stream, columns)
            pieces = pa.concat_tables([file.piece(self._rows.group.first + n) for n in range(low, high)])
        return pieces.slice(start - low * PIECE_ROWS, count)
