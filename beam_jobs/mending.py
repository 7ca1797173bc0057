"""Intermediate files that a build finds damaged are deleted and rebuilt, once, by the same build."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from beam_jobs.workers import as_build_error
from c4pipe.errors import DamagedFile
from c4pipe.flow.files import BeamStore
from c4pipe.flow.ours import names_below
from c4pipe.text import printable

DAMAGED_SHOWN = 5  # files that are named in a line each


def run_mended(job: Callable[[], None], staging: str, output: str, out: TextIO) -> None:
    """Runs a job that makes what is missing in its staging folder; once more without what it finds damaged in there.

    That is told on `out`. DamagedFile where the second run finds damage as well; other errors as the job has them.
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
    """Reads every file of a staging folder and removes those that are damaged; their paths."""
    store, damaged = BeamStore(staging), []
    for name in sorted(names_below(staging)):
        path = f"{staging}/{name}"
        if name.rpartition("/")[2].startswith("."):  # half a file of a process that died
            continue
        try:
            store.check(path)
        except DamagedFile:
            store.remove(path)
            damaged.append(path)
    return damaged
