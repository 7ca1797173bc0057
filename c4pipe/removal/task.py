"""A removal, as seen by the code that writes the files of the new corpus."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from c4pipe.corpus.ledger import LOST_AS
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.trunk import before_text
from c4pipe.files.storage import Store
from c4pipe.removal.matching import Matched
from c4pipe.removal.outcome import Replayed

FileRow = dict[str, Any]  # a file's entry in the manifest


class Removal(NamedTuple):
    """What is removed from which corpus, the outcome, and where the new corpus is made."""

    folder: Path  # of the corpus, whose checksums were verified
    manifest: dict[str, Any]
    plan: Plan
    matched: Matched
    replayed: Replayed
    store: Store
    made: str

    def copy(self, path: str) -> None:
        """Copies a file unchanged."""
        copy_file(self.folder, path, self.store, self.made)


def is_restorable(manifest: Mapping[str, Any]) -> bool:
    """Whether a corpus whose preset has a text dedup keeps what may come back. If no page lost anything from the first
    text dedup on, there is nothing to keep."""
    early = before_text(manifest)
    behind = [row for row in manifest["ledger"]["stages"] if row["stage"] not in early]
    nothing = not any(row.get(name) for row in behind for name in LOST_AS.values())
    return bool(manifest.get("keys") and (manifest.get("restore") or nothing))


def copy_file(folder: Path, path: str, store: Store, made: str) -> None:
    """Copies a file of a corpus to the same path below another folder."""
    with open(folder / path, "rb") as source, store.write(f"{made}/{path}") as stream:
        shutil.copyfileobj(source, stream, 1 << 20)
