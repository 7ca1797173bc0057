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
from c4pipe.flow.lock import LOCK
from c4pipe.flow.settings import INPUTS
from c4pipe.shards import MANIFEST
from c4pipe.storage import make_folder

_OURS = re.compile(
    r"(README\.md|stats\.json|manifest\.json|report\.html)"
    r"|[^/]+/(train|validation)-\d{5}-of-\d{5}\.parquet|rejected/part-[^/]+\.parquet|\.staging-[0-9a-f]+/.*|\.lock"
    r"|([^/]+/)?\.[^/]+\.tmp"
)
_HALF = re.compile(r"(.*/)?\.[^/]+\.tmp")


def staging_folder(output: str, fingerprint: str) -> str:
    """Where a build keeps its intermediate files: beside the corpus, so that a rename stays on one file system."""
    return f"{output.rstrip('/')}/.staging-{fingerprint[:16]}"


def finished_manifest(output: str, fingerprint: str, overwrite: bool) -> dict[str, Any] | None:
    """The manifest of the corpus in the folder if it is the one that this build would make; None if there is none.

    ConfigError where the folder holds another corpus, or files that no build has made.
    """
    try:
        names = _names(output)
    except OSError as error:
        raise ConfigError(f"--output {output} cannot be written: {error.strerror or error}.") from None
    foreign = sorted(name for name in names if not _OURS.fullmatch(name))
    if foreign:
        raise ConfigError(
            f"--output {output} holds files that are not of a corpus, such as {foreign[0]!r}. Choose an empty folder."
        )
    manifest = _manifest(output) if MANIFEST in names else None
    if manifest is None or overwrite:
        return None
    if manifest.get("fingerprint") == fingerprint:
        return manifest
    raise ConfigError(
        f"--output {output} holds a corpus built from other inputs or settings "
        f"(preset {manifest.get('preset', {}).get('name')!r}). Choose another folder, or replace it: --overwrite."
    )


def _names(output: str) -> list[str]:
    """Every file below the folder, as a path from there."""
    if is_remote(output):
        return [path.removeprefix(output).lstrip("/") for path in BeamStore().list(output)]
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"--output {output} is a file; expected a folder, or a name for a new one.")
    return [
        (Path(path) / name).relative_to(folder).as_posix()
        for path, folders, files in os.walk(folder, onerror=_unless_gone)
        for name in (*files, *(name for name in folders if (Path(path) / name).is_symlink()))
    ]


def _unless_gone(error: OSError) -> None:
    """Another build may clear its staging while its folder is looked at; everything else is an error."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _manifest(output: str) -> dict[str, Any]:
    with BeamStore().read(f"{output}/{MANIFEST}") as stream:
        data = stream.read()
    try:
        parsed = json.loads(data)
    except ValueError:
        parsed = None
    return parsed if isinstance(parsed, dict) else {"preset": {"name": "unreadable"}}


def can_go_on(output: str, staging: str) -> bool:
    """Whether the folder holds an unfinished build of this very corpus, and no finished one."""
    store = BeamStore()
    return store.exists(f"{staging}/{INPUTS}") and not store.exists(f"{output}/{MANIFEST}")


def prepare(output: str, staging: str) -> None:
    """Makes the folder, without what an unfinished or replaced build left. ConfigError if it cannot be written."""
    store = BeamStore()
    try:
        # The manifest goes first: from here on the folder holds no finished corpus. The lists of inputs go next:
        # without them no staging folder is gone on with, however much of this gets done.
        names = sorted(_names(output), key=lambda name: not name.endswith(INPUTS))
        for name in [MANIFEST, *names]:
            if name != LOCK and _OURS.fullmatch(name):
                store.remove(f"{output}/{name}")
        if not is_remote(output):
            _sweep(Path(output))
            make_folder(Path(staging))
    except OSError as error:
        raise ConfigError(f"--output {output} cannot be written: {error.strerror or error}.") from None


def clear_half_written(output: str) -> None:
    """Takes away what a killed build was writing: nobody else will, for each process has temporary names of its own."""
    if not is_remote(output):
        for name in filter(_HALF.fullmatch, _names(output)):
            (Path(output) / name).unlink(missing_ok=True)


def clear_staging(output: str, staging: str) -> None:
    """Takes away the intermediate files of a finished corpus."""
    BeamStore().remove(staging)
    if not is_remote(output):
        for path in Path(output).glob(".staging-*"):
            shutil.rmtree(path)


def _sweep(folder: Path) -> None:
    """Takes away staging folders and folders that nothing is left in."""
    for path in folder.glob(".staging-*"):
        shutil.rmtree(path)
    for path in sorted(folder.glob("*/")):
        if not any(path.iterdir()):
            path.rmdir()
