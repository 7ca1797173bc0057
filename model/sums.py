"""What a run has written beside its checkpoints, by sha256: RUN/sha256.json.

    {"files": {"config.json": [sha256], "tokenizer/spiece.model": [sha256], ...},
     "marks": {"500": {"metrics.csv": [bytes, sha256], "eval.csv": ..., "samples.txt": ...}, ...},
     "sha256": of the JSON of the other two}

A file is whole if it has one of its sums: there are two only while it is being replaced. What is added to has a mark
for each checkpoint: its first so many bytes, all that were there at that step, have that sha256. Checkpoints have sums
of their own.
The file also says that the folder is that of a run.
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
    """The beginning of a file."""

    size: int  # bytes
    sha256: str

    @classmethod
    def of(cls, content: bytes) -> Mark:
        return cls(len(content), hashlib.sha256(content).hexdigest())


class RunSums:
    """The sums of a run, as they are on the disk; each change is written at once."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._files: dict[str, list[str]] = {}
        self._marks: dict[int, dict[str, Mark]] = {}
        self.fault = ""  # why nothing is known; "" also where there is no such file
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
        """Whether a file is there as it was written; None where no sum of it is known."""
        if name not in self._files:
            return None
        path = self._run / name
        return path.is_file() and sha256_of(path) in self._files[name]

    def put(self, name: str, content: bytes) -> None:
        """Writes a file, in one step, and its sum, so that at no moment a whole file has none."""
        path = self._run / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._coming(name, Mark.of(content).sha256):
            put(path, content)

    def adopt(self, name: str, draft: Path) -> None:
        """The same of a file that lies complete, and for good, under another name, which it loses."""
        with self._coming(name, sha256_of(draft)):
            draft.replace(self._run / name)
            sync_path(self._run)

    def forget(self, name: str) -> None:
        """A file is no longer one of the run's."""
        if self._files.pop(name, None):
            self.write()

    @contextmanager
    def _coming(self, name: str, new: str) -> Iterator[None]:
        """While a file may be the old one or the new one."""
        self._files[name] = [*self._files.get(name, [])[-1:], new]
        self.write()
        yield
        self._files[name] = [new]
        self.write()

    def marks(self, step: int) -> Mapping[str, Mark]:
        """Of the files that are added to, as they were at a step."""
        return self._marks.get(step, {})

    def has_marks(self) -> bool:
        """Whether a checkpoint was ever saved."""
        return any(self._marks)

    def restart(self, step: int, marks: Mapping[str, Mark]) -> None:
        """The run goes on from a step, its files having these marks: later ones are none any more, nor earlier ones of
        a file that is not what it was at this step."""
        same = {name for name, mark in marks.items() if self.marks(step).get(name) == mark}
        earlier = {one: {name: m for name, m in old.items() if name in same} for one, old in self._marks.items()}
        self._marks = {one: old for one, old in earlier.items() if one < step} | {step: dict(marks)}
        self.write()

    def mark(self, step: int, marks: Mapping[str, Mark], steps: Collection[int]) -> None:
        """Before the checkpoint of a step is there; `steps` are those of the checkpoints that are."""
        self._marks = {one: old for one, old in self._marks.items() if one in steps} | {step: dict(marks)}
        self.write()

    def write(self) -> None:
        """Until the disk has it."""
        marks = {str(step): {name: [*mark] for name, mark in one.items()} for step, one in sorted(self._marks.items())}
        found = {"files": self._files, "marks": marks}
        put(self._run / RUN_SUMS, to_json(found | {"sha256": _sum_of(**found)}))


def _sum_of(files: Any, marks: Any) -> str:
    content = json.dumps({"files": files, "marks": marks}, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
