"""What was taken out of a corpus once it was finished, in numbers: the same ones wherever they are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from c4pipe.text import many


def told_removed(manifest: Mapping[str, Any]) -> str:
    """How many pages went, of all that had a row, in words; "" of a corpus that is as it was built.

    >>> rows = [{"matched": 56, "kept": 1}]
    >>> told_removed({"removed": rows, "ledger": {"stages": [{"removed": 50}]}})
    '56 pages, of which 1 was kept and 50 had come to the first dedup of text'
    """
    rows = manifest.get("removed", ())
    if not rows:
        return ""
    pages, kept = (sum(row[name] for row in rows) for name in ("matched", "kept"))
    came = sum(row.get("removed", 0) for row in manifest["ledger"]["stages"])
    further = f" and {came:,} had come to the first dedup of text" if came != kept else ""
    return f"{many(pages, 'page')}, of which {were(kept)} kept{further}"


def were(count: int) -> str:
    """A count with its verb: 1 was, 2 were."""
    return f"{count:,} {'was' if count == 1 else 'were'}"


def came_of(row: Mapping[str, Any]) -> str:
    """What else became of pages with one removal, in words: its row of the manifest."""
    return f"{row['came_back']:,} came back, {row['changed']:,} changed, {row['fallen']:,} dropped"
