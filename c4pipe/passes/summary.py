"""The closing words of a build: the funnel, and where the corpus is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from c4pipe.corpus.ledger import without_urls
from c4pipe.text import many
from c4pipe.text import printable as printable

BAR = 24  # characters of a full bar
SHOWN_SPLITS = 24  # the largest
SHOWN_INPUTS = 10  # inputs with faults that are named
SHOWN_FAULTS = 3  # of each of them


def funnel(manifest: dict[str, Any]) -> Iterator[str]:
    """The ledger as lines: pages that reach each stage, and what each reason took away."""
    stages = manifest["ledger"]["stages"]
    records = max(1, stages[0]["in"])
    for stage in stages:
        bar = "█" * round(BAR * stage["kept"] / records)
        yield f"  {stage['stage']:<10} {stage['kept']:>12,} kept  {stage['kept'] / records:>7.2%}  {bar}"
        for kind in ("rejected", "lines_dropped", "sentences_dropped", "flagged"):
            lost = sorted(stage.get(kind, {}).items(), key=lambda item: (-item[1], item[0]))
            if lost:
                yield f"  {'':<10} {_WORDS[kind]}: " + ", ".join(f"{code} {n:,}" for code, n in lost)
        if stage is stages[0] and without_urls(stage):
            yield f"  {'':<10} no page has a URL: its text stands for it, and URL dedup has nothing to go by"


_WORDS = {
    "rejected": "pages out",
    "lines_dropped": "lines cut",
    "sentences_dropped": "sentences cut",
    "flagged": "kept, but noted",
}


def splits(manifest: dict[str, Any]) -> Iterator[str]:
    """Each config and split: pages, files, bytes; of many languages the largest, and those that were left out."""
    sums: dict[tuple[str, str], list[int]] = {}
    for shard in manifest["shards"]:
        total = sums.setdefault((shard["config"], shard["split"]), [0, 0, 0])
        for i, n in enumerate((shard["rows"], 1, shard["bytes"])):
            total[i] += n
    largest = sorted(sums, key=lambda key: (-sums[key][0], key))
    for config, split in sorted(largest[:SHOWN_SPLITS]):
        rows, files, size = sums[config, split]
        counts = f"{many(rows, 'page')} in {many(files, 'file')}"
        yield f"  {config}/{split}: {counts}, {size / 1e6:,.2f} MB"
    if rest := largest[SHOWN_SPLITS:]:
        rows = sum(sums[key][0] for key in rest)
        yield f"  ... and {rows:,} pages in {len(rest):,} smaller splits; README.md lists them"
    if left_out := manifest.get("left_out"):
        yield "  left out for too few pages: " + ", ".join(f"{config} {n:,}" for config, n in left_out.items())


def faulty(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The inputs of which something could not be read."""
    return [item for item in manifest["inputs"] if item["faults"]]


def summary(manifest: dict[str, Any], folder: str, faults: Sequence[dict[str, Any]] = ()) -> str:
    """All of it as text for a terminal. Names are shown with control characters spelt out.

    `faults` is the table of stats.json: of each faulty input the first few are shown with their place in the file.
    """
    lines = [f"{manifest['preset']['name']}: {manifest['preset']['says']}", *funnel(manifest)]
    lines += splits(manifest) if manifest["shards"] else ["  no page was kept"]
    bad = faulty(manifest)
    if bad:
        lines.append(f"  {len(bad)} of {len(manifest['inputs'])} inputs have faults:")
        for item in bad[:SHOWN_INPUTS]:
            lines.append(f"    {printable(item['path'])}: {_counts(item['faults'])}")
            own = [fault for fault in faults if fault["file"] == item["path"]]
            lines += [f"      {_place(fault)}" for fault in own[:SHOWN_FAULTS]]
            left = sum(item["faults"].values()) - SHOWN_FAULTS
            lines += [f"      ... and {left:,} more, in stats.json"] if own and left > 0 else []
        left = len(bad) - SHOWN_INPUTS
        lines += [f"    ... and {left} more, in manifest.json"] if left > 0 else []
    lines.append(f"  corpus: {printable(folder)}")
    return "\n".join(lines)


def _place(fault: dict[str, Any]) -> str:
    """One fault: where it is, what it is."""
    where = "whole file" if fault["offset"] is None else f"byte {fault['offset']:,}, record {fault['record']:,}"
    detail = fault["detail"].removeprefix(f"{fault['file']}: ")
    return printable(f"{where}: {fault['reason']}" + (f" ({detail})" if detail else ""))


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{code} {n:,}" for code, n in counts.items())
