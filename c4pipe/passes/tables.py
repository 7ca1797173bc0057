"""Tables that one pass writes for the next, read once or twice and then deleted: Arrow's file format, lz4.

Measured on staged pages (3,786 of the benchmark; written once, read twice, claims once more; CPU microseconds and bytes
per page, one core): Parquet with lz4 16.8 and 2,432, Arrow with lz4 12.3 and 2,442, Arrow with zstd 15.4 and 1,432,
uncompressed Arrow 6.0 and 4,200.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import ipc

_WRITTEN = ipc.IpcWriteOptions(compression="lz4", use_threads=False)  # a worker has one core


class TableSink:
    """Writes a table piece by piece; the caller bounds the size of a piece. The stream stays open."""

    def __init__(self, stream: Any, schema: pa.Schema):
        self._writer = ipc.new_file(stream, schema, options=_WRITTEN)

    def write(self, table: pa.Table) -> None:
        """One piece, which is later read as a whole."""
        self._writer.write_table(table.combine_chunks())

    def close(self) -> None:
        """Writes the footer."""
        self._writer.close()


class TableSource:
    """Reads such a table: all columns, or the named ones. The caller owns the stream, which must support `seek`."""

    def __init__(self, stream: Any, columns: Sequence[str] | None = None):
        self._file = _opened(stream)
        if columns is not None:
            self._file = _opened(stream, included_fields=[self._file.schema.get_field_index(name) for name in columns])
        self.schema: pa.Schema = self._file.schema

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Its pieces, in order."""
        for number in range(self._file.num_record_batches):
            yield self._file.get_batch(number)

    def piece(self, number: int) -> pa.Table:
        """One of them; the others are not read."""
        return pa.Table.from_batches([self._file.get_batch(number)])

    def table(self) -> pa.Table:
        """All pieces; the columns are in the order of the file."""
        return pa.Table.from_batches(self, self.schema)


def _opened(stream: Any, **options: Any) -> ipc.RecordBatchFileReader:
    return ipc.open_file(stream, options=ipc.IpcReadOptions(use_threads=False, **options))


def write_table(stream: Any, table: pa.Table) -> None:
    """A table as a file, in pieces of a bounded size."""
    sink = TableSink(stream, table.schema)
    for start in range(0, table.num_rows, 10 * 1000):
        sink.write(table.slice(start, 10 * 1000))
    sink.close()
