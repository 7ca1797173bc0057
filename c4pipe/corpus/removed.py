"""What was removed from a finished corpus, in numbers that are the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from c4pipe.text import many


def told_removed(manifest: Mapping[str, Any]) -> str:
    """How many pages were removed, of all that had a row, in words; "" for a corpus as it was built.

    >>> rows = [{"matched": 56, "kept": 1}]
    >>> told_removed({"removed": rows, "ledger": {"stages": [{"removed": 50}]}})
    '56 pages, of which 1 was kept and 50 had reached the first text dedup'
    """
    rows = manifest.get("removed", ())
    if not rows:
        return ""
    pages, kept = (sum(row[name] for row in rows) for name in ("matched", "kept"))
    came = sum(row.get("removed", 0) for row in manifest["ledger"]["stages"])
    further = f" and {came:,} had reached the first text dedup" if came != kept else ""
    return f"{many(pages, 'page')}, of which {were(kept)} kept{further}"


def were(count: int) -> str:
    """A count with its verb: 1 was, 2 were."""
    return f"{count:,} {'was' if count == 1 else 'were'}"


def came_of(row: Mapping[str, Any]) -> str:
    """What else one removal did to pages, in words, from its row in the manifest."""
    return f"{row['came_back']:,} came back, {row['changed']:,} changed, {row['fallen']:,} dropped"
