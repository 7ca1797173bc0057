"""The Parquet contract: columns, file names, writers, and the manifest that says what belongs to a corpus."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.errors import BuildError, ConfigError
from c4pipe.page import Dropped, Page
from c4pipe.part import everything

PAGE_SCHEMA = pa.schema(
    [
        pa.field("text", pa.string(), nullable=False),  # allenai/c4's three columns come first
        pa.field("timestamp", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("language_score", pa.float64(), nullable=False),
        pa.field("language_votes", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("record_id", pa.string(), nullable=False),
    ]
)
DROPPED_TYPE = pa.list_(pa.struct([("reason", pa.string()), ("line", pa.string()), ("owner", pa.string())]))
REJECTED_SCHEMA = pa.schema(
    [
        pa.field("url", pa.string()),
        pa.field("timestamp", pa.string()),
        pa.field("stage", pa.string()),  # "" for kept pages, which are here for their dropped lines
        pa.field("reason", pa.string()),  # "kept" for kept pages
        pa.field("detail", pa.string()),  # the offending line, word or value
        pa.field("text", pa.string()),  # as it came into the stage that rejected it; as read, for kept pages
        pa.field("dropped", DROPPED_TYPE),  # the lines and sentences cut from it, in the order they fell
        pa.field("source", pa.string()),
    ]
)
SPLITS = ("train", "validation")
MANIFEST = "manifest.json"
SCHEMA_VERSION = 1
ROW_GROUP_ROWS = 1000  # a viewer pages through row groups; Hugging Face's asks for about this size
ROW_GROUP_BYTES = 16 << 20  # of text, so that one group fits a worker however long its pages


def shard_name(split: str, index: int, count: int) -> str:
    """`train-00000-of-00004.parquet`."""
    return f"{split}-{index:05d}-of-{count:05d}.parquet"


def schema_with(columns: Iterable[pa.Field]) -> pa.Schema:
    schema = PAGE_SCHEMA
    for field in columns:
        if field.name in schema.names:
            raise ConfigError(f"column {field.name!r} is there already")
        schema = schema.append(field)
    return schema


def column_fields(parts: Iterable[Any]) -> list[pa.Field]:
    """The columns that parts add, and the parts of these. ConfigError for a type that there is not."""
    found = []
    for part in everything(parts):
        for name, kind in part.columns.items():
            try:
                found.append(pa.field(name, pa.type_for_alias(kind) if isinstance(kind, str) else kind))
            except (TypeError, ValueError) as error:
                raise ConfigError(
                    f"{type(part).__name__} adds a column {name!r} of type {kind!r}: {error}. Expected a type of "
                    'Arrow, such as "float64", "int32" or pyarrow.list_(pyarrow.string()).'
                ) from None
    return found


def files_of_shard(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The files of an output shard by its row in the manifest: its Parquet file, and those `beside` it, if any are
    made; each with `path`, `bytes` and `sha256`."""
    return [row, *row.get("beside", ())]


def page_table(pages: Iterable[Page], schema: pa.Schema = PAGE_SCHEMA) -> pa.Table:
    """Pages as a table of `PAGE_SCHEMA`."""
    columns = list(zip(*pages, strict=True)) or [()] * len(Page._fields)
    by_name = dict(zip(Page._fields, columns, strict=True))
    for field in schema:
        if field.name not in by_name:
            by_name[field.name] = tuple(extra.get(field.name) for extra in by_name["extra"])
    return pa.table([pa.array(by_name[field.name], field.type) for field in schema], schema=schema)


def pages_of(table: pa.Table | pa.RecordBatch, extra: Sequence[str] = ()) -> Iterable[Page]:
    """The pages of a table that has the columns of `PAGE_SCHEMA`, maybe among others."""
    columns = [table.column(name).to_pylist() for name in Page._fields[:-1]]
    if not extra:
        return map(Page, *columns)
    more = zip(*(table.column(name).to_pylist() for name in extra), strict=True)
    return map(Page, *columns, (dict(zip(extra, values, strict=True)) for values in more))


def dropped_column(dropped: Sequence[Sequence[Dropped]]) -> pa.Array:
    """Dropped lines, one list a row."""
    columns = list(zip(*chain.from_iterable(dropped), strict=True)) or [()] * DROPPED_TYPE.value_type.num_fields
    lines = pa.StructArray.from_arrays(
        [pa.array(c, pa.string()) for c in columns], fields=list(DROPPED_TYPE.value_type)
    )
    ends = accumulate(map(len, dropped), initial=0)
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), lines, type=DROPPED_TYPE)


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
        # One that nobody closed is of a file that will never appear. pyarrow would write its footer now, and complain.
        if writer := getattr(self, "_writer", None):
            writer.is_open = False


class Batch:
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
    """A writable stream that knows how many bytes went through it, and their sha256."""

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


def to_json(data: Any) -> bytes:
    """JSON for people and programs: indented, UTF-8, keys in the order given, a newline at the end."""
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace")  # a lone surrogate, as of a file name, becomes JSON's own escape


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a finished corpus. ConfigError where there is none, BuildError where it is damaged."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
        if not isinstance(manifest, dict):
            raise ValueError("it holds no JSON object")
    except FileNotFoundError:
        raise ConfigError(
            f"{folder} holds no finished corpus: it has no {MANIFEST}. Build one: make build-c4."
        ) from None
    except (ValueError, RecursionError, OSError) as error:
        raise BuildError(f"{path} cannot be read ({error}). Build the corpus again.") from None
    if manifest.get("schema_version") != SCHEMA_VERSION:
        found = manifest.get("schema_version")
        raise ConfigError(f"{path} has schema version {found!r}; this c4pipe reads {SCHEMA_VERSION}. Build it again.")
    return manifest
