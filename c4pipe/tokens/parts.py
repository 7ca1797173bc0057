"""One shard as tokens: a part of the .bin, and a table of its documents. A part is complete if its table exists."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.errors import BuildError
from c4pipe.files.storage import LocalStore
from c4pipe.tokenizer import TextTokenizer, named_tokenizer
from c4pipe.tokens.megatron import token_type

TOLD = ("url", "timestamp", "record_id")  # columns that identify a page elsewhere; older builds lack the last
DOCUMENT_SCHEMA = pa.schema(
    [
        pa.field("document", pa.int64(), nullable=False),  # in the order of the .bin, from 0
        pa.field("start", pa.int64(), nullable=False),  # position of its first token in the .bin, in tokens
        pa.field("tokens", pa.int32(), nullable=False),  # including the end-of-document token
        *(pa.field(name, pa.string()) for name in TOLD),
        pa.field("shard", pa.string(), nullable=False),  # path within the folder of the corpus
        pa.field("row", pa.int64(), nullable=False),  # in the shard, from 0
    ]
)
_BYTES = b"c4pipe.bytes"  # key of a table's metadata: size in bytes of its part of the .bin


class TokenJob(NamedTuple):
    """Everything that a worker needs."""

    folder: Path  # of the corpus
    shards: tuple[str, ...]  # relative to it, in order
    rows: tuple[int, ...]  # of each
    tokenizer: Path
    eod: int | None  # the token that ends each document; None for no such token
    work: Path  # the folder of the parts

    def part(self, number: int) -> tuple[Path, Path]:
        """The paths of the tokens and the table of a shard."""
        return self.work / f"{number:05d}.bin", self.work / f"{number:05d}.parquet"


def is_part_whole(job: TokenJob, number: int) -> bool:
    """Whether an earlier run has completed it."""
    tokens, table = job.part(number)
    try:
        footer = pq.read_metadata(table)
        size = int((footer.metadata or {})[_BYTES])
        return bool(footer.num_rows == job.rows[number] and os.path.getsize(tokens) == size)
    except (OSError, pa.ArrowException, KeyError, ValueError):
        return False


def write_part(job: TokenJob, number: int, tokenizer: TextTokenizer | None = None) -> None:
    """Writes it. BuildError for a shard that cannot be read."""
    tokenizer = tokenizer or named_tokenizer(job.tokenizer).cuts
    store, (tokens, table) = LocalStore(), job.part(number)
    kind = token_type(tokenizer.size)
    with store.write(str(table)) as raw, pq.ParquetWriter(raw, DOCUMENT_SCHEMA, compression="zstd") as writer:
        size = start = 0
        with store.write(str(tokens)) as stream:
            for group in _groups(job.folder / job.shards[number]):
                lengths = _write_tokens(stream, tokenizer, group["text"].to_pylist(), job.eod, kind)
                writer.write_table(_told(group, lengths, job.shards[number], start))
                start += group.num_rows
                size += int(lengths.sum()) * kind.itemsize
        writer.add_key_value_metadata({_BYTES.decode(): str(size)})


def _groups(path: Path) -> Iterator[pa.Table]:
    try:
        file = pq.ParquetFile(path)
        names = [name for name in ("text", *TOLD) if name in file.schema_arrow.names]
        for number in range(file.num_row_groups):
            yield file.read_row_group(number, names)
    except (OSError, pa.ArrowException) as error:
        raise BuildError(f"{path} cannot be read ({error}). Copy or build the corpus again.") from None


def _write_tokens(
    stream: BinaryIO, tokenizer: TextTokenizer, texts: list[str], eod: int | None, kind: np.dtype
) -> np.ndarray:
    """Writes the tokens of texts; returns the number for each. As in Megatron's preprocessing, a text without tokens
    gets none."""
    lengths = np.zeros(len(texts), np.int32)
    for number, ids in enumerate(tokenizer.encode(texts)):
        if ids and eod is not None:
            ids.append(eod)
        stream.write(np.array(ids, kind).tobytes())
        lengths[number] = len(ids)
    return lengths


def _told(group: pa.Table, lengths: np.ndarray, shard: str, start: int) -> pa.Table:
    """The rows of a table for a row group; `document` and `start` count from the start of that row group."""
    count = group.num_rows
    nothing = pa.nulls(count, pa.string())
    columns: dict[str, Any] = {name: group[name] if name in group.column_names else nothing for name in TOLD}
    columns |= {
        "document": np.arange(count),
        "start": np.cumsum(lengths, dtype=np.int64) - lengths,
        "tokens": lengths,
        "shard": pa.repeat(shard, count),
        "row": np.arange(start, start + count),
    }
    return pa.table([columns[field.name] for field in DOCUMENT_SCHEMA], schema=DOCUMENT_SCHEMA)
