"""The sha256 of files, taken once: a note remembers which files were good, and how to tell that one has changed.

    note  {"files": {path: [size, mtime_ns, ctime_ns, inode, sha256]}, "sha256": of the JSON of `files`}

Nobody can set a file's ctime, so a file written since is read again even if its mtime was reset. File system clocks
tick: a file written just now may be written again within the same tick, so it is not remembered yet. A note that was
altered is ignored, and all files are read again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from c4pipe.errors import BuildError
from c4pipe.files.pinned import sha256_of

THREADS = 4  # hashlib releases the GIL; many threads only make a disk seek
TICK = 2_000_000_000  # ns: FAT has the coarsest times, two seconds

_Mark = list[int | str]


def check_sums(files: Iterable[tuple[Path, str]], note: Path | None = None) -> int:
    """Reads every file that the note does not list as unchanged. Returns how many were read. `files` are (path,
    sha256).

    BuildError names the first file that is missing or whose bytes do not match its checksum. The note is not part of
    any result: without it, or where it cannot be written, the checksums are taken again.
    """
    known = _read_note(note)
    good: dict[str, _Mark] = {}
    unknown = []
    for path, sha256 in files:
        status = _status(path)  # taken before reading, so that a change meanwhile shows
        mark: _Mark = [*mark_of(status), sha256]
        if known.get(name := str(path.resolve())) != mark:
            unknown.append((path, sha256))
            if status.st_ctime_ns + TICK < time.time_ns():
                good[name] = mark
    with ThreadPoolExecutor(THREADS) as threads:
        for (path, sha256), found in zip(unknown, threads.map(_sum, (path for path, _ in unknown)), strict=True):
            if found != sha256:
                raise BuildError(
                    f"{path} was changed or damaged: its sha256 is {found}, the manifest says {sha256}. {_REMEDY}"
                )
    if note is not None:
        _write_note(note, known | good)
    return len(unknown)


def mark_of(status: os.stat_result) -> tuple[int, int, int, int]:
    """What reveals a change of a file: size, mtime_ns, ctime_ns, inode."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


_REMEDY = "Copy the corpus again or build it again."


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise _unread(path, error) from None


def _sum(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise _unread(path, error) from None


def _unread(path: Path, error: OSError) -> BuildError:
    return BuildError(f"{path} cannot be read ({error.strerror or error}), but the manifest lists it. {_REMEDY}")


def _read_note(note: Path | None) -> dict[str, _Mark]:
    """What the note says; empty where there is none, or it was altered."""
    if note is None:
        return {}
    with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
        found = json.loads(note.read_bytes())
        files: dict[str, _Mark] = found["files"]
        if found["sha256"] == _sum_of_marks(files):
            return files
    return {}


def _write_note(note: Path, files: dict[str, _Mark]) -> None:
    draft = note.with_name(f"{note.name}.{os.getpid()}")
    with suppress(OSError):
        draft.write_text(json.dumps({"files": files, "sha256": _sum_of_marks(files)}, indent=1) + "\n", "utf-8")
        draft.replace(note)
    with suppress(OSError):  # a partial one, if the disk was full
        draft.unlink()


def _sum_of_marks(files: dict[str, _Mark]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
