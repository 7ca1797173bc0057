"""The folder of a training run: its checkpoints by their checksums, and its other files as far as their content can be
checked.

Names and formats are those of `model.checkpoint` and `model.sums`; the files on disk are the contract.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from c4pipe.disk import read_file
from c4pipe.errors import ConfigError
from c4pipe.shards import EXPOSURE, Exposure, ExposureError, sha256_of, trace_again
from c4pipe.text import many
from c4pipe.verify.file import Expected, file_finding
from c4pipe.verify.findings import Finding, FolderVerdict, damaged, noted

CHECKPOINTS, SUMS_OF_CHECKPOINT = "checkpoints", "sha256.json"
SUMS_OF_RUN = "sha256.json"
RUN_SETTINGS, TABLES, TOKENIZER = "config.json", ("metrics.csv", "eval.csv"), "tokenizer"
_NEEDED = ("config.json", "generation_config.json", "model.safetensors", "state.json", "training.pt")
RESUME = "Resume the training: it continues from an older checkpoint."
TRAIN_AGAIN = "Copy the run again or train it again."
_STEP = re.compile(r"step-\d{8,}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def is_run(folder: Path) -> bool:
    """Whether a training run has written there."""
    return (folder / CHECKPOINTS).is_dir() or os.path.lexists(folder / TABLES[0])


def check_run(folder: Path, done: Callable[[int], None]) -> FolderVerdict:
    """Reads every checkpoint and every table of a run; `done` receives the bytes of each file."""
    findings: list[Finding] = []
    sizes: list[int] = []
    rows = 0
    for step in sorted(_listed(folder / CHECKPOINTS)):
        if not _STEP.fullmatch(step.name):
            findings.append(noted(step, "not a checkpoint, or left over from an interrupted save"))
            continue
        for file in _files(step, findings):
            sizes.append(_size(step / file.path))
            done(sizes[-1])
            found = file_finding(step, file)
            findings += [found] if found else []
    wrong = [*_run_sums(folder)]
    findings += wrong
    if not any(one.path == str(folder / EXPOSURE) for one in wrong):
        findings += _exposure(folder)
    for name in (RUN_SETTINGS, *(path.relative_to(folder).as_posix() for path in _listed(folder / TOKENIZER))):
        if name.endswith(".json"):
            findings += _json(folder / name)
            sizes.append(_size(folder / name))
    for name in TABLES:
        if os.path.lexists(folder / name):
            count, wrong = _table(folder / name)
            rows += count
            findings += wrong
            sizes.append(_size(folder / name))
    return FolderVerdict(str(folder), "run", len(sizes), sum(sizes), rows, findings)


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _files(step: Path, findings: list[Finding]) -> Iterator[Expected]:
    """The files that a checkpoint lists, and those that it must have."""
    path = step / SUMS_OF_CHECKPOINT
    try:
        sums: dict[str, Any] = json.loads(read_file(path))
        if not all(isinstance(sha256, str) and _SHA256.fullmatch(sha256) for sha256 in sums.values()):
            raise ValueError("it holds no sums")
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        what = getattr(error, "strerror", None) or str(error)
        findings.append(damaged(path, "format", f"cannot be read ({what})", "the sums of the checkpoint", RESUME))
        return
    for name in _NEEDED:
        if name not in sums:
            findings.append(damaged(path, "format", f"it has no sum of {name}", "one of every file", RESUME))
    for other in _listed(step):
        if other.name not in sums and other.name != SUMS_OF_CHECKPOINT:
            findings.append(noted(other, "not of this checkpoint"))
    for name, sha256 in sums.items():
        if "/" in name or name in ("", ".", ".."):
            findings.append(damaged(path, "format", f"it names {name!r}", "names of its own files", RESUME))
        else:
            yield Expected(name, None, sha256, SUMS_OF_CHECKPOINT, RESUME)


def _run_sums(folder: Path) -> Iterator[Finding]:
    """RUN/sha256.json: checksums of files, and marks, which are checksums of the first bytes of growing files."""
    path = folder / SUMS_OF_RUN
    if not os.path.lexists(path):
        yield noted(folder, f"an older run, without {SUMS_OF_RUN}: only its checkpoints have sums")
        return
    try:
        found = json.loads(read_file(path))
        files, marks = found["files"], found["marks"]
        content = json.dumps({"files": files, "marks": marks}, sort_keys=True)
        if found["sha256"] != hashlib.sha256(content.encode()).hexdigest():
            raise ValueError("it is not what was written")
        pieces = [(name, None, sums) for name, sums in files.items()]
        if any(".." in name.split("/") or name.startswith("/") for name in files):
            raise ValueError("it names files elsewhere")
        pieces += [(name, size, [sha256]) for one in marks.values() for name, (size, sha256) in one.items()]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        yield damaged(path, "format", f"cannot be read ({error})", "the sums of the run", TRAIN_AGAIN)
        return
    for name, size, sums in pieces:
        do = trace_again(folder) if name == EXPOSURE else TRAIN_AGAIN
        try:
            sha256 = _sum(folder / name, size)
        except (OSError, ValueError) as error:
            what = getattr(error, "strerror", None) or error
            yield damaged(folder / name, "missing", f"cannot be read ({what})", f"a file, says {SUMS_OF_RUN}", do)
            continue
        if sha256 not in sums:
            part = "its sha256" if size is None else f"the sha256 of its first {many(size, 'byte')}"
            yield damaged(folder / name, "sha256", f"{part} is {sha256}", f"{sums[-1]}, says {SUMS_OF_RUN}", do)


def _sum(path: Path, size: int | None) -> str:
    """The checksum of the first bytes of a file, or of all of it, which may not fit in memory."""
    if size is None and path.is_file():
        return sha256_of(path)
    return hashlib.sha256(read_file(path)[:size]).hexdigest()


def _exposure(folder: Path) -> Iterator[Finding]:
    """A note if the run has continued since its pages were traced."""
    path = folder / EXPOSURE
    if os.path.lexists(path):
        try:
            note = Exposure(folder).note
        except ConfigError:
            yield damaged(path, "format", "it is not a file", "the pages that the run has read", trace_again(folder))
        except ExposureError as error:
            yield damaged(path, "format", f"it {error.what}", "the pages that the run has read", trace_again(folder))
        else:
            if note:
                yield noted(path, note)


def _json(path: Path) -> Iterator[Finding]:
    try:
        if not isinstance(json.loads(read_file(path)), dict):
            raise ValueError("it is not a JSON object")
    except FileNotFoundError:
        yield damaged(path, "missing", "not there", "the settings of the run", TRAIN_AGAIN)
    except (OSError, ValueError, RecursionError) as error:
        yield damaged(path, "format", f"cannot be read ({error})", "a JSON object", TRAIN_AGAIN)


def _table(path: Path) -> tuple[int, list[Finding]]:
    """The rows of a table of numbers, and the first row that is invalid."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            head = next(reader, [])
            number = 0
            for number, row in enumerate(reader, 1):
                if len(row) != len(head) or not row[0].isascii() or not row[0].isdigit():
                    what = f"row {number:,} is {','.join(row)!r}"
                    return number, [damaged(path, "format", what, f"a step and {len(head) - 1} more", TRAIN_AGAIN)]
    except (OSError, ValueError, csv.Error) as error:
        return 0, [damaged(path, "format", f"cannot be read ({error})", "a table of numbers", TRAIN_AGAIN)]
    if not head:
        return 0, [damaged(path, "format", "empty", "a table of numbers", TRAIN_AGAIN)]
    return number, []
