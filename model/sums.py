"""Checksums of a run's files other than checkpoints: RUN/sha256.json.

    {"files": {"config.json": [sha256], "tokenizer/spiece.model": [sha256], ...},
     "marks": {"500": {"metrics.csv": [bytes, sha256], "eval.csv": ..., "samples.txt": ...}, ...},
     "sha256": of the JSON of the other two}

A file is intact if it has one of its checksums: there are two only while it is being replaced. Appended files have a
mark for each checkpoint: the sha256 of their first so many bytes, all that existed at that step. Checkpoints have their
own checksums.
The file also marks the folder as a run's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from c4pipe.disk import sync_path
from c4pipe.shards import sha256_of, to_json
from model.disk import put

RUN_SUMS = "sha256.json"


class Mark(NamedTuple):
    """A prefix of a file."""

    size: int  # bytes
    sha256: str

    @classmethod
    def of(cls, content: bytes) -> Mark:
        return cls(len(content), hashlib.sha256(content).hexdigest())


class RunSums:
    """The checksums of a run, as stored on disk; each change is written at once."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._files: dict[str, list[str]] = {}
        self._marks: dict[int, dict[str, Mark]] = {}
        self.fault = ""  # why the checksums are unusable; "" also if there is no such file
        try:
            self._load(json.loads((run / RUN_SUMS).read_bytes()))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            self.fault = str(error) or repr(error)

    def _load(self, found: Any) -> None:
        files, marks = found["files"], found["marks"]
        if found["sha256"] != _sum_of(files, marks):
            raise ValueError("it is not what was written")
        self._files = files
        self._marks = {int(step): {name: Mark(*mark) for name, mark in one.items()} for step, one in marks.items()}

    def is_whole(self, name: str) -> bool | None:
        """Whether a file exists as it was written; None if its checksum is unknown."""
        if name not in self._files:
            return None
        path = self._run / name
        return path.is_file() and sha256_of(path) in self._files[name]

    def put(self, name: str, content: bytes) -> None:
        """Writes a file atomically, and its checksum, so that a complete file always has one."""
        path = self._run / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._coming(name, Mark.of(content).sha256):
            put(path, content)

    def adopt(self, name: str, draft: Path) -> None:
        """The same for a complete, synced file under another name: it is renamed."""
        with self._coming(name, sha256_of(draft)):
            draft.replace(self._run / name)
            sync_path(self._run)

    def forget(self, name: str) -> None:
        """Removes a file from the run's."""
        if self._files.pop(name, None):
            self.write()

    @contextmanager
    def _coming(self, name: str, new: str) -> Iterator[None]:
        """Inside the block, a file may be the old or the new one."""
        self._files[name] = [*self._files.get(name, [])[-1:], new]
        self.write()
        yield
        self._files[name] = [new]
        self.write()

    def marks(self, step: int) -> Mapping[str, Mark]:
        """The marks of appended files at a step."""
        return self._marks.get(step, {})

    def has_marks(self) -> bool:
        """Whether a checkpoint was ever saved."""
        return any(self._marks)

    def restart(self, step: int, marks: Mapping[str, Mark]) -> None:
        """Restarts the run at a step with these marks of its files: later marks are dropped, and earlier ones of files
        that have changed since.
        """
        same = {name for name, mark in marks.items() if self.marks(step).get(name) == mark}
        earlier = {one: {name: m for name, m in old.items() if name in same} for one, old in self._marks.items()}
        self._marks = {one: old for one, old in earlier.items() if one < step} | {step: dict(marks)}
        self.write()

    def mark(self, step: int, marks: Mapping[str, Mark], steps: Collection[int]) -> None:
        """Call before the checkpoint of a step exists; `steps` are those of existing checkpoints."""
        self._marks = {one: old for one, old in self._marks.items() if one in steps} | {step: dict(marks)}
        self.write()

    def write(self) -> None:
        """Writes and syncs the file."""
        marks = {str(step): {name: [*mark] for name, mark in one.items()} for step, one in sorted(self._marks.items())}
        found = {"files": self._files, "marks": marks}
        put(self._run / RUN_SUMS, to_json(found | {"sha256": _sum_of(**found)}))


def _sum_of(files: Any, marks: Any) -> str:
    content = json.dumps({"files": files, "marks": marks}, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
