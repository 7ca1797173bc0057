"""The log of removals, part of the corpus: what was requested, when and why, and the result.

    removed.json   {"removals": [{date, reason, asked, entries, matched, came_back, changed, fallen, shards}, ...]}

Nothing in it identifies a page. Entries and pages appear as digests; anyone who has the entry can recompute its digest.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from c4pipe.errors import BuildError
from c4pipe.removal.asked import OPTIONS, Wishes, wishes_for
from c4pipe.removal.matching import Matched
from c4pipe.removal.outcome import Replayed

REMOVED = "removed.json"


def log_entry(matched: Matched, replayed: Replayed, shards: Iterable[str], date: str, reason: str) -> dict[str, Any]:
    """The log entry of a removal.

    entries     kind, sha256 of the kind, a blank and the usual spelling, and how many pages each matched
    matched     pages, those of them in the shards, and URLs of which only a key was left
    came_back, changed, fallen   pages that returned to the shards, whose text changed there, and that left them
    shards      files of pages that changed
    """
    asked = Counter(OPTIONS[wish.kind] for wish in matched.asked.wishes)
    back = replayed.put.keys() - replayed.gone
    left = {source for source in replayed.fallen if source in replayed.gone}
    return {
        "date": date,
        "reason": reason,
        "asked": {option.removeprefix("--"): asked[option] for option in OPTIONS.values()},
        "entries": [
            {"kind": wish.kind, "sha256": wish.digest, "pages": pages}
            for wish, pages in zip(matched.asked.wishes, matched.pages, strict=True)
        ],
        "matched": {"pages": len(matched.urls), "kept": len(matched.kept), "keys": len(matched.listed)},
        "came_back": _digested(back),
        "changed": _digested(replayed.put.keys() & replayed.gone),
        "fallen": _digested(left),
        "shards": sorted(shards),
    }


def _digested(sources: Iterable[str]) -> dict[str, Any]:
    """The number of pages, and a digest that is the same for the same pages; no digest if there are none."""
    names = sorted(sources)
    if not names:
        return {"pages": 0}
    return {"pages": len(names), "sha256": hashlib.sha256("\n".join(names).encode()).hexdigest()}


def earlier_removals(folder: Path, manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The log of earlier removals. BuildError if it was changed."""
    if not manifest.get("removed"):
        return []
    try:
        found = json.loads((folder / REMOVED).read_bytes())["removals"]
        if isinstance(found, list) and len(found) == len(manifest["removed"]):
            return found
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise BuildError(f"{folder / REMOVED} was changed since it was written. Copy the corpus again.")


def unmet(asked: Wishes, log: Iterable[Mapping[str, Any]]) -> list[str]:
    """The entries for which these removals removed nothing, as written."""
    met = {entry["sha256"] for removal in log for entry in removal["entries"] if entry["pages"]}
    return [wish.text for wish in asked.wishes if wish.digest not in met]


def taken_out(url: str, log: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The last of these removals that removed something for an entry that matches a URL."""
    digests = {wish.digest for wish in wishes_for(url)}
    rows = [row for row in log if any(entry["pages"] and entry["sha256"] in digests for entry in row["entries"])]
    return rows[-1] if rows else None


def manifest_row(entry: Mapping[str, Any], early: int) -> dict[str, Any]:
    """The manifest's entry for it. `early`: removed rows of the rejected table whose pages were dropped before the
    first text dedup."""
    row = {"date": entry["date"], "reason": entry["reason"], "asked": sum(entry["asked"].values())}
    row |= {"matched": entry["matched"]["pages"], "kept": entry["matched"]["kept"], "rejected": early}
    row |= {name: entry[name]["pages"] for name in ("came_back", "changed", "fallen")}
    return row | {"log": REMOVED}
