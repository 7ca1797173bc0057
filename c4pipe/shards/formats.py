"""The formats of an output shard: always Parquet, plus the others requested.

en/train-00000-of-00008.parquet         parquet, or parquet-cdc
en/c4-train.00000-of-00008.json.gz      jsonl: the same pages in the same order, named as in allenai/c4
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple, Protocol

import pyarrow as pa

from c4pipe.errors import ConfigError, unknown
from c4pipe.shards.regrouping import AsTheyCome, ByContent, Regrouping
from c4pipe.shards.sink import ParquetSink

FORMAT = "format"  # of a manifest's settings, unless it is `PARQUET_ALONE`
JSON_COLUMNS = ("text", "timestamp", "url")  # of a line, in the order of allenai/c4
GZIP_LEVEL = 6  # 2 % more bytes than level 9, in a third of its time


class ShardWriter(Protocol):
    """Writes the row groups of one file of a shard."""

    def write(self, table: pa.Table) -> None: ...

    def close(self) -> None:
        """Writes the remaining rows; the stream stays open."""


class ShardFormat(NamedTuple):
    """One kind of file."""

    name: str
    says: str  # what it is, for --help
    path: Callable[[str], str]  # from the path of the Parquet file
    open: Callable[[BinaryIO, pa.Schema], ShardWriter]
    regroup: Callable[[], Regrouping] | None = None  # how a shard is cut into row groups; None: like another format

    @property
    def whole(self) -> bool:
        """Whether it holds all columns: every shard has one such file, which all readers use."""
        return self.regroup is not None


class JsonLines:
    """One JSON object a line, in gzip. The gzip header holds no time and no name."""

    def __init__(self, stream: BinaryIO, schema: pa.Schema):
        self._gzip = gzip.GzipFile("", "wb", GZIP_LEVEL, stream, mtime=0)
        self._encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

    def write(self, table: pa.Table) -> None:
        for row in table.select(JSON_COLUMNS).to_pylist():
            self._gzip.write(f"{self._encode(row)}\n".encode())

    def close(self) -> None:
        self._gzip.close()


def _parquet(stream: BinaryIO, schema: pa.Schema) -> ParquetSink:
    return ParquetSink(stream, schema)


def _chunked(stream: BinaryIO, schema: pa.Schema) -> ParquetSink:
    return ParquetSink(stream, schema, use_content_defined_chunking=True)


def _beside(path: str) -> str:
    """The name that allenai/c4 has for a shard.

    >>> _beside("en/train-00000-of-01024.parquet")
    'en/c4-train.00000-of-01024.json.gz'
    """
    folder, _, name = path.rpartition("/")
    split, _, number = name.removesuffix(".parquet").partition("-")
    return f"{folder}/c4-{split}.{number}.json.gz"


SHARD_FORMATS = {
    each.name: each
    for each in (
        ShardFormat("parquet", "all columns", str, _parquet, AsTheyCome),
        ShardFormat(
            "parquet-cdc",
            "the same, with row groups and data pages split by content: if a few pages change, most chunks stay the "
            "same",
            str,
            _chunked,
            ByContent,
        ),
        ShardFormat("jsonl", "in addition to Parquet: text, timestamp and url as in allenai/c4", _beside, JsonLines),
    )
}
PARQUET_ALONE = ("parquet",)


def formats_named(text: str) -> tuple[str, ...]:
    """The formats that a list names, in the order of `SHARD_FORMATS`, Parquet always included. ConfigError for others.

    >>> formats_named("jsonl"), formats_named("jsonl,parquet-cdc")
    (('parquet', 'jsonl'), ('parquet-cdc', 'jsonl'))
    """
    asked = [name.strip() for name in text.split(",")]
    for name in asked:
        if name not in SHARD_FORMATS:
            raise unknown("format", name, SHARD_FORMATS)
    whole = [name for name in SHARD_FORMATS if name in asked and SHARD_FORMATS[name].whole] or [*PARQUET_ALONE]
    if len(whole) > 1:
        raise ConfigError(f"--format {text}: {' and '.join(whole)} have the same file names. Use one of them.")
    return (*whole, *(name for name in SHARD_FORMATS if name in asked and not SHARD_FORMATS[name].whole))


def formats_told(formats: Sequence[str]) -> dict[str, str]:
    """The setting in a manifest; empty for Parquet alone."""
    return {} if tuple(formats) == PARQUET_ALONE else {FORMAT: ",".join(formats)}


def shard_formats(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The formats of a corpus, by its manifest, or the description that becomes one."""
    return formats_named(manifest.get("settings", {}).get(FORMAT, PARQUET_ALONE[0]))


def libraries_of_formats(formats: Sequence[str]) -> dict[str, str]:
    """Versions of libraries that decide bytes and are not Python packages."""
    return {"zlib": zlib.ZLIB_RUNTIME_VERSION} if "jsonl" in formats else {}
