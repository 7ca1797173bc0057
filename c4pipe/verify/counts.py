"""Recounts a corpus: the ledger balances, and it agrees with the files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from c4pipe.corpus.ledger import Ledger
from c4pipe.corpus.plan import KEPT
from c4pipe.corpus.stats import Stats
from c4pipe.corpus.trunk import before_text
from c4pipe.errors import BuildError
from c4pipe.shards import MANIFEST, STATS
from c4pipe.verify.findings import Finding, damaged
from c4pipe.verify.tables import Counted

# Statistics that depend on the kept pages alone; domains are truncated, votes are of one kind of identifier.
_TAKEN_AGAIN = ("pages_kept", "chars_kept", "bytes_kept", "lengths_kept", "languages", "months")


@dataclass
class Holdings:
    """What the files of a corpus hold."""

    kept: Counted = field(default_factory=Counted)
    rejected: Counted = field(default_factory=Counted)
    splits: Counter[str] = field(default_factory=Counter)  # split -> kept pages
    restored: dict[str, Counted] = field(default_factory=dict)  # pages that may come back, by file path
    schemas: dict[str, pa.Schema] = field(default_factory=dict)  # by file path


def count_findings(folder: Path, manifest: Mapping[str, Any], stats: Any, held: Holdings) -> Iterator[Finding]:
    """Where the counts of the manifest or `stats` (stats.json, None for a corpus without) differ from those of the
    files."""
    path = folder / MANIFEST
    ledger = None
    if "ledger" in manifest:
        try:
            ledger = Ledger.from_json(manifest["ledger"]).check()
        except BuildError as error:
            yield damaged(path, "counts", str(error))
    if ledger is not None:
        yield from _ledger(path, manifest, ledger, held)
    if "mixture" in manifest:
        yield from _mixture(path, manifest, held)
    if stats is not None:
        yield from _stats(folder / STATS, manifest, stats, held.kept.stats)


def _ledger(path: Path, manifest: Mapping[str, Any], ledger: Ledger, held: Holdings) -> Iterator[Finding]:
    said = manifest["ledger"]
    yield from _unequal(path, "records of the ledger", ledger.records, said.get("records"))
    repeats = said.get("repeats", 0)  # a mixture may hold a document more than once
    yield from _unequal(path, "kept pages by the ledger", held.kept.rows, ledger.kept + repeats)
    counted = Counter({(row.stage, code): n for row in ledger.stages for code, n in row.rejected.items()})
    counted["", KEPT] = ledger.kept + sum(manifest.get("left_out", {}).values())  # these were kept up to the last stage
    for key, n in sorted(held.rejected.rejected.items(), key=str):
        if n > counted[key]:
            what = "rejected pages of {}/{}".format(*key)
            yield damaged(path, "counts", f"{n:,} {what} are in the files", f"{counted[key]:,} at most, by the ledger")
    if manifest.get("settings", {}).get("rejected") == "all":
        early = {*before_text(manifest)} if manifest.get("removed") else set()
        gone = sum(n - held.rejected.rejected[key] for key, n in counted.items() if key[0] in early)
        told = sum(row["rejected"] for row in manifest.get("removed", ()))
        yield from _unequal(path, "rejected pages that were removed", gone, told)
        for key, n in sorted(counted.items()):
            if held.rejected.rejected[key] < n and key[0] not in early:
                what = "rejected pages of {}/{}".format(*key)
                yield damaged(
                    path, "counts", f"{held.rejected.rejected[key]:,} {what} are in the files", f"{n:,}, by the ledger"
                )


def _mixture(path: Path, manifest: Mapping[str, Any], held: Holdings) -> Iterator[Finding]:
    written = sum(row["written"] for row in manifest["mixture"].values())
    yield from _unequal(path, "train documents of the mixture", held.splits["train"], written)
    validation = sum(manifest.get("validation", {}).values())
    yield from _unequal(path, "validation documents of the mixture", held.splits["validation"], validation)


def _stats(path: Path, manifest: Mapping[str, Any], stats: Mapping[str, Any], found: Stats) -> Iterator[Finding]:
    try:
        said = Stats.from_json({name: stats[name] for name in _TAKEN_AGAIN if name in stats})
    except BuildError as error:
        yield damaged(path, "counts", str(error))
        return
    for name in _TAKEN_AGAIN:
        if name in stats:
            yield from _unequal(path, name, getattr(found, name), getattr(said, name))
    if "stages" in stats and stats["stages"] != manifest.get("ledger", {}).get("stages"):
        yield damaged(path, "counts", "its stages are others", f"those of the ledger in {MANIFEST}")


def _unequal(path: Path, what: str, found: Any, said: Any) -> Iterator[Finding]:
    if found != said:
        yield damaged(path, "counts", f"{what} are {_shown(found)} in the files", f"{_shown(said)}, as it says")


def _shown(value: Any) -> str:
    if isinstance(value, Counter):
        return ", ".join(f"{key} {n:,}" for key, n in sorted(value.items(), key=str)) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
