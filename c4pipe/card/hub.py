"""The machine-readable part of a card: the YAML that `datasets.load_dataset` and the Hub use to find the files."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from c4pipe.card.features import as_yaml, check_schema, features_of
from c4pipe.langid.base import UND
from c4pipe.shards import SPLITS

__all__ = [
    "bytes_of",
    "card_languages",
    "check_schema",
    "configs_of",
    "front_matter",
    "part",
    "size_category",
    "total_memory",
    "total_rows",
]

SIZE_CATEGORIES = (
    "n<1K",
    "1K<n<10K",
    "10K<n<100K",
    "100K<n<1M",
    "1M<n<10M",
    "10M<n<100M",
    "100M<n<1B",
    "1B<n<10B",
    "10B<n<100B",
    "100B<n<1T",
)
ShardRow = Mapping[str, Any]  # a row of the manifest's list


def front_matter(
    shards: list[ShardRow], languages: Iterable[str], licence: str, schema: pa.Schema | None = None
) -> Iterator[str]:
    """The lines of the YAML, with the columns and sizes of the shards if their schema is known.

    Raises ConfigError for a schema that `check_schema` rejects.
    """
    yield "---"
    yield f"license: {licence}"
    yield "task_categories: [text-generation, fill-mask]"
    yield f"language: {json.dumps(card_languages(languages))}"
    yield f"size_categories: [{json.dumps(size_category(total_rows(shards)))}]"
    yield "configs:" if shards else "configs: []"
    for config in configs_of(shards):
        yield f"- config_name: {json.dumps(config)}"
        yield "  data_files:"
        for split in SPLITS:
            if mine := part(shards, config, split):
                yield f"  - split: {split}"
                folder = posixpath.dirname(mine[0]["path"])
                yield f"    path: {json.dumps(f'{folder}/{split}-*.parquet')}"
    if schema is not None:
        yield "dataset_info:" if shards else "dataset_info: []"
        for config in configs_of(shards):
            yield from _info(config, [shard for shard in shards if shard["config"] == config], schema)
    yield "---"


def _info(config: str, shards: list[ShardRow], schema: pa.Schema) -> Iterator[str]:
    yield f"- config_name: {json.dumps(config)}"
    yield "  features:"
    yield from as_yaml(features_of(schema), "  ")
    yield "  splits:"
    for split in SPLITS:
        if mine := part(shards, config, split):
            yield f"  - name: {split}"
            yield f"    num_bytes: {total_memory(mine)}"
            yield f"    num_examples: {total_rows(mine)}"
    yield f"  download_size: {bytes_of(shards)}"
    yield f"  dataset_size: {total_memory(shards)}"


def size_category(rows: int) -> str:
    """The Hub's name for so many rows.

    >>> size_category(999), size_category(1000)
    ('n<1K', '1K<n<10K')
    """
    return SIZE_CATEGORIES[min(max(0, len(str(rows)) - 3), len(SIZE_CATEGORIES) - 1)]


def configs_of(shards: Iterable[ShardRow]) -> list[str]:
    """The configs of some shards, sorted."""
    return sorted({shard["config"] for shard in shards})


def card_languages(languages: Iterable[str]) -> list[str]:
    """Languages by the Hub's names: without a script, and without undetermined pages.

    >>> card_languages(["zh-Latn", "en", "und", ""])
    ['en', 'zh']
    """
    return sorted({language.split("-")[0] for language in languages} - {UND, ""})


def part(shards: Iterable[ShardRow], config: str, split: str) -> list[ShardRow]:
    """The shards of a split of a config."""
    return [shard for shard in shards if shard["config"] == config and shard["split"] == split]


def total_rows(shards: Iterable[ShardRow]) -> int:
    """Pages in some shards."""
    return sum(shard["rows"] for shard in shards)


def bytes_of(shards: Iterable[ShardRow]) -> int:
    """Bytes of some shards' files."""
    return sum(shard["bytes"] for shard in shards)


def total_memory(shards: Iterable[ShardRow]) -> int:
    """Bytes of some shards' rows in memory; of their files if an older build did not count them."""
    return sum(shard.get("memory", shard["bytes"]) for shard in shards)
