"""Tiny corpora with whatever texts a test wants, as a build writes them, without a build."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from c4pipe.corpus.catalogue import describe
from c4pipe.corpus.stats import Stats
from c4pipe.page import Page
from c4pipe.presets import EN
from c4pipe.shards import (
    MANIFEST,
    PAGE_SCHEMA,
    REJECTED_SCHEMA,
    SCHEMA_VERSION,
    HashingStream,
    ParquetSink,
    page_table,
    shard_name,
    to_json,
)  # fmt: skip


def lost(url: str, stage: str, reason: str, text: str = "", **rest: Any) -> dict[str, Any]:
    """A row of the rejected table."""
    row = {"url": url, "timestamp": "2024-05-22T10:11:12Z", "stage": stage, "reason": reason, "detail": ""}
    return row | {"text": text, "dropped": [], "source": f"a.wet.gz#{url}"} | rest


def write(
    folder: Path,
    pages: Sequence[Page],
    rejected: Sequence[dict[str, Any]] = (),
    schema: pa.Schema = PAGE_SCHEMA,
    **manifest: Any,
) -> Path:
    """A corpus of preset `en` with these pages in one file, and these rows in the rejected table; the folder."""
    stats = Stats()
    for page in pages:
        stats.read(page)
        stats.kept(page)
    for row in rejected:
        if row["stage"]:
            stats.read(Page(row["url"], row["text"], row["timestamp"]))
            stats.rejected(row["url"])
    listed = {"shards": [], "rejected": []}
    for kind, path, table in (
        ("shards", f"en/{shard_name('train', 0, 1)}", page_table(pages, schema)),
        ("rejected", "__rejected/part-000000.parquet", pa.Table.from_pylist(list(rejected), REJECTED_SCHEMA)),
    ):
        if table.num_rows:
            row = {"config": "en", "split": "train"} if kind == "shards" else {}
            listed[kind].append(row | _file(folder, path, table))
    made = {
        "schema_version": SCHEMA_VERSION,
        "preset": describe(EN),
        "settings": {"languages": ["en"], "rejected": "all"},
        "inputs": [{"path": "a.wet.gz", "bytes": 1000, "records": stats.pages_read, "faults": {}}],
        **listed,
        "ledger": ledger(len(pages), Counter((row["stage"], row["reason"]) for row in rejected if row["stage"])),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stats.json").write_bytes(to_json(stats.to_json() | {"domains_exact": True, "faults": []}))
    (folder / MANIFEST).write_bytes(to_json(made | manifest))
    return folder


def ledger(kept: int, rejected: Counter[tuple[str, str]]) -> dict[str, Any]:
    """A ledger of preset `en` in which so many pages are kept and these are not."""
    rows, entered = [], kept + rejected.total()
    for stage in EN.stages:
        out = {reason: n for (name, reason), n in sorted(rejected.items()) if name == stage.name}
        left = entered - sum(out.values())
        rows.append({"stage": stage.name, "in": entered, "kept": left, "rejected": out, "lines_dropped": {}})
        entered = left
    return {"records": kept + rejected.total(), "stages": rows}


def _file(folder: Path, path: str, table: pa.Table) -> dict[str, Any]:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    with (folder / path).open("wb") as raw:
        stream = HashingStream(raw)
        sink = ParquetSink(stream, table.schema)
        sink.write(table)
        sink.close()
    return {"path": path, "rows": table.num_rows, "bytes": stream.tell(), "sha256": stream.sha256}
