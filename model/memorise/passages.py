"""The passages for testing models, counted and drawn by `c4pipe.passages`, which knows what a dedup compares."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from c4pipe.shards.passages import PassageFile, bucket_of, read_passages
from model.errors import ConfigError, TrainError


class CountedPassage(NamedTuple):
    """A passage, and its number of occurrences."""

    key: int
    text: str
    copies: int
    most: int  # occurrences of its most frequent sentence

    @property
    def bucket(self) -> int:
        """The bucket of its count, see `c4pipe.shards.passages`; -1 if it never occurs."""
        return bucket_of(self.copies) if self.copies else -1


def count_in(corpus: Path, out: Path, *options: str) -> PassageFile:
    """The file that `python -m c4pipe.passages` writes to `out`; an existing one is used unchanged."""
    if not out.exists():
        draft = out.with_name(f".{out.name}.tmp")
        draft.unlink(missing_ok=True)
        command = [sys.executable, "-m", "c4pipe.passages", str(corpus), "--out", str(draft), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
            wrong = ConfigError if done.returncode == ConfigError.exit_code else TrainError
            raise wrong(f"counting passages: {said[0].removeprefix('passages: ')}")
        draft.replace(out)
    return read_passages(out)


def passages_in(found: PassageFile) -> list[CountedPassage]:
    """The passages of a file."""
    columns = (found.table[name].to_pylist() for name in ("key", "text", "count", "most"))
    return [CountedPassage(*row) for row in zip(*columns, strict=True)]


def passage_places(found: PassageFile) -> dict[int, Sequence[dict[str, Any]]]:
    """The places of each passage, by key."""
    return dict(zip(found.table["key"].to_pylist(), found.table["places"].to_pylist(), strict=True))
