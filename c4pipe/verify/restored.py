"""The pages that `remove` may bring back: in order, and as many as the ledger says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from c4pipe.corpus.trunk import deduped
from c4pipe.shards import MANIFEST
from c4pipe.text import many
from c4pipe.verify.findings import Finding, damaged
from c4pipe.verify.tables import Counted


def restore_findings(folder: Path, manifest: Mapping[str, Any], restored: Mapping[str, Counted]) -> Iterator[Finding]:
    """What is wrong with these files (by path), all of which were readable.

    Each page that reached a text dedup is unchanged in a shard, or here once.
    """
    if not restored:
        return
    dedups = deduped(manifest)[1:]
    legs: Counter[int] = Counter()
    for path, counted in sorted(restored.items()):
        legs.update(counted.legs)
        if not counted.ascending:
            yield damaged(folder / path, "format", "its rows are out of order", "each `row` above the one before")
        if strange := sorted({*counted.legs} - {*range(1, len(dedups) + 2)}, key=str):
            yield damaged(folder / path, "format", f"a page with {strange[0]} legs", f"1 to {len(dedups) + 1}")
            return
    as_they_came = sum(row["rows"] for row in manifest["shards"]) - legs[len(dedups) + 1]
    entered = {row["stage"]: row["in"] for row in manifest["ledger"]["stages"]}
    for number, stage in enumerate(dedups, 1):
        found = as_they_came + sum(pages for far, pages in legs.items() if far >= number)
        if found != entered[stage]:
            what = f"{many(found, 'page')} that reached stage {stage} are in shards and restore files"
            yield damaged(folder / MANIFEST, "counts", what, f"{entered[stage]:,}, by the ledger")
