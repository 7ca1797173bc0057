"""The first half of the shuffle on disk: reads each source shard once, and writes its rows by destination.

Rows are collected until they fill a buffer, put in the order of their positions, and written as one piece per bucket.
An index has the offset of each piece, so that the reader of a bucket reads only its bytes of each file.
"""

from __future__ import annotations

from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.files.storage import Store
from c4pipe.mixture.permutation import Indices
from c4pipe.rebalance.plan import MixturePlan
from c4pipe.rebalance.sources import verify_source, with_columns

BUFFER_BYTES = 64 << 20  # rows waiting to be written
POSITION = pa.field("__position", pa.int64(), nullable=False)
HEADER = 8  # bytes of a number before an index and before each piece


class Scattered(NamedTuple):
    """The files that hold the rows of one source shard."""

    rows: str
    starts: str  # written after `rows`: if it exists, they are complete

    @classmethod
    def of(cls, staging: str, number: int) -> Scattered:
        """Their names."""
        return cls(f"{staging}/scattered/{number:06d}.rows", f"{staging}/scattered/{number:06d}.starts")


def scatter_source(plan: MixturePlan, number: int, store: Store, names: Scattered) -> None:
    """Writes the rows of a source as often as they are drawn. BuildError if its bytes differ from the manifest's."""
    source = plan.sources[number]
    split = plan.split_of(source)
    entry = split.order.names.index(source.entry)
    verify_source(source, store)
    with store.read(source.path) as stream, store.write(names.rows) as out:
        pieces = _Pieces(out, split.edges)
        file = pq.ParquetFile(stream)
        first = source.first
        for group in range(file.num_row_groups):
            table = with_columns(file.read_row_group(group), plan.schema)
            rows = np.arange(first, first + table.num_rows)
            for drawn in split.order.drawn(entry, rows):
                positions = pa.array(drawn.positions, POSITION.type)
                pieces.add(table.take(pa.array(drawn.chosen)).append_column(POSITION, positions))
            first += table.num_rows
        pieces.flush()
    with store.write(names.starts) as out:
        out.write(pieces.index())


class _Pieces:
    """The pieces of one source, while they are written."""

    def __init__(self, out: BinaryIO, edges: Indices):
        self._out = out
        self._edges = edges
        self._waiting: list[pa.Table] = []
        self._size = self._at = 0
        self._starts: list[Indices] = []  # for each flush, the start of each bucket's piece, and the end of the last

    def add(self, table: pa.Table) -> None:
        """Takes rows; writes the buffer when it is full."""
        self._waiting.append(table)
        self._size += table.nbytes
        if self._size >= BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Writes the buffer, one piece per bucket."""
        table = pa.concat_tables(self._waiting).combine_chunks() if self._size else None
        self._waiting, self._size = [], 0
        if table is None:
            return
        positions = table[POSITION.name].to_numpy()
        order = np.argsort(positions)
        bounds = np.searchsorted(positions[order], self._edges)
        starts = np.empty(len(self._edges), np.int64)
        for bucket in range(len(bounds) - 1):
            starts[bucket] = self._at
            mine = order[bounds[bucket] : bounds[bucket + 1]]
            if len(mine):
                self._write(table.take(pa.array(mine)))
        starts[-1] = self._at
        self._starts.append(starts)

    def _write(self, rows: pa.Table) -> None:
        (batch,) = rows.combine_chunks().to_batches()
        raw = batch.serialize()
        packed = pa.compress(raw, codec="zstd")
        self._at += self._out.write(raw.size.to_bytes(HEADER, "little"))
        self._at += self._out.write(packed)

    def index(self) -> bytes:
        """The number of flushes, then for each edge of a bucket the start of the next piece in each flush."""
        starts = np.stack(self._starts, axis=1) if self._starts else np.empty((0, 0), np.int64)
        return len(self._starts).to_bytes(HEADER, "little") + starts.astype("<i8").tobytes()


def read_index(stream: BinaryIO, first: int, count: int) -> Indices:
    """Where the pieces of buckets first .. first+count-1 start in each flush: (count + 1, flushes)."""
    flushes = int.from_bytes(stream.read(HEADER), "little")
    stream.seek(HEADER + 8 * flushes * first)
    data = stream.read(8 * flushes * (count + 1))
    return np.frombuffer(data, "<i8").reshape(-1, flushes) if flushes else np.empty((count + 1, 0), np.int64)


def read_piece(stream: BinaryIO, start: int, end: int, schema: pa.Schema) -> pa.RecordBatch:
    """The rows of a piece, in the order of their positions."""
    stream.seek(start)
    data: Any = pa.py_buffer(stream.read(end - start))
    size = int.from_bytes(data[:HEADER], "little")
    return pa.ipc.read_record_batch(pa.decompress(data[HEADER:], size, codec="zstd"), schema)
