"""The manifest of a corpus and the names of its files."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from c4pipe.disk import read_file
from c4pipe.errors import BuildError, ConfigError

SPLITS = ("train", "validation")
MANIFEST = "manifest.json"
SUMS = f"{MANIFEST}.sha256"  # next to it: its checksum, and that of each file it names
STATS = "stats.json"
ADDED = "added.json"  # files that c4pipe added later
REJECTED_FOLDER = "__rejected"  # `datasets` and pyarrow skip it; manifests of older corpora name `rejected`
FACTS_FOLDER = "__facts"  # counts of all pages, for people and programs: skipped likewise
RESTORE_FOLDER = "__restore"  # pages as read that `remove` needs: skipped likewise
SCHEMA_VERSION = 1
SHOWN_BELOW = 12  # most corpora in a folder that a message lists


def shard_name(split: str, index: int, count: int) -> str:
    """`train-00000-of-00004.parquet`."""
    return f"{split}-{index:05d}-of-{count:05d}.parquet"


def to_json(data: Any, indent: int | None = 2) -> bytes:
    """JSON for people and programs: indented, UTF-8, keys in the order given, a newline at the end.

    Without `indent`, for programs alone: that takes a tenth of the time.
    """
    text = json.dumps(data, indent=indent, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace")  # a lone surrogate, as in a file name, becomes a JSON escape


def files_of_shard(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The files of an output shard by its row in the manifest: its Parquet file, and any `beside` it. Each has `path`,
    `bytes` and `sha256`.
    """
    return [row, *row.get("beside", ())]


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a finished corpus. ConfigError where there is none, BuildError where it is damaged."""
    path = folder / MANIFEST
    try:
        data = read_file(path)
        manifest = json.loads(data)
        if not isinstance(manifest, dict):
            raise ValueError("it is not a JSON object")
    except NotADirectoryError:
        raise ConfigError(f"{folder} is a file; give the folder of a corpus.") from None
    except FileNotFoundError:
        raise ConfigError(f"{folder} holds no finished corpus: {lacks_manifest(folder)}") from None
    except (ValueError, RecursionError, OSError) as error:
        raise BuildError(f"{path} cannot be read ({error}). Build the corpus again.") from None
    if _changed(data, folder / SUMS):
        raise BuildError(
            f"{path} was changed or damaged: {SUMS} has a different checksum for it. Copy or build the corpus again."
        )
    if manifest.get("schema_version") != SCHEMA_VERSION:
        found = manifest.get("schema_version")
        raise ConfigError(f"{path} has schema version {found!r}; this c4pipe reads {SCHEMA_VERSION}. Build it again.")
    return manifest


def lacks_manifest(folder: Path) -> str:
    """The message for a folder without a manifest. If it holds several corpora, it lists them."""
    try:
        below = sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST}"))
    except OSError:
        below = []
    if not below and not os.path.lexists(folder):
        return "it does not exist."
    if not below:
        return f"it has no {MANIFEST}. Build one: make build-c4."
    more = f" and {len(below) - SHOWN_BELOW:,} more" if len(below) > SHOWN_BELOW else ""
    named = f"{', '.join(below[:SHOWN_BELOW])}{more}"
    return f"it has no {MANIFEST}, but corpora in {named}. Name one, such as {folder / below[0]}."


def _changed(manifest: bytes, sums: Path) -> bool:
    """Whether a manifest differs from its recorded checksum; False where no checksum file exists.

    BuildError where it cannot be read.
    """
    try:
        first = read_file(sums)[:64]
    except FileNotFoundError:
        return False
    except OSError as error:
        raise BuildError(
            f"{sums} cannot be read ({error.strerror or error}). Copy or build the corpus again."
        ) from None
    return first != hashlib.sha256(manifest).hexdigest().encode()
