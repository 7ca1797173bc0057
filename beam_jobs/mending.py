"""Intermediate files that a build finds damaged are deleted and rebuilt, once, by the same build."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from beam_jobs.workers import as_build_error
from c4pipe.errors import DamagedFile
from c4pipe.flow.files import BeamStore
from c4pipe.flow.ours import names_below
from c4pipe.text import printable

DAMAGED_SHOWN = 5  # most files listed, one line each


def run_mended(job: Callable[[], None], staging: str, output: str, out: TextIO) -> None:
    """Runs a job that fills its staging folder. If it finds damaged files there, deletes them and runs it again.

    Reports this on `out`. DamagedFile if the second run finds damage, too; other errors pass through.
    """
    try:
        job()
        return
    except Exception as error:
        if not isinstance(as_build_error(error, output), DamagedFile):
            raise
    gone = remove_damaged(staging)
    for path in gone[:DAMAGED_SHOWN]:
        print(f"note: {printable(path)} was damaged; it is rebuilt.", file=out, flush=True)
    if gone[DAMAGED_SHOWN:]:
        print(f"note: {len(gone) - DAMAGED_SHOWN:,} more were damaged; they are rebuilt.", file=out, flush=True)
    job()


def remove_damaged(staging: str) -> list[str]:
    """Reads every file of a staging folder and deletes the damaged ones. Returns their paths."""
    store, damaged = BeamStore(staging), []
    for name in sorted(names_below(staging)):
        path = f"{staging}/{name}"
        if name.rpartition("/")[2].startswith("."):  # a partial file of a process that died
            continue
        try:
            store.check(path)
        except DamagedFile:
            store.remove(path)
            damaged.append(path)
    return damaged
