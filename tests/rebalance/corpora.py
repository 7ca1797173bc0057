"""Small finished corpora in many languages, as a build writes them, without a build."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from c4pipe.page import Page
from c4pipe.shards import (
    MANIFEST,
    PAGE_SCHEMA,
    SCHEMA_VERSION,
    HashingStream,
    ParquetSink,
    page_table,
    shard_name,
    to_json,
)

GROUP = 7  # rows of a row group, so that few rows make several


def page(config: str, split: str, number: int) -> dict[str, object]:
    """A page that no other number, split or language gives."""
    text = f"{config} page {number} of {split}. " + "Wörter und mehr. " * (number % 5)
    page = Page(f"http://{config}.example/{number}", text, f"2024-0{1 + number % 9}-22T10:11:12Z")
    votes = f"cld2:{config}:0.99"
    page = page._replace(language=config, language_score=0.99, language_votes=votes)
    (row,) = page_table([page._replace(source=f"{config}.wet#{split}{number}")]).to_pylist()
    return dict(row)


def write_corpus(
    folder: Path,
    train: Mapping[str, int],
    validation: Mapping[str, int] | None = None,
    shards: int = 2,
    columns: Sequence[str] = tuple(PAGE_SCHEMA.names),
    group: int = GROUP,
) -> Path:
    """A corpus with so many pages of each config, in so many shards each; the folder."""
    schema = pa.schema([field for field in PAGE_SCHEMA if field.name in columns])
    listed = []
    folder.mkdir(parents=True, exist_ok=True)
    for split, counts in (("train", train), ("validation", validation or {})):
        for config, count in counts.items():
            files = max(1, min(shards, count))
            for number in range(files):
                rows = [page(config, split, i) for i in range(count * number // files, count * (number + 1) // files)]
                path = f"{config}/{shard_name(split, number, files)}"
                (folder / config).mkdir(parents=True, exist_ok=True)
                with open(folder / path, "wb") as raw:
                    stream = HashingStream(raw)
                    sink = ParquetSink(stream, schema)
                    for start in range(0, len(rows), group):
                        sink.write(pa.Table.from_pylist(rows[start : start + group], schema))
                    sink.close()
                row = {"path": path, "config": config, "split": split, "rows": len(rows)}
                listed.append(row | {"bytes": stream.tell(), "sha256": stream.sha256})
    preset = {"name": "multilingual", "says": "a corpus of the tests", "stages": []}
    manifest = {"schema_version": SCHEMA_VERSION, "preset": preset, "shards": sorted(listed, key=lambda s: s["path"])}
    (folder / MANIFEST).write_bytes(to_json(manifest))
    return folder


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
