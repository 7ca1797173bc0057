"""The closing summary of a build: the funnel, and where the corpus is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from c4pipe.corpus.benchmarks import items_told
from c4pipe.corpus.ledger import without_urls
from c4pipe.corpus.telling import html_told, not_restorable, overlap_of, overlap_told, restore_told
from c4pipe.stages import Size
from c4pipe.text import many, percent
from c4pipe.text import printable as printable

BAR = 24  # width of a full bar, in characters
SHOWN_SPLITS = 24  # the largest
SHOWN_WHYS = 3  # most reasons why paths were skipped
SHOWN_INPUTS = 10  # most inputs of a kind that are named
NO_STATS: Mapping[str, Any] = {}
SHOWN_FAULTS = 3  # of each of them


def funnel(manifest: dict[str, Any]) -> Iterator[str]:
    """The ledger as lines: pages kept by each stage, and what each reason removed."""
    stages = manifest["ledger"]["stages"]
    records = max(1, stages[0]["in"])
    for stage in stages:
        bar = "█" * round(BAR * stage["kept"] / records)
        yield f"  {stage['stage']:<10} {stage['kept']:>12,} kept  {stage['kept'] / records:>7.2%}  {bar}"
        for kind in _WORDS:
            lost = sorted(stage.get(kind, {}).items(), key=lambda item: (-item[1], item[0]))
            if lost:
                yield f"  {'':<10} {_WORDS[kind]}: " + ", ".join(f"{code} {n:,}" for code, n in lost)
        if stage.get("removed"):
            yield f"  {'':<10} removed later: {many(stage['removed'], 'page')}"
        if stage is stages[0] and without_urls(stage):
            yield f"  {'':<10} no page has a URL: text hashes replace URLs, and URL dedup has nothing to compare"


_WORDS = {
    "rejected": "dropped",
    "lines_dropped": "lines cut",
    "sentences_dropped": "sentences cut",
    "passages_dropped": "passages cut",
    "flagged": "kept, but flagged",
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
        yield "  left out for having too few pages: " + ", ".join(f"{config} {n:,}" for config, n in left_out.items())


def faulty(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The inputs with unreadable parts, or without a page where one was expected."""
    return [item for item in manifest["inputs"] if item["faults"] or item.get("amiss")]


def is_empty(manifest: dict[str, Any]) -> bool:
    """Whether no page was kept."""
    return not any(shard["rows"] for shard in manifest["shards"])


def emptied(manifest: dict[str, Any], folder: str) -> str:
    """One line about a corpus that kept no page: the stage that dropped most, and how to keep small languages."""
    stages = manifest["ledger"]["stages"]
    most = max(stages[1:], key=lambda stage: sum(stage["rejected"].values()))
    reasons = dict(sorted(most["rejected"].items(), key=lambda item: (-item[1], item[0])))
    few = any(Size.FEW.code in stage["rejected"] for stage in stages)
    small = " Its languages had too few pages: --min-pages N sets how many they need." if few else ""
    took = f"stage {most['stage']} dropped {sum(reasons.values()):,} of the {many(stages[0]['kept'], 'page')} read"
    return f"no page was kept in {printable(folder)}: {took} ({_counts(reasons)}). It has columns but no rows.{small}"


def summary(manifest: dict[str, Any], folder: str, stats: Mapping[str, Any] = NO_STATS) -> str:
    """All of it as text for a terminal. Control characters in names are escaped.

    `stats` is stats.json: it adds the first few faults of each faulty input with their places, and, for a corpus built
    against earlier ones, how much of it was old.
    """
    shares = f"  {'':<10} shares of {many(manifest['ledger']['stages'][0]['in'], 'record')}"
    lines = [f"{manifest['preset']['name']}: {manifest['preset']['says']}", *funnel(manifest), shares]
    lines += ["  no page was kept"] if is_empty(manifest) else splits(manifest)
    lines += old_told(stats)
    if said := html_told(stats):
        lines.append(f"  as read {said}")
    if said := restore_told(manifest) or not_restorable(manifest):
        lines.append(f"  {said}")
    if lacking := sum(part.get("lacking", 0) for part in manifest.get("rejected", ())):
        lines.append(
            f"  not in the rejected table: {many(lacking, 'page')} of inputs that changed after they were read"
        )
    told = inputs_told(manifest, stats.get("faults", ()))
    return "\n".join([*lines, *told, f"  corpus: {printable(folder)}"])


def old_told(stats: Mapping[str, Any], width: int = 0) -> Iterator[str]:
    """One line on overlap with earlier corpora, if the build was made against any, and one on benchmark items, if it
    searched for them.
    """
    if overlap := overlap_of(stats):
        yield f"  {'':<{width}}{overlap_told(overlap)}"
    for line in items_told(stats):
        yield f"  {'':<{width}}{line}"


def summary_of_several(
    manifests: Sequence[dict[str, Any]], folders: Sequence[str], stats: Sequence[Mapping[str, Any]] = ()
) -> str:
    """The same for corpora from the same inputs: one or two lines for each, and one account of the inputs."""
    stats = stats or [NO_STATS] * len(manifests)
    names = [manifest["preset"]["name"] for manifest in manifests]
    width = max(map(len, names))
    lines = [f"{len(names)} corpora from {many(len(manifests[0]['inputs']), 'input')}:"]
    for name, manifest, folder, counted in zip(names, manifests, folders, stats, strict=True):
        read, kept = manifest["ledger"]["stages"][0]["kept"], manifest["ledger"]["stages"][-1]["kept"]
        size = sum(shard["bytes"] for shard in manifest["shards"])
        lines.append(
            f"  {name:<{width}} {kept:>12,} of {many(read, 'page')} kept {percent(kept, read):>8} "
            f"{size / 1e6:>12,.2f} MB  {printable(folder)}"
        )
        lines += old_told(counted, width + 1)
    if said := html_told(stats[0]):
        lines.append(f"  as read {said}")
    rows = {item["path"]: item for manifest in manifests for item in manifest["inputs"]}
    worst = {item["path"]: item for manifest in manifests for item in faulty(manifest)}
    told = inputs_told(manifests[0] | {"inputs": [*(rows | worst).values()]}, stats[0].get("faults", ()))
    if said := next(filter(None, map(not_restorable, manifests)), ""):  # the first of any corpus
        lines.append(f"  {said}")
    return "\n".join([*lines, *told, "  details of each: make inspect DATA=FOLDER"])


def inputs_told(manifest: Mapping[str, Any], faults: Sequence[dict[str, Any]] = (), rest: str = "in") -> Iterator[str]:
    """The account of the inputs: those without a page, those with faults, and other paths found next to them.

    The first few of each; `rest` says that the manifest has, or will have, the others.
    """
    first = partial(_first, rest=rest)
    empty = [item for item in manifest["inputs"] if item.get("why")]
    if empty:
        yield f"  {_of(len(empty), manifest)} gave no page:"
        yield from first(empty, lambda item: [printable(f"{item['path']}: {item['why']}")])
    bad = [item for item in manifest["inputs"] if item["faults"] and not item.get("why")]
    if bad:
        yield f"  {_of(len(bad), manifest)} {'has' if len(bad) == 1 else 'have'} faults:"
        yield from first(bad, lambda item: _faults_told(item, faults))
    if other := manifest.get("no_inputs"):
        yield f"  {many(len(other), 'other path')} skipped{_skipped(other)}{_all_in(rest)}"


def _skipped(paths: Sequence[dict[str, Any]]) -> str:
    """One path for each of the most frequent reasons."""
    whys = Counter(_short(item["why"]) for item in paths)
    examples = {_short(item["why"]): item["path"] for item in reversed(paths)}
    shown = [
        printable(f"{f'{number:,} ' if whys.keys() - {why} else ''}such as {examples[why]} ({why})")
        for why, number in whys.most_common(SHOWN_WHYS)
    ]
    return f", {'; '.join(shown)}"


def _short(why: str) -> str:
    """A reason without what differs between the paths that have it."""
    return why.partition(" (")[0]


def _all_in(rest: str) -> str:
    return "; manifest.json lists all" if rest == "in" else "; the manifest.json of a build lists all"


def _of(number: int, manifest: Mapping[str, Any]) -> str:
    return f"{number:,} of {many(len(manifest['inputs']), 'input')}"


def _first(items: list[dict[str, Any]], lines: Callable[[dict[str, Any]], list[str]], rest: str) -> Iterator[str]:
    for item in items[:SHOWN_INPUTS]:
        yield from (f"    {line}" for line in lines(item))
    if (left := len(items) - SHOWN_INPUTS) > 0:
        yield f"    ... and {left:,} more, {rest} manifest.json"


def _faults_told(item: dict[str, Any], faults: Sequence[dict[str, Any]]) -> list[str]:
    own = [fault for fault in faults if fault["file"] == item["path"]]
    lines = [f"{printable(item['path'])}: {_counts(item['faults'])}"]
    lines += [f"  {_place(fault)}" for fault in own[:SHOWN_FAULTS]]
    left = sum(item["faults"].values()) - SHOWN_FAULTS
    return lines + ([f"  ... and {left:,} more, in stats.json"] if own and left > 0 else [])


def _place(fault: dict[str, Any]) -> str:
    """One fault: where it is, what it is."""
    where = "whole file" if fault["offset"] is None else f"byte {fault['offset']:,}, record {fault['record']:,}"
    detail = fault["detail"].removeprefix(f"{fault['file']}: ")
    return printable(f"{where}: {fault['reason']}" + (f" ({detail})" if detail else ""))


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{code} {n:,}" for code, n in counts.items())
