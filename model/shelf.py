"""The checkpoints of a run: which exist, which is the newest good one, which are removed, and what must not be touched.

RUN/checkpoints/ may hold other things than ours. A checkpoint is recognised by its name and its marker, `sha256.json`;
anything without the marker, or with a file that we did not write, is never removed. See `model.checkpoint`.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Collection, Iterable
from functools import lru_cache
from pathlib import Path

from c4pipe.disk import put_aside
from c4pipe.shards import MANIFEST, sha256_of
from model.errors import ConfigError, TrainError

FOLDER = "checkpoints"
MODEL_CONFIG = "config.json"
GENERATION_CONFIG = "generation_config.json"
WEIGHTS = "model.safetensors"
TRAINING_STATE = "training.pt"
STATE = "state.json"
CHECKPOINT_SUMS = "sha256.json"
TOKENIZER_FILES = ("spiece.model", "tokenizer.json", "tokenizer_config.json")
NEEDED = (MODEL_CONFIG, GENERATION_CONFIG, WEIGHTS, TRAINING_STATE, STATE)

_NAME = re.compile(r"step-(\d{8}|[1-9]\d{8,})|\.step-(\d{8}|[1-9]\d{8,})\.old")
_DRAFT = re.compile(r"\.tmp\w{6}")  # temporary file of safetensors
_REST = re.compile(r"\.step-\d{8,}\.(tmp|old)")


def checkpoints(run: Path) -> dict[int, Path]:
    """Folders named as checkpoints, by step. One that was put aside counts if no new one has replaced it."""
    folder = run / FOLDER
    if not folder.is_dir():
        return {}
    matches = {path: match for path in folder.iterdir() if (match := _NAME.fullmatch(path.name))}
    aside = {int(match[2]): path for path, match in matches.items() if match[2]}
    return aside | {int(match[1]): path for path, match in matches.items() if match[1]}


def is_checkpoint(folder: Path) -> bool:
    """Whether a folder is a checkpoint, intact or not; a run, which also has checksums, is none."""
    below = folder.resolve().parent.name == FOLDER and (folder / CHECKPOINT_SUMS).is_file()
    return below or (folder / STATE).is_file()


def run_of(checkpoint: Path) -> Path:
    """The run of a checkpoint, by its path."""
    return (checkpoint if checkpoint.parent.name == FOLDER else checkpoint.resolve()).parent.parent


def need_model_folder(folder: Path) -> None:
    """ConfigError for a path that is plainly no run, checkpoint or model: nothing, a file, or a corpus."""
    if not folder.is_dir():
        raise ConfigError(f"{folder} {'is a file, not a folder' if folder.exists() else 'does not exist'}: name a run")
    if (folder / MANIFEST).is_file() and not (folder / FOLDER).is_dir():
        raise ConfigError(
            f"{folder} is a corpus, not a run. Train one on it: python -m model.train --data {folder} --run RUN"
        )


def unfinished(run: Path) -> list[str]:
    """A note on each interrupted save or removal. In an active run, these are in progress."""
    drafts = sorted((run / FOLDER).glob(".step-*.tmp"))
    return [f"{draft} is left over from an interrupted save or removal" for draft in drafts]


def latest(run: Path) -> tuple[Path | None, list[str]]:
    """The newest good checkpoint of a run, None if it has none, and a note on each skipped one.

    Reads every byte of those it checks, and changes nothing, so it can be used on an active run.
    """
    notes: list[str] = []
    for _, folder in sorted(checkpoints(run).items(), reverse=True):
        faults = checkpoint_faults(folder)
        if not faults:
            return folder, notes
        notes.append(f"{folder} is damaged and skipped: {'; '.join(faults)}")
    return None, notes


def checkpoint_faults(folder: Path) -> list[str]:
    """What is wrong with a checkpoint; empty if every file exists with the bytes that were written."""
    try:
        sums = _read_sums(folder)
    except FileNotFoundError:
        return [f"{CHECKPOINT_SUMS} is missing"]
    except (OSError, ValueError, RecursionError) as error:
        return [f"{CHECKPOINT_SUMS} cannot be read ({error})"]
    faults = []
    for name in sorted({*NEEDED, *sums}):
        try:
            found = sha256_of(folder / name) if (folder / name).is_file() else None
        except OSError as error:
            faults.append(f"{name} cannot be read ({error})")
        else:
            if found is None:
                faults.append(f"{name} is missing")
            elif name not in sums or found != sums[name]:
                faults.append(f"{name} does not match {CHECKPOINT_SUMS}")
    return faults


def check_copy(folder: Path) -> None:
    """TrainError if a folder has a checkpoint's checksums, and one of its files does not match them."""
    if not (folder / CHECKPOINT_SUMS).is_file():
        return
    if faults := [fault for fault in checkpoint_faults(folder) if not fault.endswith(" is missing")]:
        raise TrainError(f"{folder} is damaged: {'; '.join(faults)}. Copy it again.")


def _read_sums(folder: Path) -> dict[str, str]:
    """The marker. ValueError for one that we did not write."""
    sums = json.loads((folder / CHECKPOINT_SUMS).read_bytes())
    if not isinstance(sums, dict) or not all(isinstance(value, str) for value in sums.values()):
        raise ValueError("expected an object of names and sums")
    if strange := [name for name in sums if Path(name).name != name]:
        raise ValueError(f"{strange[0]!r} is not a file name")
    return sums


def prune(run: Path, last: int, every: int = 0, best: Collection[int] = ()) -> list[Path]:
    """Removes checkpoints after a `save`: damaged ones first, then as `which_to_delete` says, except the steps in
    `best`. Returns those removed.

    A damaged one does not count: as many good ones stay as if it had never existed. Without a good one, nothing is
    removed. Anything that is not plainly ours stays, too.
    """
    found = checkpoints(run)
    good: list[int] = []
    damaged: list[int] = []
    for step in sorted(found, reverse=True):
        if len(good) < last:  # older ones are not checked
            (damaged if _faults_now(found[step]) else good).append(step)
    if not good:
        return []
    doomed = [*damaged, *(step for step in which_to_delete({*found} - {*damaged}, last, every) if step not in best)]
    removed = [found[step] for step in sorted(doomed) if _is_ours(found[step])]
    for folder in removed:
        rest = folder.with_name(f".{folder.name.strip('.')}.tmp")
        folder.rename(rest)  # so that a half-removed one never looks like a checkpoint
        shutil.rmtree(rest)
    return removed


def which_to_delete(steps: Iterable[int], last: int, every: int = 0) -> list[int]:
    """All but the `last` newest and, unless `every` is 0, the multiples of `every`. ConfigError if none would be kept.

    >>> which_to_delete([100, 200, 300, 400, 500], last=2, every=200)
    [100, 300]
    """
    if last < 1 or every < 0:
        raise ConfigError(
            f"cannot keep the last {last} checkpoints and every {every}: expected 1 or more, and 0 or more"
        )
    return [step for step in sorted(steps)[:-last] if not every or step % every]


def clear(run: Path) -> None:
    """Removes what a killed run left behind, and restores what it had only put aside."""
    for path in checkpoints(run).values():
        if path.suffix == ".old":
            path.rename(path.with_name(path.stem.lstrip(".")))
    for path in (run / FOLDER).iterdir():
        if _REST.fullmatch(path.name) and _holds_only_ours(path):
            shutil.rmtree(path)


def make_way(target: Path) -> Path | None:
    """Puts a checkpoint aside. Returns its new place, to be removed when the new one is complete.

    Anything that is not plainly ours is renamed and kept.
    """
    if _is_ours(target):
        return target.rename(target.with_name(f".{target.name}.old"))
    if target.exists() or target.is_symlink():
        put_aside(target)
    return None


def _is_ours(folder: Path) -> bool:
    """Whether a checkpoint has our marker and nothing that we did not write."""
    try:
        _read_sums(folder)
    except (OSError, ValueError, RecursionError):
        return False
    return _holds_only_ours(folder)


def _holds_only_ours(folder: Path) -> bool:
    known = {*NEEDED, *TOKENIZER_FILES, CHECKPOINT_SUMS}
    if folder.is_symlink() or not folder.is_dir():
        return False
    return all(
        (path.name in known or _DRAFT.fullmatch(path.name)) and path.is_file() and not path.is_symlink()
        for path in folder.iterdir()
    )


def _faults_now(folder: Path) -> list[str]:
    """`checkpoint_faults`, without reading files again that are unchanged since this process read them."""
    marks = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        status = path.lstat()
        marks.append((path.name, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino))
    return _remembered(folder, tuple(marks))


@lru_cache(maxsize=64)
def _remembered(folder: Path, _: tuple[tuple[str, int, int, int, int], ...]) -> list[str]:
    return checkpoint_faults(folder)
