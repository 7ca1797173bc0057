"""The keys that a corpus keeps for later builds: read to the end, and compared with the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from c4pipe.corpus.trunk import deduped, trunk_digest
from c4pipe.errors import BuildError
from c4pipe.files.storage import LocalStore
from c4pipe.keys import KeyReader, key_path
from c4pipe.shards import MANIFEST
from c4pipe.text import many
from c4pipe.verify.findings import Finding, damaged


def key_findings(folder: Path, manifest: Mapping[str, Any], told: Set[str]) -> Iterator[Finding]:
    """What is wrong with the key files, except those in `told`, which already have findings."""
    rows = manifest.get("keys", ())
    if not rows:
        return
    paths, expected = {row["path"] for row in rows}, {key_path(stage): stage for stage in deduped(manifest)}
    if wrong := sorted(paths ^ {*expected}):
        what = f"it names {wrong[0]}" if wrong[0] in paths else f"it does not name {wrong[0]}"
        yield damaged(folder / MANIFEST, "format", what, "keys of each dedup, once")
    for row in rows:
        path = folder / row["path"]
        if str(path) in told:
            continue
        try:
            keys = KeyReader(LocalStore(), str(path))
            keys.check()
        except BuildError as error:
            yield damaged(path, "format", str(error).removeprefix(f"{path} "), do="")
            continue
        if keys.count != row["keys"]:
            yield damaged(path, "counts", many(keys.count, "key"), f"{row['keys']:,}, says {MANIFEST}")
        known = {"trunk": trunk_digest(manifest), "stage": expected.get(row["path"])}
        if any(keys.header.get(name) != value for name, value in known.items()):
            yield damaged(path, "format", "keys of another corpus or stage, by its header")
