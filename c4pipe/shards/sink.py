"""How a Parquet file of a corpus is written (row groups, their sizes, checksum), and how a small one is read."""

from __future__ import annotations

import hashlib
import io
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP_ROWS = 1000  # viewers page through row groups; Hugging Face's recommends about this size
ROW_GROUP_BYTES = 16 << 20  # of text, so that a group fits a worker's memory however long its pages are


def rows_per_group(rows: int, size: int) -> int:
    """For a file of so many rows and bytes: at most `ROW_GROUP_ROWS`, fewer where pages are so long that a group would
    not fit a worker's memory.
    """
    mean = max(1, size // max(1, rows))
    return int(max(1, min(ROW_GROUP_ROWS, ROW_GROUP_BYTES // mean)))


def as_in_parquet(schema: pa.Schema) -> pa.Schema:
    """The schema of a table of this one that was written as Parquet and read again: items of lists have other names,
    and some types become others.
    """
    empty = io.BytesIO()
    pq.ParquetWriter(empty, schema).close()
    return pq.ParquetFile(empty).schema_arrow.remove_metadata()


class ParquetSink:
    """Writes row groups of a bounded size, zstd, with page checksums and a page index."""

    def __init__(self, stream: BinaryIO, schema: pa.Schema, **options: Any):
        settings = {"compression": "zstd", "write_page_checksum": True, "write_page_index": True} | options
        self._writer = pq.ParquetWriter(stream, schema, **settings)
        self.groups = 0

    def write(self, table: pa.Table) -> None:
        """One row group."""
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))
        self.groups += 1

    def close(self) -> None:
        """Writes the footer; the stream stays open."""
        self._writer.close()

    def __del__(self) -> None:
        # A writer that was never closed belongs to an abandoned file. pyarrow would write its footer now, and complain.
        if writer := getattr(self, "_writer", None):
            writer.is_open = False


class RowGroupBuffer:
    """Collects rows until they make a row group."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self._bytes = 0

    def add(self, row: Any, chars: int) -> bool:
        """Takes a row; True when the batch is full."""
        self.rows.append(row)
        self._bytes += chars
        return len(self.rows) >= ROW_GROUP_ROWS or self._bytes >= ROW_GROUP_BYTES

    def take(self) -> list[Any]:
        """The rows; the batch is empty afterwards."""
        rows, self.rows, self._bytes = self.rows, [], 0
        return rows


class HashingStream:
    """A writable stream that counts the bytes written and takes their sha256."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream
        self._sha256 = hashlib.sha256()
        self._bytes = 0
        self.closed = False

    def write(self, data: Any) -> int:
        self._sha256.update(data)
        self._bytes += memoryview(data).nbytes
        self._stream.write(data)
        return memoryview(data).nbytes

    def tell(self) -> int:
        return self._bytes

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        self.closed = True

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()
