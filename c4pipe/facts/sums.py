"""Verifies the files of a corpus by checksum before anything is read from them.

Each checksum is computed once: a note in the user's cache records which files of a large corpus were valid, with all
that the file system says about them. After that, a check only compares their times. `c4pipe.verify` trusts no note.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from c4pipe.errors import BuildError
from c4pipe.private import our_cache
from c4pipe.progress import ProgressReporter
from c4pipe.shards import check_sums
from c4pipe.shards.sums import TICK, mark_of
from c4pipe.text import many, visible

PATIENCE = 1.5  # seconds after which the user is told what takes so long
WORTH_A_NOTE = 64 << 20  # bytes: reading fewer again takes a twentieth of a second

_Mark = tuple[int, int, int, int]  # from `mark_of`


class FileSums:
    """The checksums in a manifest for the files of a folder, and which of them this process has verified."""

    def __init__(self, folder: Path, sums: Mapping[str, str]):
        self._folder, self._sums = folder, sums
        self._good: dict[str, _Mark] = {}

    def check(self, paths: Iterable[str] | None = None) -> None:
        """Verifies these files, or all, unless they are unchanged since the last time.

        BuildError names the first that is missing, or differs from the manifest.
        """
        marks = {path: _mark(self._folder / path) for path in (self._sums if paths is None else paths)}
        unknown = [path for path, mark in marks.items() if self._good.get(path) != mark]
        if not unknown:
            return
        size = sum(marks[path][0] for path in unknown)
        with SumsProgress(f"computing the checksums of {many(len(unknown), 'file')} ({size / 1e9:,.1f} GB), once"):
            note = _note(self._folder) if size >= WORTH_A_NOTE else None
            check_sums(((self._folder / path, self._sums[path]) for path in unknown), note)
        settled = time.time_ns() - TICK
        self._good |= {path: marks[path] for path in unknown if marks[path][2] < settled}


def _mark(path: Path) -> _Mark:
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or error
        raise BuildError(f"{path} cannot be read ({what}). Copy or build the corpus again.") from None
    if not stat.S_ISREG(found.st_mode):  # a pipe would block forever
        raise BuildError(f"{path} is not a file. Copy the corpus again or rebuild it.")
    return mark_of(found)


def _note(folder: Path) -> Path | None:
    """Where the valid files of a folder are recorded; None if no cache is available."""
    with suppress(OSError, RuntimeError):  # nobody's home, or others may write there
        return our_cache() / f"sums-{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:32]}.json"
    return None


class SumsProgress(ProgressReporter):
    """Reports on a terminal what is going on, if it takes long."""

    def __init__(self, words: str) -> None:
        self._words = words
        super().__init__()

    def show(self) -> None:
        if self.waited(PATIENCE) and sys.stderr.isatty():
            print(f"inspect: {visible(self._words)} ...", file=sys.stderr, flush=True)
