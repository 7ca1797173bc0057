"""Corpora that keep keys."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from c4pipe.corpus.plan import Plan
from c4pipe.files.assets import Assets
from c4pipe.files.storage import LocalStore
from c4pipe.passes.keeping import keys_from_shards
from c4pipe.presets import find_preset
from tests import manifests


def keep_keys(corpus: Path, folder: Path) -> Path:
    """A copy of a finished corpus, with the keys of its kept pages as a build would name them."""
    shutil.copytree(corpus, folder)
    manifest = manifests.read(folder)
    rows = keys_from_shards(str(folder), manifest, plan_for(manifest), LocalStore(), str(folder))
    manifests.write_again(folder, manifest | {"keys": rows})
    return folder


def plan_for(manifest: dict[str, Any]) -> Plan:
    """As far as dedups go: no lists."""
    return Plan(find_preset(manifest["preset"]["name"]), Assets())
