"""From a corpus to PREFIX.bin, PREFIX.idx and PREFIX.parquet: several processes write a part per shard, then parts are
joined.

The parts are in PREFIX.parts-KEY, from which a stopped run resumes. The table is written last: if it exists, all is
complete. Its `KEY` names what it was made from.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from c4pipe.errors import BuildError, ConfigError
from c4pipe.files.storage import LocalStore
from c4pipe.shards import HashingStream, to_json
from c4pipe.tokenizer import TextTokenizer
from c4pipe.tokens.megatron import write_index
from c4pipe.tokens.parts import DOCUMENT_SCHEMA, TokenJob, is_part_whole, write_part

TOKENS_OF = b"c4pipe.tokens"  # key of the table's metadata: JSON, the sources and the checksums of both files
TOKEN_SUFFIXES = (".bin", ".idx", ".parquet")


class TokensMade(NamedTuple):
    """The finished files."""

    documents: int
    tokens: int
    bytes: int  # of the .bin
    already: bool  # whether the files existed already


def made_of(prefix: Path) -> dict[str, Any] | None:
    """What the files of a prefix were made from; None without a table, or if it is not ours."""
    try:
        found = json.loads((pq.read_schema(f"{prefix}.parquet").metadata or {})[TOKENS_OF])
        return found if isinstance(found, dict) else None
    except (OSError, pa.ArrowException, KeyError, ValueError):
        return None


def tokens_there(prefix: Path, of: dict[str, Any], overwrite: bool, begun: bool = False) -> TokensMade | None:
    """The existing files, if made from the same sources. ConfigError for other files there that may not be replaced.
    Files without a table may be left by an earlier run, if it has `begun`."""
    there = [f"{prefix}{suffix}" for suffix in TOKEN_SUFFIXES if os.path.lexists(f"{prefix}{suffix}")]
    found = made_of(prefix)
    same = found is not None and {name: found.get(name) for name in of} == of
    if same and found is not None and len(there) == len(TOKEN_SUFFIXES):
        size = os.path.getsize(f"{prefix}.bin")
        if size == found["bytes"]:
            return TokensMade(found["documents"], found["tokens"], size, True)
    if there and not (overwrite or same or (begun and found is None)):
        what = _differs(found, of) if found else "its origin is unknown"
        raise ConfigError(f"{there[0]} already exists, and {what}. Use another --out, or --overwrite.")
    return None


def _differs(found: dict[str, Any], of: dict[str, Any]) -> str:
    name = next(name for name in of if found.get(name) != of[name])
    return f"was made from {'other' if name == 'shards' else 'another'} {name}"


def make_tokens(
    job: TokenJob, prefix: Path, of: dict[str, Any], tokenizer: TextTokenizer, workers: int, done: Callable[[int], None]
) -> TokensMade:
    """Makes all of it; `done` receives the number of documents of each shard. BuildError if the disk or a shard
    fails."""
    numbers = [number for number in range(len(job.shards)) if not is_part_whole(job, number)]
    done(sum(job.rows) - sum(job.rows[number] for number in numbers))
    try:
        for number in _written(job, numbers, tokenizer, workers):
            done(job.rows[number])
        made = _joined(job, prefix, of)
        shutil.rmtree(job.work)
    except OSError as error:
        raise BuildError(f"{prefix} cannot be written: {error.strerror or error}.") from None
    return made


def _written(job: TokenJob, numbers: list[int], tokenizer: TextTokenizer, workers: int) -> Iterator[int]:
    """Writes these parts; yields the number of each when it is done."""
    if min(workers, len(numbers)) <= 1:
        for number in numbers:
            write_part(job, number, tokenizer)
            yield number
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(numbers)), context, _end_with_parent) as pool:
        futures = {pool.submit(write_part, job, number): number for number in numbers}
        try:
            for future in as_completed(futures):
                future.result()
                yield futures[future]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _end_with_parent() -> None:
    """In a worker: a killed parent cannot notify it."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _joined(job: TokenJob, prefix: Path, of: dict[str, Any]) -> TokensMade:
    """Joins the parts, the table last."""
    store, parts = LocalStore(), [job.part(number) for number in range(len(job.shards))]
    with store.write(f"{prefix}.bin") as raw:
        tokens = HashingStream(raw)
        for path, _ in parts:
            with path.open("rb") as stream:
                shutil.copyfileobj(stream, tokens, 1 << 20)
    lengths = np.concatenate(
        [np.zeros(0, np.int32), *(pq.read_table(t, columns=["tokens"])["tokens"] for _, t in parts)]
    )
    with store.write(f"{prefix}.idx") as raw:
        index = HashingStream(raw)
        write_index(index, lengths, np.dtype(of["type"]))  # type: ignore[arg-type]
    told = {"documents": len(lengths), "tokens": int(lengths.sum()), "bytes": tokens.tell()}
    sums = {"sha256": {".bin": tokens.sha256, ".idx": index.sha256}}
    schema = DOCUMENT_SCHEMA.with_metadata({TOKENS_OF: to_json({**of, **told, **sums}, None)})
    with store.write(f"{prefix}.parquet") as raw, pq.ParquetWriter(raw, schema, compression="zstd") as writer:
        document = start = 0
        for group in (group for _, table in parts for group in _row_groups(table)):
            writer.write_table(_moved(group, document, start).cast(schema))
            document, start = document + group.num_rows, start + (pc.sum(group["tokens"]).as_py() or 0)
    return TokensMade(told["documents"], told["tokens"], told["bytes"], False)


def _row_groups(path: Path) -> Iterator[pa.Table]:
    file = pq.ParquetFile(path)
    yield from (file.read_row_group(number) for number in range(file.num_row_groups))


def _moved(group: pa.Table, document: int, start: int) -> pa.Table:
    """The rows of a group, moved behind so many documents and tokens."""
    for name, by in (("document", document), ("start", start)):
        at = group.schema.get_field_index(name)
        group = group.set_column(at, group.schema.field(at), pc.add(group[name], by))
    return group
