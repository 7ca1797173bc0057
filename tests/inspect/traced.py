"""A corpus with an index, and what a training has read of it, written by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.shards import EXPOSURE, EXPOSURE_SCHEMA, PROVENANCE, read_manifest
from c4pipe.textindex.making import make_index

STEPS = [12, 840, *range(1000, 1020)]  # at which the first page was read; the others were not


def indexed(corpus: Path, folder: Path) -> Path:
    """A copy of a corpus, with an index."""
    copy = Path(shutil.copytree(corpus, folder))
    make_index(copy)
    return copy


def write_run(folder: Path, corpus: Path, shards: Sequence[str] | None = None, **changes: Any) -> Path:
    """A run that reads all shards, or these, with its exposure alone: of the first page of the first shard."""
    folder.mkdir(parents=True)
    listed = read_manifest(corpus)["shards"]
    shard = listed[0]
    row = {"corpus": str(corpus), "config": shard["config"], "shard": shard["path"], "sha256": shard["sha256"]}
    row |= {"row": 0, "url": "", "times": 2, "steps": STEPS} | changes
    made = {"step": 2000, "state": "", "shards": [one["sha256"] for one in listed] if shards is None else shards}
    schema = EXPOSURE_SCHEMA.with_metadata({PROVENANCE: json.dumps(made)})
    pq.write_table(pa.Table.from_pylist([row], schema=schema), folder / EXPOSURE)
    return folder


def first_page(corpus: Path) -> tuple[str, str]:
    """The shard of that page, and a text that it alone holds."""
    shard = read_manifest(corpus)["shards"][0]["path"]
    return shard, pq.read_table(corpus / shard)["text"][0].as_py()[:60]
