"""The end of a rebalancing: writes the files that describe the mixture, the manifest last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from c4pipe.corpus.stats import Stats
from c4pipe.errors import BuildError
from c4pipe.files.storage import Store
from c4pipe.passes.summary import splits
from c4pipe.rebalance.card import mixture_card
from c4pipe.rebalance.picture import EntryShare, draw_shares
from c4pipe.rebalance.plan import MIXTURE_CONFIG, MixturePlan
from c4pipe.shards import SCHEMA_VERSION, to_json, write_manifest
from c4pipe.text import many, printable

PICTURE = "mixture.svg"


def write_mixture_files(
    outputs: Sequence[dict[str, Any]], plan: MixturePlan, description: dict[str, Any], store: Store, folder: str
) -> None:
    """Writes stats.json, mixture.svg, README.md and manifest.json for the files that `write_output` made.

    BuildError if these differ from the plan.
    """
    stats, shards = Stats(), []
    for row in sorted(outputs, key=lambda row: row["path"]):
        shards.append({key: value for key, value in row.items() if key != "stats"})
        stats.add(Stats.from_json(row["stats"]))
    for split in plan.splits:
        rows = sum(shard["rows"] for shard in shards if shard["split"] == split.name)
        if rows != split.order.total:
            raise BuildError(f"the {split.name} files hold {many(rows, 'document')}, the plan {split.order.total:,}.")
    stats.pages_read = sum(sum(split.order.documents) for split in plan.splits)
    mixture = entries(plan, description["rates"])
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "preset": {"name": MIXTURE_CONFIG, "says": description["says"], "stages": []},
        "settings": description["settings"],
        "versions": description["versions"],
        "code": description["code"],
        "fingerprint": description["fingerprint"],
        "inputs": description["inputs"],
        "shards": shards,
        "rejected": [],
        "ledger": ledger(plan),
        "mixture": mixture,
        "validation": _validation(plan),
        "largest_deviation": plan.splits[0].order.interleaving.deviation,
    }
    ledger_stages = manifest["ledger"]["stages"]
    numbers = stats.to_json() | {"domains_exact": False, "stages": ledger_stages, "faults": []}
    title = f"{len(mixture)} {'entry' if len(mixture) == 1 else 'entries'}, {description['says']}"
    about = {"stats.json": to_json(numbers), PICTURE: draw_shares(shares(mixture), title)}
    about["README.md"] = mixture_card(manifest, PICTURE, stats).encode()
    write_manifest(store, folder, manifest, about)


def entries(plan: MixturePlan, rates: dict[str, float]) -> dict[str, dict[str, Any]]:
    """For each entry, its documents, its rate, how often it is read, and how many documents of it are written."""
    order = plan.splits[0].order
    return {
        name: {"documents": documents, "rate": rates[name], "epochs": order.epochs(name), "written": written}
        for name, documents, written in zip(order.names, order.documents, order.written, strict=True)
    }


def ledger(plan: MixturePlan) -> dict[str, Any]:
    """The ledger: one stage, which balances. Every document of the corpora is drawn, once or more, or not drawn."""
    orders = [split.order for split in plan.splits]
    pairs = [pair for order in orders for pair in zip(order.documents, order.written, strict=True)]
    records, kept = sum(n for n, _ in pairs), sum(min(pair) for pair in pairs)
    lost = {"not_drawn": records - kept} if kept < records else {}
    stage = {"stage": "draw", "in": records, "kept": kept, "rejected": lost, "lines_dropped": {}}
    return {"records": records, "stages": [stage], "repeats": sum(order.total for order in orders) - kept}


def shares(mixture: dict[str, dict[str, Any]]) -> list[EntryShare]:
    """Each entry's share of the documents before and after."""
    natural = sum(row["documents"] for row in mixture.values())
    written = sum(row["written"] for row in mixture.values())
    return [EntryShare(name, row["documents"] / natural, row["written"] / written) for name, row in mixture.items()]


def mixture_summary(manifest: dict[str, Any], folder: str) -> Iterator[str]:
    """A summary for a terminal: the entries by size, the files, the folder."""
    mixture, parts = manifest["mixture"], {share.name: share for share in shares(manifest["mixture"])}
    wide = max(5, *(len(printable(name)) for name in mixture))
    yield f"{manifest['preset']['name']}: {manifest['preset']['says']}"
    yield f"  {'entry':<{wide}} {'natural':>13} {'share':>9} {'rate':>9} {'epochs':>7} {'written':>13} {'share':>9}"
    for name, row in sorted(mixture.items(), key=lambda item: (-item[1]["documents"], item[0])):
        before, after = f"{parts[name].before:.3%}", f"{parts[name].after:.3%}"
        yield (
            f"  {printable(name):<{wide}} {row['documents']:>13,} {before:>9} {row['rate']:>9.3%} "
            f"{row['epochs']:>7.2f} {row['written']:>13,} {after:>9}"
        )
    wanted, written = manifest["settings"]["documents"], sum(row["written"] for row in mixture.values())
    if wanted is not None and written < wanted:
        epochs = manifest["settings"]["max_epochs"]
        yield f"  {many(wanted, 'document')} were requested, but {many(epochs, 'epoch')} yielded {written:,}"
    yield from splits(manifest)
    yield f"  corpus: {printable(folder)}"


def _validation(plan: MixturePlan) -> dict[str, int]:
    found = [split.order for split in plan.splits if split.name == "validation"]
    return {name: n for order in found for name, n in zip(order.names, order.written, strict=True) if n}
