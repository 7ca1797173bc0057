"""How a corpus comes to its place: it is made beside what is there, and takes that place when it is whole.

`OUTPUT/.made-KEY` is where it is made. A corpus that is there already stands until then, and goes in one step where the
system can exchange two folders. Where it cannot (a bucket, a mount point, a parent folder that nobody may write into),
files are moved one by one, the manifest last, and whoever comes next after a death in between goes on with that.
"""

from __future__ import annotations

import ctypes
import errno
import glob
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from apache_beam.io.filesystems import FileSystems

from c4pipe.disk import sync_path
from c4pipe.errors import BuildError
from c4pipe.files.storage import make_folder
from c4pipe.flow.files import NOTE, BeamStore, is_remote
from c4pipe.flow.lock import LOCK, is_lock
from c4pipe.flow.ours import (
    MADE_NAME,
    PLACING,
    STAGING_NAME,
    altered,
    as_manifest,
    contents,
    names_below,
    remove_work,
    work_folders,
)
from c4pipe.shards import ADDED, MANIFEST, SUMS, belongings, read_added

RENAME_EXCHANGE = 2  # linux/fs.h, for renameat2
AT_FDCWD = -100  # linux/fcntl.h


def is_made(made: str, fingerprint: str) -> bool:
    """Whether the folder holds that corpus, finished and with all its files, on its way to its place."""
    store = BeamStore()
    if not (store.exists(f"{made}/{NOTE}") and store.exists(f"{made}/{MANIFEST}")):
        return False
    with store.read(f"{made}/{MANIFEST}") as stream:
        manifest = as_manifest(stream.read())
    if manifest is None or manifest["fingerprint"] != fingerprint:
        return False
    with suppress(BuildError):
        names = set(names_below(made))
        return names.issuperset(file.path for file in belongings(manifest))
    return False


def put_in_place(output: str, made: str) -> None:
    """Puts the finished corpus in its place; the one that was there is gone behind that, and nothing else is.

    BuildError, before anything is touched, where somebody has put or changed files there while it was made.
    """
    found = contents(output)
    if strange := found.foreign or altered(output, found):
        raise BuildError(
            f"{output}/{strange[0]} is not as a build has left it; the new corpus waits in {made}. "
            "Move that file away and run the same command again."
        )
    _clear(made)
    if found.manifest is not None and not is_remote(output) and _exchanged(output, made):
        return
    _begin(output, made, found.manifest is not None)
    _complete(output, made)


def _clear(made: str) -> None:
    """Takes away what lies beside the corpus that was made: a worker that died may have left half a file."""
    known = {*_named_in(made, MANIFEST), MANIFEST, SUMS, NOTE}
    _remove(made, [name for name in names_below(made) if name not in known])


def recover(output: str) -> bool:
    """Completes what an earlier process began and died over; whether there was anything. To be called with the lock."""
    done = False
    if not is_remote(output):
        for beside in _siblings(output):
            _settle_sibling(output, beside)
        if Path(output, NOTE).exists() and Path(output, MANIFEST).exists():
            Path(output, NOTE).unlink()
    for folder in work_folders(names_below(output)):
        made = f"{output}/{folder}"
        if BeamStore().exists(f"{made}/{PLACING}"):
            if BeamStore().exists(f"{made}/{MANIFEST}"):
                _complete(output, made)
                done = True
            else:
                remove_work(made)
    return done


def _siblings(output: str) -> Iterator[str]:
    """Folders beside the output that were or are to be exchanged for it."""
    real = os.path.realpath(output)
    return glob.iglob(f"{_beside(glob.escape(os.path.dirname(real)), glob.escape(os.path.basename(real)))}*/")


def _beside(parent: str, name: str) -> str:
    return f"{parent}/.{name}{MADE_NAME}"


def _settle_sibling(output: str, beside: str) -> None:
    """One that was to come is where it was made again; one that was exchanged holds the corpus before, and goes."""
    beside = beside.rstrip("/")
    if Path(beside, NOTE).exists():
        back = f"{output}/{MADE_NAME}{beside.rpartition(MADE_NAME)[2]}"
        if not os.path.lexists(back):
            os.rename(beside, back)
    else:
        _take_back(output, beside)


def _exchanged(output: str, made: str) -> bool:
    """Exchanges the two folders in one step; False where that cannot be done, and then nothing has changed."""
    real = os.path.realpath(output)
    if Path(os.path.realpath(os.curdir)).is_relative_to(real):
        return False  # we work in there, and would be in the old one
    beside = _beside(os.path.dirname(real), os.path.basename(real)) + made.rpartition(MADE_NAME)[2]
    try:
        os.rename(made, beside)
    except OSError:
        return False
    _look_alike(real, beside)
    try:
        exchange(real, beside)
    except OSError:
        os.rename(beside, made)
        return False
    sync_path(Path(real).parent)
    Path(real, NOTE).unlink()  # until here it says that the corpus beside is the one to come
    _take_back(output, beside)
    return True


def _look_alike(folder: str, other: str) -> None:
    """Gives the other folder what its user has given to this one, as far as we may: owner, rights, attributes."""
    with suppress(OSError):
        found = os.stat(folder)
        if (found.st_uid, found.st_gid) != (os.stat(other).st_uid, os.stat(other).st_gid):
            os.chown(other, found.st_uid, found.st_gid)
    with suppress(OSError):
        shutil.copystat(folder, other)


def exchange(one: str, other: str) -> None:
    """Two folders get each other's name, at once. OSError where the system or the file system cannot do that."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:  # not Linux, or an old C library
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from None
    if renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), one)


def _take_back(output: str, beside: str) -> None:
    """Fetches the staging that lay in the old folder, and takes the corpus away that did."""
    for path in Path(beside).glob(f"{STAGING_NAME}*"):
        if (path / NOTE).exists() and not os.path.lexists(f"{output}/{path.name}"):
            os.rename(path, f"{output}/{path.name}")
    found = contents(beside)
    if found.manifest is None and found.names:
        return  # not one of ours
    for pattern in (STAGING_NAME, MADE_NAME):
        for path in Path(beside).glob(f"{pattern}*"):
            remove_work(str(path))
    changed = altered(beside, found)
    paths = [file.path for file in found.files if file.path not in changed]
    if is_lock(Path(beside, LOCK)):
        paths.append(LOCK)
    _remove(beside, [*paths, ADDED, SUMS])
    if not [name for name in names_below(beside) if name != MANIFEST]:
        _remove(beside, [MANIFEST])  # the last, for it says whose the others are
        with suppress(OSError):
            os.rmdir(beside)
    else:
        print(f"note: {beside} holds files that no build has written; it is left to you.", file=sys.stderr)


def _begin(output: str, made: str, replaced: bool) -> None:
    """From here on the corpus that was there is gone, and the new one on its way, however often that takes."""
    if not replaced:
        with BeamStore().write(f"{made}/{PLACING}") as stream:
            stream.write(b"{}\n")
    elif is_remote(output):
        FileSystems.rename([f"{output}/{MANIFEST}"], [f"{made}/{PLACING}"])
    else:
        os.replace(f"{output}/{MANIFEST}", f"{made}/{PLACING}")
        sync_path(Path(made))


def _complete(output: str, made: str) -> None:
    """Takes away what the old corpus has and the new one has not, and moves the new one's files, the manifest last."""
    new = _named_in(made, MANIFEST)
    _remove(output, [path for path in (*_named_in(made, PLACING), *_added_to(output)) if path not in new] + [ADDED])
    coming = set(names_below(made))
    _move(made, output, [path for path in (*sorted(new), SUMS) if path in coming])
    _move(made, output, [MANIFEST])
    remove_work(made)


def _named_in(made: str, manifest: str) -> set[str]:
    """The files that a manifest names; none where there was no corpus before."""
    with BeamStore().read(f"{made}/{manifest}") as stream:
        found = json.load(stream)
    return {file.path for file in belongings(found)} if found else set()


def _added_to(output: str) -> list[str]:
    store = BeamStore()
    if not store.exists(f"{output}/{ADDED}"):
        return []
    with store.read(f"{output}/{ADDED}") as stream:
        return [file.path for file in read_added(stream.read())]


def _move(folder: str, to: str, paths: Sequence[str]) -> None:
    """Moves files to the same paths below another folder; they are there for good when this returns."""
    if is_remote(to):
        if paths:
            FileSystems.rename([f"{folder}/{path}" for path in paths], [f"{to}/{path}" for path in paths])
        return
    for path in paths:
        make_folder((Path(to) / path).parent)
        os.replace(f"{folder}/{path}", f"{to}/{path}")
    for parent in {(Path(to) / path).parent for path in paths}:
        sync_path(parent)


def _remove(folder: str, paths: list[str]) -> None:
    """Takes files away, and the folders that held them if nothing else is in there."""
    store = BeamStore()
    for path in paths:
        store.remove(f"{folder}/{path}")
    if is_remote(folder):
        return
    parents = {parent for path in paths for parent in Path(path).parents if parent.name}
    for parent in sorted(parents, key=lambda parent: len(parent.parts), reverse=True):
        with suppress(OSError):
            (Path(folder) / parent).rmdir()
