"""Files of what a model wrote: in FOLDER/written/ and FOLDER/predictions/, and never over files that are not ours.

FOLDER/answers.json   {"written/rte.jsonl": {"sha256": ..., "examples": 277}, ...}: the files written by scorings
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from c4pipe.disk import put_aside
from c4pipe.shards import sha256_of, to_json
from model.disk import put
from model.examples import HELD_OUT
from model.run import say
from model.sums import Mark

ANSWERS = "answers.json"


def task_file(folder: Path, task: str, split: str, suffix: str) -> Path:
    """The file of a task's split in a folder, which is created. A slash in a name creates a subfolder.

    >>> task_file(Path("/tmp/written"), "xnli/de", "test", ".jsonl").relative_to("/tmp/written").as_posix()
    'xnli/de.test.jsonl'
    """
    part = "" if split == HELD_OUT else f".{split}"
    path = folder / f"{task}{part}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def put_answers(folder: Path, path: Path, content: bytes, examples: int) -> None:
    """Writes a file below `folder`. An existing file that no scoring wrote, or that has answers to more examples, is
    renamed and kept.
    """
    name, known = path.relative_to(folder).as_posix(), _known(folder)
    if os.path.lexists(path) and (why := _why_kept(path, examples, **known.get(name, {"sha256": "", "examples": 0}))):
        say(f"note: {path} {why}: kept as {put_aside(path).name}")
    put(path, content)
    known[name] = {"sha256": Mark.of(content).sha256, "examples": examples}
    put(folder / ANSWERS, to_json(known))


def _why_kept(path: Path, new: int, sha256: str, examples: int) -> str:
    if path.is_symlink() or not path.is_file() or sha256_of(path) != sha256:
        return "was not written by a scoring"
    return f"has answers to {examples:,} examples; the new answers cover {new:,}" if examples > new else ""


def _known(folder: Path) -> dict[str, dict[str, Any]]:
    """The content of `answers.json`; a file that is not ours is renamed and kept."""
    path = folder / ANSWERS
    try:
        found = json.loads(path.read_bytes())
        if isinstance(found, dict) and all(map(_is_told, found.values())):
            return found
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        pass
    say(f"note: {path} was not written by a scoring: kept as {put_aside(path).name}")
    return {}


def _is_told(one: Any) -> bool:
    return isinstance(one, dict) and {*one} == {"sha256", "examples"} and isinstance(one["examples"], int)


def json_lines(rows: Iterable[Any]) -> bytes:
    """One JSON value per line, in UTF-8."""
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode("utf-8", "surrogatepass")
