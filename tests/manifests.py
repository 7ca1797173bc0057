"""Manifests of finished corpora that a test changes by hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from c4pipe.files.storage import LocalStore
from c4pipe.shards import MANIFEST, REJECTED_FOLDER, SUMS, to_json, write_manifest


def read(folder: Path) -> dict[str, Any]:
    """The manifest as it is."""
    found: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    return found


def write_older(folder: Path, manifest: Mapping[str, Any] | bytes) -> None:
    """As builds wrote it before they wrote sums: it is read as it is."""
    data = manifest if isinstance(manifest, bytes) else to_json(manifest)
    (folder / MANIFEST).write_bytes(data)
    (folder / SUMS).unlink(missing_ok=True)


def write_again(folder: Path, manifest: Mapping[str, Any]) -> None:
    """As a build would write it of the files that are there now: with their sizes and sums."""

    def measured(row: dict[str, Any], path: str) -> dict[str, Any]:
        data = (folder / path).read_bytes() if path and (folder / path).is_file() else None
        return row | ({"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} if data is not None else {})

    new = dict(manifest)
    for key in ("shards", "rejected", *({"restore"} & manifest.keys())):
        new[key] = [measured(row, row["path"]) for row in manifest.get(key, ())]
    new["files"] = [measured(row, row["at"]) for row in manifest.get("files", ())]
    about = {row["path"]: (folder / row["path"]).read_bytes() for row in new.pop("about", ())}
    write_manifest(LocalStore(), str(folder), new, about)


def as_before_underscores(folder: Path) -> None:
    """As builds wrote it when the folder of rejected pages was called `rejected`."""
    (folder / REJECTED_FOLDER).rename(folder / "rejected")
    manifest = read(folder)
    for row in manifest["rejected"]:
        row["path"] = row["path"].replace(REJECTED_FOLDER, "rejected")
    write_again(folder, manifest)
