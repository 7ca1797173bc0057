"""The sha256 of shards, taken once: a note remembers which files were found good, by size and time of change."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from model.corpus import Shard
from model.errors import TrainError

THREADS = 4  # hashlib lets go of the interpreter; more than a few only make a disk seek


def check_sums(shards: Iterable[Shard], note: Path | None = None) -> int:
    """Reads every shard that the note does not know as unchanged; how many were read.

    TrainError names the first shard whose bytes are not those of its manifest. The note (JSON: file -> size, time of
    change, sha256) lies in the run folder, so that a run reads its corpus once, not at every start. It is no part of
    any result: without it the sums are taken again.
    """
    known = _read_note(note)
    good: dict[str, list[int | str]] = {}
    unknown = []
    for shard in shards:
        status = shard.file.stat()
        mark: list[int | str] = [status.st_size, status.st_mtime_ns, shard.sha256]
        good[str(shard.file.resolve())] = mark
        if known.get(str(shard.file.resolve())) != mark:
            unknown.append(shard)
    with ThreadPoolExecutor(THREADS) as threads:
        for shard, found in zip(unknown, threads.map(sha256_of, (shard.file for shard in unknown)), strict=True):
            if found != shard.sha256:
                raise TrainError(
                    f"{shard.file} was changed or damaged: its sha256 is {found}, the manifest says {shard.sha256}. "
                    "Copy the corpus again or build it again."
                )
    if note is not None:
        _write_note(note, known | good)
    return len(unknown)


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_note(note: Path | None) -> dict[str, list[int | str]]:
    """What the note says; nothing where there is none, or it cannot be read: then all is read again."""
    try:
        found = json.loads(note.read_bytes()) if note else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_note(note: Path, good: dict[str, list[int | str]]) -> None:
    draft = note.with_name(f"{note.name}.{os.getpid()}")
    draft.write_text(json.dumps(good, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    draft.replace(note)
