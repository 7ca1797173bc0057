"""The dataset card: what `datasets.load_dataset` reads, and what a person should know before using the corpus."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from c4pipe.catalogue import reasons_of
from c4pipe.ledger import Ledger
from c4pipe.page import Unit
from c4pipe.presets import Preset
from c4pipe.shards import PAGE_SCHEMA, SPLITS
from c4pipe.stats import Stats

SIZES = (
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
_TYPES = {pa.string(): "string", pa.float64(): "float64"}


def dataset_card(preset: Preset, shards: list[dict[str, Any]], ledger: Ledger, stats: Stats) -> str:
    """README.md of a corpus."""
    rows = sum(shard["rows"] for shard in shards)
    return "\n".join(
        [
            "---",
            *_front_matter(shards, stats, rows),
            "---",
            "",
            f"# A C4-like corpus ({preset.name})",
            "",
            f"{rows:,} pages kept of {ledger.records:,} records read from Common Crawl WET files, by c4pipe's preset "
            f"`{preset.name}`: {preset.says}.",
            "",
            "```python",
            "from datasets import load_dataset",
            "",
            *(f'load_dataset("path/to/this/folder", "{config}")' for config in _configs(shards)),
            "```",
            "",
            "## What is in it",
            "",
            _table(
                ("config", "split", "pages", "files", "bytes"),
                [
                    (config, split, f"{sum(s['rows'] for s in part):,}", f"{len(part):,}", f"{_size(part):,}")
                    for config in _configs(shards)
                    for split in SPLITS
                    if (part := [s for s in shards if s["config"] == config and s["split"] == split])
                ],
            ),
            "",
            "Columns: `text`, `timestamp`, `url` as in allenai/c4, then `language`, `language_score`, "
            "`source` (WET file and byte offset) and `record_id`.",
            "",
            "## What was removed, and why",
            "",
            _removed(preset, ledger),
            "",
            "`manifest.json` holds every threshold with its source, every input and the checksum of every file; "
            "`rejected/` holds sampled pages of every reason, and what was cut from sampled kept pages.",
            "",
            "## Limits",
            "",
            "Heuristics keep some machine text and spam and drop some good prose. Block lists are known to remove "
            "text by and about minorities more than others (Dodge et al. 2021). Language identification makes "
            "mistakes, most of all on short and mixed pages. Test sets of benchmarks may be inside: look before you "
            "evaluate. The text is other people's; Common Crawl's terms of use apply.",
            "",
        ]
    )


def _front_matter(shards: list[dict[str, Any]], stats: Stats, rows: int) -> Iterable[str]:
    languages = sorted({language.split("-")[0] for language in stats.languages} - {"und"})
    size = SIZES[min(max(0, len(str(rows)) - 3), len(SIZES) - 1)]
    yield "license: odc-by"
    yield "task_categories: [text-generation, fill-mask]"
    yield f"language: {json.dumps(languages)}"
    yield f"size_categories: [{json.dumps(size)}]"
    yield "configs:" if shards else "configs: []"
    for config in _configs(shards):
        yield f"- config_name: {json.dumps(config)}"
        yield "  data_files:"
        for split in SPLITS:
            if any(s["config"] == config and s["split"] == split for s in shards):
                yield f"  - split: {split}"
                yield f"    path: {json.dumps(f'{config}/{split}-*.parquet')}"
    yield "dataset_info:" if shards else "dataset_info: []"
    for config in _configs(shards):
        mine = [s for s in shards if s["config"] == config]
        yield f"- config_name: {json.dumps(config)}"
        yield "  features:"
        for field in PAGE_SCHEMA:
            yield f"  - name: {field.name}"
            yield f"    dtype: {_TYPES[field.type]}"
        yield "  splits:"
        for split in SPLITS:
            part = [s for s in mine if s["split"] == split]
            if part:
                yield f"  - name: {split}"
                yield f"    num_bytes: {_size(part)}"
                yield f"    num_examples: {sum(s['rows'] for s in part)}"
        yield f"  download_size: {_size(mine)}"
        yield f"  dataset_size: {_size(mine)}"


def _removed(preset: Preset, ledger: Ledger) -> str:
    counts = {stage.stage: stage for stage in ledger.stages}
    rows = []
    for stage, reason, words in reasons_of(preset):
        count = counts[stage]
        lost = {Unit.PAGE: count.rejected, Unit.LINE: count.lines_dropped, Unit.SENTENCE: count.sentences_dropped}
        number = lost[reason.unit][reason.code]
        if number:
            rows.append((stage, f"`{reason.code}`", f"{number:,} {reason.unit.value}{'s' * (number != 1)}", words))
    return _table(("stage", "reason", "removed", "because it …"), rows)


def _configs(shards: list[dict[str, Any]]) -> list[str]:
    return sorted({shard["config"] for shard in shards})


def _size(shards: list[dict[str, Any]]) -> int:
    return sum(shard["bytes"] for shard in shards)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ("---",) * len(head), *rows])
