"""A removal as those see it who write the files of the corpus without the pages."""

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

FileRow = dict[str, Any]  # of a file, as the manifest has it


class Removal(NamedTuple):
    """What is taken out of which corpus, what becomes of it, and where the new one is made."""

    folder: Path  # of the corpus, whose files have their sums
    manifest: dict[str, Any]
    plan: Plan
    matched: Matched
    replayed: Replayed
    store: Store
    made: str

    def copy(self, path: str) -> None:
        """A file as it is."""
        copy_file(self.folder, path, self.store, self.made)


def is_restorable(manifest: Mapping[str, Any]) -> bool:
    """Whether a corpus of a preset with a dedup of text keeps what comes back: there is nothing of it where no page has
    lost anything from the first one on."""
    early = before_text(manifest)
    behind = [row for row in manifest["ledger"]["stages"] if row["stage"] not in early]
    nothing = not any(row.get(name) for row in behind for name in LOST_AS.values())
    return bool(manifest.get("keys") and (manifest.get("restore") or nothing))


def copy_file(folder: Path, path: str, store: Store, made: str) -> None:
    """A file of a corpus to the same path below another folder."""
    with open(folder / path, "rb") as source, store.write(f"{made}/{path}") as stream:
        shutil.copyfileobj(source, stream, 1 << 20)
