"""Passages of a corpus and how often each occurs, as `c4pipe.passages` writes and `model.memorise` reads them.

One row per passage, the rarest first; equal counts in the order of their keys. Each bucket of counts (see `bucket_of`)
holds as many as were requested, drawn by their keys.
"""

from __future__ import annotations

import json
from math import log2
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.errors import BuildError, ConfigError

PLACE_TYPE = pa.struct(
    [
        pa.field("shard", pa.string(), nullable=False),  # from the folder of the corpus
        pa.field("row", pa.int64(), nullable=False),  # of the shard, from 0
        pa.field("start", pa.int64(), nullable=False),  # in the text of the page, in characters
    ]
)
PASSAGES_SCHEMA = pa.schema(
    [
        pa.field("key", pa.uint64(), nullable=False),  # that the dedup of this level uses
        pa.field("count", pa.int64(), nullable=False),  # occurrences in what was counted
        pa.field("most", pa.int64(), nullable=False),  # occurrences of its most frequent sentence
        pa.field("text", pa.string(), nullable=False),  # at its first place
        pa.field("places", pa.list_(PLACE_TYPE), nullable=False),  # in the shards of the corpus
    ]
)
PASSAGES_COUNTED = b"c4pipe.passages"  # key of the metadata: JSON, what was counted
BUCKETS_A_DOUBLING = 4  # Carlini et al. 2022, appendix: counts from 2^(n/4) to 2^((n+1)/4)


class PassageFile(NamedTuple):
    """A file of passages."""

    table: pa.Table  # of PASSAGES_SCHEMA
    counted: dict[str, Any]  # level, of ("pages" or "crawl"), split, corpus, and `passages`: per bucket, all that exist


def bucket_of(count: int) -> int:
    """The bucket n of a count of 1 or more: 2^(n/4) to 2^((n+1)/4).

    >>> [bucket_of(count) for count in (1, 2, 3, 4, 5, 300)]
    [0, 4, 6, 8, 9, 32]
    """
    return int(BUCKETS_A_DOUBLING * log2(count) + 1e-9)


def write_passages(path: Path, found: PassageFile) -> None:
    """Writes the file; OSError is left to the caller."""
    told = {PASSAGES_COUNTED: json.dumps(found.counted, sort_keys=True)}
    pq.write_table(found.table.replace_schema_metadata(told), path, compression="zstd")


def read_passages(path: Path) -> PassageFile:
    """The file. ConfigError where there is none, BuildError where it is another file or damaged."""
    if not path.is_file():
        raise ConfigError(f"{path} does not exist. Make it: python -m c4pipe.passages CORPUS --out {path}")
    try:
        table = pq.read_table(path)
        counted = json.loads((table.schema.metadata or {})[PASSAGES_COUNTED])
        return PassageFile(table.select(PASSAGES_SCHEMA.names).cast(PASSAGES_SCHEMA), counted)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise BuildError(f"{path} holds no passages ({error!r}). Make it again: python -m c4pipe.passages") from None
