"""Writes the corpus that a rebuild without some pages would have made, next to the original.

Removal --write_without--> shards, rejected pages, keys, restore files, stats.json, README.md, removed.json, manifest
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from c4pipe.card import dataset_card
from c4pipe.errors import BuildError
from c4pipe.files.storage import Store
from c4pipe.removal.counts import numbers_without, stats_told, totals_told
from c4pipe.removal.kept_apart import write_keys_again, write_restore_again
from c4pipe.removal.log import REMOVED, earlier_removals, log_entry, manifest_row
from c4pipe.removal.rejected import write_rejected_parts
from c4pipe.removal.shards import write_shards
from c4pipe.removal.task import Removal, copy_file
from c4pipe.shards import ADDED, MANIFEST, STATS, SUMS, belongings, to_json, write_manifest

WRITTEN_AGAIN = (STATS, "README.md", REMOVED)  # of the files about a corpus


def write_without(removal: Removal, fingerprint: str, date: str, reason: str) -> dict[str, Any]:
    """Writes all of it, the manifest last; returns the log entry. BuildError if the counts do not add up.

    Args:
        fingerprint: of the new corpus.
        date: the user's, as given.
    """
    manifest, ledger = removal.manifest, removal.replayed.ledger.check()
    shards = write_shards(removal)
    if (held := sum(row["rows"] for row in shards.rows)) != ledger.kept:
        raise BuildError(f"the shards hold {held} pages, the ledger {ledger.kept}.")
    rejected = write_rejected_parts(removal)
    entry = log_entry(removal.matched, removal.replayed, shards.touched, date, reason)
    log = {"removals": [*earlier_removals(removal.folder, manifest), entry]}
    for file in manifest.get("files", ()):
        if file.get("at"):
            removal.copy(file["at"])
    new = {
        **manifest,
        "fingerprint": fingerprint,
        "shards": shards.rows,
        "rejected": rejected.rows,
        "ledger": ledger.to_json(),
        "removed": [*manifest.get("removed", ()), manifest_row(entry, rejected.early)],
    }
    for name, rows in (("keys", write_keys_again(removal)), ("restore", write_restore_again(removal))):
        new.pop(name, None)
        if rows:
            new[name] = rows
    numbers = json.loads((removal.folder / STATS).read_bytes())
    numbers = numbers_without(removal, numbers, shards, ledger)
    card = dataset_card(removal.plan.preset, new, stats_told(numbers), removal.plan.schema(), totals_told(numbers))
    about = {STATS: to_json(numbers), "README.md": card.encode(), REMOVED: to_json(log)}
    write_manifest(removal.store, removal.made, new, about)
    return entry


def write_copy(folder: Path, manifest: dict[str, Any], store: Store, made: str) -> None:
    """A byte-identical copy of the corpus, without files that were added to it later."""
    for file in belongings(manifest):
        copy_file(folder, file.path, store, made)
    for name in (SUMS, MANIFEST):
        if (folder / name).exists():
            copy_file(folder, name, store, made)


def left_behind(folder: Path, manifest: dict[str, Any]) -> list[str]:
    """Files about the corpus that are not rewritten for the new one."""
    about = [row["path"] for row in manifest.get("about", ()) if row["path"] not in WRITTEN_AGAIN]
    added = json.loads((folder / ADDED).read_bytes())["files"] if (folder / ADDED).exists() else []
    return sorted({*about, *(row["path"] for row in added)})
