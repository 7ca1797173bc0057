"""The output folder: may this build write into it, and is it done already?"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from c4pipe.errors import ConfigError
from c4pipe.flow.files import BeamStore, is_remote
from c4pipe.shards import MANIFEST

_OURS = re.compile(
    r"(README\.md|stats\.json|manifest\.json|report\.html)"
    r"|[^/]+/(train|validation)-\d{5}-of-\d{5}\.parquet|rejected/part-[^/]+\.parquet|\.staging-[0-9a-f]+/.*"
    r"|([^/]+/)?\.[^/]+\.tmp"
)


def staging_folder(output: str, fingerprint: str) -> str:
    """Where a build keeps its intermediate files: beside the corpus, so that a rename stays on one file system."""
    return f"{output.rstrip('/')}/.staging-{fingerprint[:16]}"


def finished_manifest(output: str, fingerprint: str, overwrite: bool) -> dict[str, Any] | None:
    """The manifest of the corpus in the folder if it is the one that this build would make; None if there is none.

    ConfigError where the folder holds another corpus, or files that no build has made.
    """
    if is_remote(output):
        manifest = _remote_manifest(output)
    else:
        manifest = _local_manifest(Path(output))
    if manifest is None or overwrite:
        return None
    if manifest.get("fingerprint") == fingerprint:
        return manifest
    raise ConfigError(
        f"--output {output} holds a corpus built from other inputs or settings "
        f"(preset {manifest.get('preset', {}).get('name')!r}). Choose another folder, or replace it: --overwrite."
    )


def _local_manifest(folder: Path) -> dict[str, Any] | None:
    if not folder.exists():
        return None
    if not folder.is_dir():
        raise ConfigError(f"--output {folder} is a file; expected a folder, or a name for a new one.")
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()]
    foreign = sorted(name for name in names if not _OURS.fullmatch(name))
    if foreign:
        raise ConfigError(
            f"--output {folder} holds files that are not of a corpus, such as {foreign[0]!r}. Choose an empty folder."
        )
    if MANIFEST not in names:
        return None
    return _parse((folder / MANIFEST).read_bytes(), str(folder))


def _remote_manifest(output: str) -> dict[str, Any] | None:
    try:
        with BeamStore().read(f"{output}/{MANIFEST}") as stream:
            return _parse(stream.read(), output)
    except OSError:  # BeamIOError and FileNotFoundError alike
        return None


def _parse(data: bytes, output: str) -> dict[str, Any]:
    try:
        parsed = json.loads(data)
    except ValueError:
        parsed = None
    return parsed if isinstance(parsed, dict) else {"preset": {"name": "unreadable"}, "path": output}


def prepare(output: str, staging: str) -> None:
    """Makes the folder, without what an unfinished or replaced build left. ConfigError if it cannot be written."""
    store = BeamStore()
    if is_remote(output):
        store.remove(f"{output}/{MANIFEST}")
        store.remove(staging)
        return
    folder = Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The manifest goes first: from here on the folder holds no finished corpus.
        for path in [folder / MANIFEST, *sorted(folder.rglob("*"))]:
            name = path.relative_to(folder).as_posix()
            if not path.is_dir() and _OURS.fullmatch(name):
                path.unlink(missing_ok=True)
        for path in sorted(folder.glob(".staging-*")):
            shutil.rmtree(path)
        for path in sorted(folder.iterdir()):
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
        Path(staging).mkdir(parents=True)
    except OSError as error:
        raise ConfigError(f"--output {output} cannot be written: {error.strerror or error}.") from None
    if not os.access(staging, os.W_OK):
        raise ConfigError(f"--output {output} cannot be written.")
