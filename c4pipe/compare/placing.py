"""The folder of a comparison: what is written there, and what is ours to replace."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from c4pipe.errors import ConfigError
from c4pipe.facts.verdict import VERDICT_FILE
from c4pipe.files.pinned import has_sum
from c4pipe.files.storage import LocalStore
from c4pipe.shards import MANIFEST

TABLE_FILE, PICTURE_FILE, PAGE_FILE = "table.md", "picture.svg", "comparison.html"
COMPARE_FILES = (VERDICT_FILE, TABLE_FILE, PICTURE_FILE, PAGE_FILE)
_FILES = "files"  # in verdict.json: the sums of the other files


def check_place(out: Path) -> None:
    """ConfigError for a folder that is none, that lies in a corpus, or in which a file of these names is not ours."""
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out} is a file. Expected a folder, or a name for a new one.")
    around = next((folder for folder in (out.resolve(), *out.resolve().parents) if (folder / MANIFEST).exists()), None)
    if around is not None:
        raise ConfigError(f"--out {out} lies in the corpus {around}, where nobody would know it. Name another folder.")
    ours = _sums(out)
    for name in COMPARE_FILES:
        path = out / name
        known = ours is not None and (name == VERDICT_FILE or has_sum(path, ours.get(name, "")))
        if path.is_symlink() or (path.exists() and not known):
            raise ConfigError(
                f"{path} was not written by a comparison, or was changed since. Remove it, or name --out DIR."
            )


def write_files(out: Path, verdict: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Writes the files, verdict.json with their sums last."""
    out.mkdir(parents=True, exist_ok=True)
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    body = json.dumps({**verdict, _FILES: sums}, indent=2, allow_nan=False).encode() + b"\n"
    for name, data in {**files, VERDICT_FILE: body}.items():
        with LocalStore().write(str(out / name)) as stream:
            stream.write(data)


def _sums(out: Path) -> dict[str, str] | None:
    """The sums that a verdict there has of the files beside it; None where there is none of ours."""
    try:
        found = json.loads((out / VERDICT_FILE).read_bytes())
        return {str(name): str(sha256) for name, sha256 in found[_FILES].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
