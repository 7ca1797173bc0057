"""Tables that one pass writes for the next, read once or twice and then deleted: Arrow's file format, lz4.

Measured on staged pages (3,786 of the benchmark; written once, read twice, claims once more; CPU microseconds and bytes
per page, one core): Parquet with lz4 16.8 and 2,432, Arrow with lz4 12.3 and 2,442, Arrow with zstd 15.4 and 1,432,
uncompressed Arrow 6.0 and 4,200.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from pyarrow import ipc

_WRITTEN = ipc.IpcWriteOptions(compression="lz4", use_threads=False)  # a worker has one core


class TableSink:
    """Writes a table piece by piece; the caller bounds the size of a piece. The stream stays open."""

    def __init__(self, stream: Any, schema: pa.Schema):
        self._plain = pa.schema([field.with_type(_undone(field.type)) for field in schema])
        if self._plain != schema:
            self._plain = self._plain.with_metadata({_SCHEMA: schema.serialize().to_pybytes()})
        self._writer = ipc.new_file(stream, self._plain, options=_WRITTEN)

    def write(self, table: pa.Table) -> None:
        """One piece, which is later read as a whole."""
        table = table.combine_chunks()
        self._writer.write_table(table.cast(self._plain) if self._plain.metadata else table)

    def close(self) -> None:
        """Writes the footer."""
        self._writer.close()


class TableSource:
    """Reads such a table: all columns, or the named ones. The caller owns the stream, which must support `seek`.

    DamagedFile, also from its methods, if the stream finds damage.
    """

    def __init__(self, stream: Any, columns: Sequence[str] | None = None):
        self._stream = stream
        with self._damage_told():
            self._file = _opened(stream)
            if columns is not None:
                numbers = [self._file.schema.get_field_index(name) for name in columns]
                self._file = _opened(stream, included_fields=numbers)
        kept = (self._file.schema.metadata or {}).get(_SCHEMA)
        whole = self._file.schema if kept is None else ipc.read_schema(pa.BufferReader(kept))
        self._cast = kept is not None
        self.schema: pa.Schema = pa.schema([whole.field(name) for name in self._file.schema.names])

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Its pieces, in order."""
        for number in range(self._file.num_record_batches):
            yield self._batch(number)

    def piece(self, number: int) -> pa.Table:
        """One of them; the others are not read."""
        return pa.Table.from_batches([self._batch(number)])

    def table(self) -> pa.Table:
        """All pieces; the columns are in the order of the file."""
        return pa.Table.from_batches(self, self.schema)

    def _batch(self, number: int) -> pa.RecordBatch:
        with self._damage_told():
            batch = self._file.get_batch(number)
        return batch.cast(self.schema) if self._cast else batch

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        """pyarrow raises another error for one of the stream."""
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            raise getattr(getattr(self._stream, "raw", None), "damage", None) or error from None


_SCHEMA = b"c4pipe.schema"  # the types of columns that are stored as others


def _undone(kind: pa.DataType) -> pa.DataType:
    """A type without dictionaries: in Arrow's file format, all pieces would have the same."""
    if pa.types.is_dictionary(kind):
        return _undone(kind.value_type)
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_undone(field.type)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_undone(kind.value_type)))
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_undone(kind.value_type)))
    return kind


def _opened(stream: Any, **options: Any) -> ipc.RecordBatchFileReader:
    return ipc.open_file(stream, options=ipc.IpcReadOptions(use_threads=False, **options))


def write_table(stream: Any, table: pa.Table) -> None:
    """A table as a file, in pieces of a bounded size."""
    sink = TableSink(stream, table.schema)
    for start in range(0, table.num_rows, 10 * 1000):
        sink.write(table.slice(start, 10 * 1000))
    sink.close()
