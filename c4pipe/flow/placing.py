"""How a corpus is put in place: it is made next to the existing one, and replaces it once complete.

It is made in `OUTPUT/.made-KEY`. An existing corpus stays until the new one is complete, and is replaced in one step if
the system can exchange two folders. If it cannot (a bucket, a mount point, a parent folder without write access), files
are moved one by one, the manifest last, and the next build resumes the move after a crash.
"""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from c4pipe.disk import sync_path
from c4pipe.errors import BuildError
from c4pipe.files.storage import make_folder
from c4pipe.flow.buckets import is_remote
from c4pipe.flow.exchanging import exchange, look_alike
from c4pipe.flow.files import NOTE, BeamStore
from c4pipe.flow.lock import LOCK, is_lock
from c4pipe.flow.ours import (
    MADE_NAME,
    PLACING,
    STAGING_NAME,
    altered,
    as_manifest,
    clear_work,
    contents,
    has_note,
    is_work,
    is_work_name,
    names_below,
    note_of,
    remove_work,
    replaced_note,
    work_folders,
)
from c4pipe.shards import ADDED, MANIFEST, SUMS, belongings, read_added, read_sums

NO_CORPUS = b"{}\n"  # stands for the manifest if there was no corpus before


def is_made(made: str, fingerprint: str) -> bool:
    """Whether the folder holds that corpus, finished and intact by its checksums, waiting to be moved into place."""
    store = BeamStore()
    if not (is_work(made) and store.exists(f"{made}/{MANIFEST}")):
        return False
    with store.read(f"{made}/{MANIFEST}") as stream:
        manifest = as_manifest(stream.read())
    return manifest is not None and manifest["fingerprint"] == fingerprint and not _damaged(made)


def _damaged(made: str, moved: bool = False) -> str:
    """The first file there that is damaged, "" if none is; some may have been `moved` already."""
    store = BeamStore()
    if not store.exists(f"{made}/{SUMS}"):
        return "" if moved else SUMS  # it is moved last before the manifest
    with store.read(f"{made}/{SUMS}") as stream:
        sums = read_sums(stream.read())
    for path, sha256 in sums.items():
        if not (
            store.holds(f"{made}/{path}", sha256) or (moved and path != MANIFEST and not store.exists(f"{made}/{path}"))
        ):
            return path
    return "" if MANIFEST in sums else SUMS


def put_in_place(output: str, made: str) -> None:
    """Moves the finished corpus into place. Removes the one that was there, and nothing else.

    BuildError, before anything is touched, if files were added or changed there meanwhile.
    """
    found = contents(output)
    if strange := found.foreign or altered(output, found):
        raise BuildError(
            f"{output}/{strange[0]} is not as the build left it; the new corpus waits in {made}. Move that file away "
            "and run the same command again."
        )
    _clear(made)
    if found.manifest is not None and not is_remote(output) and _exchanged(output, made):
        return
    _begin(output, made, found.manifest is not None)
    _complete(output, made)


def _clear(made: str) -> None:
    """Deletes everything next to the finished corpus: a worker that died may have left a partial file."""
    known = {*_named_in(made, MANIFEST), MANIFEST, SUMS, NOTE}
    _remove(made, [name for name in names_below(made) if name not in known])


def recover(output: str) -> None:
    """Completes a move during which an earlier process died. The caller holds the lock."""
    store = BeamStore()
    if not is_remote(output):
        for beside in _siblings(output):
            _settle_sibling(output, beside)
        if has_note(output) and Path(output, MANIFEST).exists():
            Path(output, NOTE).unlink()
    for folder in work_folders(output, names_below(output)):
        made = f"{output}/{folder}"
        if not store.exists(f"{made}/{PLACING}"):
            continue
        if not store.exists(f"{made}/{MANIFEST}"):
            remove_work(made)
            continue
        if wrong := _damaged(made, moved=True):
            raise BuildError(
                f"{made}/{wrong} is damaged and was being moved to {output}. Remove {output}; build again."
            )
        _complete(output, made)


def _siblings(output: str) -> Iterator[str]:
    """Folders next to the output that were, or were to be, exchanged for it."""
    real = os.path.realpath(output)
    pattern = _beside(glob.escape(os.path.dirname(real)), glob.escape(os.path.basename(real)))
    for path in glob.iglob(f"{pattern}*"):
        if is_work_name(MADE_NAME + path.rpartition(MADE_NAME)[2]) and os.path.isdir(path) and not os.path.islink(path):
            yield path


def _beside(parent: str, name: str) -> str:
    return f"{parent}/.{name}{MADE_NAME}"


def _settle_sibling(output: str, beside: str) -> None:
    """A new corpus returns to where it was made; a corpus that was already exchanged is the old one, and is deleted.

    A folder with neither note belongs to somebody else.
    """
    if is_work(beside):
        back = f"{output}/{MADE_NAME}{beside.rpartition(MADE_NAME)[2]}"
        if not os.path.lexists(back):
            os.rename(beside, back)
    elif note_of(beside) == replaced_note(output):
        _take_back(output, beside)
    else:
        with suppress(OSError):  # an empty one: its remover died before this step
            os.rmdir(beside)


def _exchanged(output: str, made: str) -> bool:
    """Exchanges the two folders in one step; False if that is impossible, and nothing has changed."""
    real = os.path.realpath(output)
    with suppress(FileNotFoundError):  # the working folder was deleted
        if Path.cwd().resolve().is_relative_to(real):
            return False  # it is our working folder, and we would end up in the old one
    beside = _beside(os.path.dirname(real), os.path.basename(real)) + made.rpartition(MADE_NAME)[2]
    try:
        os.rename(made, beside)
    except OSError:
        return False
    try:
        look_alike(real, beside)
        with suppress(FileNotFoundError):
            os.link(f"{real}/{LOCK}", f"{beside}/{LOCK}")  # so that no other build can start in between
        Path(real, NOTE).write_bytes(replaced_note(output))
        exchange(real, beside)
    except OSError:
        Path(real, NOTE).unlink(missing_ok=True)
        Path(beside, LOCK).unlink(missing_ok=True)
        os.rename(beside, made)
        return False
    sync_path(Path(real).parent)
    Path(real, NOTE).unlink()  # it marks the corpus there as the new one
    _take_back(output, beside)
    return True


def _take_back(output: str, beside: str) -> None:
    """Moves the staging folder out of the old corpus, and deletes that corpus. The new one is in place by now, so
    failures are reported but do not fail the build.
    """
    try:
        for path in Path(beside).glob(f"{STAGING_NAME}*"):
            if is_work(str(path)) and not os.path.lexists(f"{output}/{path.name}"):
                os.rename(path, f"{output}/{path.name}")
        clear_work(beside)
        _remove_corpus(beside)
    except OSError as error:
        print(f"note: {beside}, the previous corpus, cannot be removed ({error}).", file=sys.stderr)


def _remove_corpus(beside: str) -> None:
    """Deletes our files of a corpus; its manifest and note last, since they identify the others."""
    found = contents(beside)
    if found.manifest is not None:
        changed = altered(beside, found)
        paths = [file.path for file in found.files if file.path not in changed]
        _remove(beside, [*paths, ADDED, SUMS])
    if is_lock(Path(beside, LOCK)):
        _remove(beside, [LOCK])
    last = [MANIFEST] if found.manifest is not None else []
    if {*names_below(beside)} <= {*last, NOTE}:
        _remove(beside, [*last, NOTE])
        os.rmdir(beside)
    else:
        print(f"note: {beside} holds files that no build wrote; it is left for you to remove.", file=sys.stderr)


def _begin(output: str, made: str, replaced: bool) -> None:
    """From here on the old corpus is gone and the new one is being moved, however many attempts it takes."""
    if not replaced:
        with BeamStore().write(f"{made}/{PLACING}") as stream:
            stream.write(NO_CORPUS)
    elif is_remote(output):
        BeamStore().rename([f"{output}/{MANIFEST}"], [f"{made}/{PLACING}"])
    else:
        os.replace(f"{output}/{MANIFEST}", f"{made}/{PLACING}")
        sync_path(Path(made))


def _complete(output: str, made: str) -> None:
    """Deletes files that only the old corpus has, and moves the new one's files, the manifest last."""
    new = _named_in(made, MANIFEST)
    _remove(output, [path for path in (*_named_in(made, PLACING), *_added_to(output)) if path not in new] + [ADDED])
    coming = set(names_below(made))
    _move(made, output, [path for path in (*sorted(new), SUMS) if path in coming])
    _move(made, output, [MANIFEST])
    remove_work(made)


def _named_in(made: str, name: str) -> set[str]:
    """The files that a manifest names; none if there was no corpus before. BuildError for one that is damaged."""
    with BeamStore().read(f"{made}/{name}") as stream:
        data = stream.read()
    if data == NO_CORPUS:
        return set()
    if (found := as_manifest(data)) is None:
        raise BuildError(f"{made}/{name} is damaged. Remove {made}, and build again.")
    return {file.path for file in belongings(found)}


def _added_to(output: str) -> list[str]:
    store = BeamStore()
    if not store.exists(f"{output}/{ADDED}"):
        return []
    with store.read(f"{output}/{ADDED}") as stream:
        return [file.path for file in read_added(stream.read())]


def _move(folder: str, to: str, paths: Sequence[str]) -> None:
    """Moves files to the same paths below another folder; they are synced when this returns."""
    if is_remote(to):
        BeamStore().rename([f"{folder}/{path}" for path in paths], [f"{to}/{path}" for path in paths])
        return
    for path in paths:
        make_folder((Path(to) / path).parent)
        os.replace(f"{folder}/{path}", f"{to}/{path}")
    for parent in {(Path(to) / path).parent for path in paths}:
        sync_path(parent)


def _remove(folder: str, paths: list[str]) -> None:
    """Deletes files, and their folders if nothing else is in them."""
    store = BeamStore()
    for path in paths:
        store.remove(f"{folder}/{path}")
    if is_remote(folder):
        return
    parents = {parent for path in paths for parent in Path(path).parents if parent.name}
    for parent in sorted(parents, key=lambda parent: len(parent.parts), reverse=True):
        with suppress(OSError):
            (Path(folder) / parent).rmdir()
