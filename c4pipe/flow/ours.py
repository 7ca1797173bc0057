"""Which files of an output folder are ours: those named by a manifest or a note of ours.

A corpus names its files itself (`shards.belongings`). Before a manifest exists, builds write only into folders that
hold a file `.c4pipe` with a fixed sentence: it is created first and removed last.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from c4pipe.disk import sync_path
from c4pipe.errors import BuildError, ConfigError
from c4pipe.files.storage import make_folder
from c4pipe.flow.buckets import is_remote
from c4pipe.flow.files import NOTE, BeamStore
from c4pipe.flow.lock import LOCK, is_lock
from c4pipe.shards import ADDED, MANIFEST, OF_ITSELF, SCHEMA_VERSION, SUMS, Belonging, belongings, read_added, read_sums

STAGING_NAME, MADE_NAME = ".staging-", ".made-"  # folders in an output folder; what follows is a key
PLACING = (
    "placing.json"  # in a MADE_NAME folder whose corpus is being moved into place: the manifest of the replaced one
)
WORK_NOTE = b"c4pipe works in this folder, and clears it.\n"
_WORK = re.compile(rf"(?:{re.escape(STAGING_NAME)}|{re.escape(MADE_NAME)})[0-9a-f]+")
DRAFT_BYTES = 8  # of a random number, in hex behind the name of a folder that is being made
_OLDER = ("README.md", "stats.json", "mixture.svg")  # for manifests that do not name them: before `about`


class Contents(NamedTuple):
    """What is in an output folder."""

    names: list[str]  # of all files, as paths from there
    manifest: dict[str, Any] | None  # of the corpus, if there is one
    files: tuple[Belonging, ...]  # its files, and those added later
    damage: str  # what is wrong with the corpus's own records, "" if nothing is
    foreign: list[str]  # what no record names as ours


def names_below(output: str) -> list[str]:
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
    """Ignores a folder that another build deletes meanwhile; raises anything else."""
    if not isinstance(error, FileNotFoundError):
        raise error


def contents(output: str) -> Contents:
    """The contents of the folder, and which of them are ours."""
    names = sorted(names_below(output))
    manifest, damage = _manifest(output, names)
    files: list[Belonging] = []
    ours = {LOCK} if LOCK in names and (is_remote(output) or is_lock(Path(output) / LOCK)) else set[str]()
    if manifest is not None:
        ours |= {MANIFEST, SUMS, ADDED} | ({NOTE} if has_note(output) else set())
        for source in (lambda: belongings(manifest), lambda: _older(manifest, names), lambda: _added(output, names)):
            try:
                files += source()
            except BuildError as error:
                damage = damage or str(error)
        if damage:
            files += _as_summed(output, names)
    ours.update(file.path for file in files)
    for folder in work_folders(output, names):
        ours.update(name for name in names if name.startswith(f"{folder}/"))
        if f"{folder}/{PLACING}" in names:
            ours |= {SUMS, ADDED, *(file.path for file in _on_the_way(f"{output}/{folder}"))}
            ours |= {file.path for file in _added(output, names)}
    return Contents(names, manifest, tuple(files), damage, [name for name in names if name not in ours])


def work_folders(output: str, names: Iterable[str]) -> list[str]:
    """The work folders of builds in the output, by their notes."""
    found = (name.removesuffix(f"/{NOTE}") for name in names if name.endswith(f"/{NOTE}"))
    return [name for name in found if is_work_name(name) and is_work(f"{output}/{name}")]


def is_work_name(name: str) -> bool:
    """Whether it is a name that builds give to work folders."""
    return _WORK.fullmatch(name) is not None


def is_work(folder: str) -> bool:
    """Whether a folder is one that only builds write into. A link to one is not."""
    if os.path.islink(folder):
        return False
    note = note_of(folder)
    return note == WORK_NOTE or (note == b"" and names_below(folder) == [NOTE])  # its writer died while writing it


def note_of(folder: str) -> bytes | None:
    """What the note in a folder says; None where there is none."""
    path = f"{folder}/{NOTE}"
    if not is_remote(path) and (os.path.islink(path) or not os.path.isfile(path)):
        return None
    return _read(path) if BeamStore().exists(path) else None


def replaced_note(output: str) -> bytes:
    """The note in a corpus that is being replaced by another."""
    return b"c4pipe replaces the corpus in this folder, which was " + os.fsencode(os.path.realpath(output)) + b"\n"


def has_note(folder: str) -> bool:
    """Whether the note in the folder of a corpus is ours: one of the folder where it was made, or of its
    replacement.
    """
    return note_of(folder) in (b"", WORK_NOTE, replaced_note(folder))


def _manifest(folder: str, names: Sequence[str]) -> tuple[dict[str, Any] | None, str]:
    """The manifest of a corpus of ours in the folder, and what is wrong if its checksum differs."""
    if MANIFEST not in names:
        return None, ""
    if not is_remote(folder) and not all(Path(folder, name).is_file() for name in OF_ITSELF if name in names):
        return None, ""  # such as a pipe
    data = _read(f"{folder}/{MANIFEST}")
    manifest = as_manifest(data)
    known = read_sums(_read(f"{folder}/{SUMS}")).get(MANIFEST) if SUMS in names else None
    if known not in (None, hashlib.sha256(data).hexdigest()):
        return manifest, f"{MANIFEST} was changed or damaged ({SUMS} has a different checksum for it)"
    return manifest, ""


def as_manifest(data: bytes) -> dict[str, Any] | None:
    """The manifest of a corpus; None if no build wrote it: any user may have a file of that name."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("schema_version") != SCHEMA_VERSION:
        return None
    kinds = (("fingerprint", str), ("inputs", list), ("shards", list), ("ledger", dict))
    return found if all(isinstance(found.get(name), kind) for name, kind in kinds) else None


def _read(path: str) -> bytes:
    with BeamStore().read(path) as stream:
        return stream.read()


def _older(manifest: Mapping[str, Any], names: Sequence[str]) -> list[Belonging]:
    return [] if "about" in manifest else [Belonging(name, -1, "", False) for name in _OLDER if name in names]


def _added(output: str, names: Sequence[str]) -> list[Belonging]:
    return read_added(_read(f"{output}/{ADDED}")) if ADDED in names else []


def _as_summed(output: str, names: Iterable[str]) -> list[Belonging]:
    """Files that match the recorded checksums, for a corpus whose manifest cannot be trusted."""
    if SUMS not in names:
        return []
    sums = read_sums(_read(f"{output}/{SUMS}"))
    return [
        Belonging(name, -1, sums[name], True)
        for name in names
        if name in sums and BeamStore().holds(f"{output}/{name}", sums[name])
    ]


def _on_the_way(made: str) -> list[Belonging]:
    """The files of a corpus that is being moved into place, and of the one it replaces."""
    found = []
    for name in (MANIFEST, PLACING):
        with suppress(FileNotFoundError, BuildError):
            found += belongings(as_manifest(_read(f"{made}/{name}")) or {"shards": []})
    return found


def altered(output: str, found: Contents) -> list[str]:
    """Files next to the data, such as README.md, that are ours by name but have other contents than we wrote: the user
    has edited them.
    """
    newest = {file.path: file.sha256 for file in found.files if not file.data and file.sha256}
    names = set(found.names)
    return [
        name for name, sha256 in newest.items() if name in names and not BeamStore().holds(f"{output}/{name}", sha256)
    ]


def begin_work(folder: str) -> None:
    """Makes a folder that only builds write into. ConfigError if one of that name exists that is not ours.

    On a disk it appears together with its note, in one step, because array tasks start at the same time.
    """
    if is_work(folder):
        return
    if is_remote(folder):
        if names_below(folder):
            raise _not_ours(folder)
        with BeamStore().write(f"{folder}/{NOTE}") as stream:
            stream.write(WORK_NOTE)
        return
    draft = Path(f"{folder}{secrets.token_hex(DRAFT_BYTES)}")  # `clear_drafts` removes it after a kill
    make_folder(draft)
    try:
        (draft / NOTE).write_bytes(WORK_NOTE)
        draft.rename(folder)  # over an empty folder, but over no other
        sync_path(draft.parent)
    except OSError as error:
        shutil.rmtree(draft)
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            raise
        if not is_work(folder):
            raise _not_ours(folder) from None


def clear_drafts(folder: str) -> None:
    """Deletes what killed array tasks left of making this folder."""
    if not is_remote(folder):
        for path in Path(folder).parent.glob(Path(folder).name + "[0-9a-f]" * 2 * DRAFT_BYTES):
            remove_work(str(path))


def _not_ours(folder: str) -> ConfigError:
    return ConfigError(f"{folder} exists and was not made by c4pipe. Move it away.")


def remove_work(folder: str, first: Sequence[str] = ()) -> None:
    """Deletes a folder if only builds write into it; the files named `first` before all others."""
    store = BeamStore()
    if not is_work(folder):
        with suppress(OSError):  # an empty one: its builder died after deleting the note
            os.rmdir(folder)
        return
    for name in first:
        store.remove(f"{folder}/{name}")
    if is_remote(folder):
        for name in names_below(folder):
            if name != NOTE:
                store.remove(f"{folder}/{name}")
        store.remove(f"{folder}/{NOTE}")
        return
    for path in Path(folder).iterdir():
        if path.name != NOTE:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    Path(folder, NOTE).unlink()
    Path(folder).rmdir()


def clear_work(
    output: str, kinds: Sequence[str] = (STAGING_NAME, MADE_NAME), but: str = "", first: Sequence[str] = ()
) -> None:
    """Deletes the work folders of these kinds, except one; none in a bucket, where other builds may be working and no
    lock tells. In each, the files named `first` go before all others.
    """
    if not is_remote(output):
        for path in (path for kind in kinds for path in Path(output).glob(f"{kind}*")):
            if not but or path != Path(but):
                remove_work(str(path), first)
