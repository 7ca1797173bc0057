"""The folder of a run: its files, its lock, and where a run resumes.

RUN/config.json  metrics.csv  eval.csv  samples.txt  loss.svg  tokenizer/  tensorboard/
RUN/validation.csv  best.json  tasks/   for fine-tuning, see `model.best` and `model.prepared`
RUN/checkpoints/step-00000500/      see `model.checkpoint`
RUN/exposure.parquet                which pages were read at which steps, see `model.exposure`
RUN/sums.json                       shards whose checksums were verified, see `c4pipe.shards.sums`
RUN/sha256.json                     checksums of the other files, see `model.sums`
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from c4pipe.disk import put_aside
from c4pipe.shards import to_json
from model.checkpoint import load_checkpoint
from model.config import ModelConfig
from model.corpus import Entry
from model.disk import check_empty, locked_folder
from model.errors import ConfigError, TrainError
from model.pretrained import check_weights
from model.settings import TrainSettings
from model.shelf import (
    CHECKPOINT_SUMS,
    STATE,
    checkpoints,
    is_checkpoint,
    latest,
    need_model_folder,
    run_of,
    unfinished,
)
from model.sums import RUN_SUMS, RunSums
from model.t5 import T5
from model.tokens import Tokenizer

RUN_CONFIG, METRICS_FILE, EVALS_FILE, SAMPLES = "config.json", "metrics.csv", "eval.csv", "samples.txt"
VALIDATION_FILE, BEST = "validation.csv", "best.json"  # for the tasks of fine-tuning, see `model.best`
PREPARED = "tasks"  # the folder of their examples, see `model.prepared`
CURVE, TENSORBOARD, SHARD_SUMS, LOCK_FILE = "loss.svg", "tensorboard", "sums.json", ".lock"
TOKENIZER_FOLDER, MADE_OF = "tokenizer", "made_of.json"
_FIRST = (LOCK_FILE, f".{RUN_SUMS}.tmp")  # files of a run that was killed before it began


def say(text: str) -> None:
    """Prints a remark for the user, separate from the result."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def held(run: Path) -> Iterator[None]:
    """Locks the folder, created if needed, for this process.

    ConfigError if another process trains there, or as from `check_run_folder`.
    """
    check_run_folder(run)
    with locked_folder(run, LOCK_FILE, "--run", "is being written by another training run. Wait for it."):
        _claim(run)
        yield


def check_run_folder(run: Path) -> None:
    """ConfigError for a folder that cannot be created or written, or that holds files but is not a run."""
    there = next(path for path in (run.absolute(), *run.absolute().parents) if os.path.lexists(path))
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        raise ConfigError(f"--run {run} cannot be written: {there} is not a writable folder. Name another one.")
    if not _is_run(run):
        check_empty(run, "--run", "training", _FIRST)


def _is_run(run: Path) -> bool:
    """Whether a training wrote this folder: one of three files suffices, since the others may be damaged."""
    if (run / RUN_SUMS).is_file() and not RunSums(run).fault:
        return True
    try:
        found = json.loads((run / RUN_CONFIG).read_bytes())
    except (OSError, ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and {"settings", "model", "data", "tokenizer"} <= {*found}:
        return True
    return any((path / CHECKPOINT_SUMS).is_file() and (path / STATE).is_file() for path in checkpoints(run).values())


def _claim(run: Path) -> None:
    """Makes it the folder of a run, and reports unreadable checksums."""
    sums = RunSums(run)
    if sums.fault:
        aside = put_aside(run / RUN_SUMS)
        say(f"note: {run / RUN_SUMS} is damaged ({sums.fault}): kept as {aside.name}; the files there count as intact")
    if not (run / RUN_SUMS).exists():
        sums.write()


def find_start(settings: TrainSettings) -> Path | None:
    """The checkpoint to resume from; None for a new run. Skipped checkpoints are named.

    ConfigError if the folder and `--resume` do not fit; TrainError if every checkpoint is damaged.
    """
    run = settings.run
    there = [path for _, path in sorted(checkpoints(run).items())]
    if settings.resume == "none":
        if there or (run / METRICS_FILE).exists():
            raise ConfigError(f"{run} holds a run: resume it with --resume auto, or name another folder")
        return None
    if settings.resume == "auto":
        found, notes = latest(run)
        if there and found is None:
            raise TrainError(f"{run} has no good checkpoint: {'; '.join(notes)}. Start again in another folder.")
        for note in (*unfinished(run), *notes):
            say(f"note: {note}")
        return found
    chosen = Path(settings.resume)
    if not chosen.is_dir():
        return chosen  # reading it reports what is wrong
    later = [path for path in there if path.name > chosen.name and path.resolve() != chosen.resolve()]
    if later:
        names = ", ".join(path.name for path in later)
        raise ConfigError(f"{run} has checkpoints later than {chosen}: {names}. Remove them, or use another --run.")
    return chosen


def write_config(
    settings: TrainSettings,
    config: ModelConfig,
    entries: Sequence[Entry],
    tokenizer: str,
    files: Mapping[str, Mapping[str, str]],
) -> None:
    """`config.json`: everything the run depends on. `files` are each task's files with their sha256."""
    data = {entry.name: {"documents": entry.documents, "sha256": entry.digest} for entry in entries}
    found: dict[str, Any] = {"settings": settings.to_json(), "model": config.to_hf(), "data": data}
    if files:
        found["tasks"] = files
    if settings.spans_identity:
        found["spans"] = settings.spans_identity
    RunSums(settings.run).put(RUN_CONFIG, to_json(found | {"tokenizer": tokenizer}))


def check_task_files(run: Path, files: Mapping[str, Mapping[str, str]]) -> None:
    """ConfigError if tasks have other data than when `config.json` was written: scores before and after would not be of
    the same examples. Names of files may differ.
    """
    try:
        before = json.loads((run / RUN_CONFIG).read_bytes())["tasks"]
    except (OSError, ValueError, KeyError, TypeError):
        return  # rewritten, see `write_config`
    for task, sums in files.items():
        if task in before and sorted(before[task].values()) != sorted(sums.values()):
            changed = [name for name, value in sums.items() if value not in before[task].values()]
            raise ConfigError(
                f"{', '.join(changed or sums)} of {task} are not what {run} started with. Restore them, use another "
                "--run, or accept the new ones with --force."
            )


def run_config(run: Path) -> tuple[TrainSettings, dict[str, Any]]:
    """The settings with which a run was last started, and its whole `config.json`. A checkpoint stands for its run.

    ConfigError if it is neither; TrainError for a damaged `config.json`.
    """
    need_model_folder(run)
    if is_checkpoint(run):
        run = run_of(run)
    if RunSums(run).is_whole(RUN_CONFIG) is False and (run / RUN_CONFIG).exists():
        raise _damaged(run, "it is not what was written")
    try:
        found: dict[str, Any] = json.loads((run / RUN_CONFIG).read_bytes())
        return TrainSettings.from_json(found["settings"]), found
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError(f"{run} is not a run: it has no {RUN_CONFIG}. Train one: python -m model.train") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(run, repr(error)) from None


def read_settings(run: Path) -> TrainSettings:
    """The settings with which a run was last started; errors as from `run_config`."""
    return run_config(run)[0]


def _damaged(run: Path, why: str) -> TrainError:
    return TrainError(
        f"{run / RUN_CONFIG} is damaged ({why}). Resume the run with the command that started it: that rewrites the "
        "file."
    )


def open_checkpoint(run: Path, chosen: Path | None, device: torch.device) -> tuple[Path, T5, Tokenizer]:
    """A model in eval mode with its tokenizer: from the chosen checkpoint, or the newest good one of a run.

    `run` may be a checkpoint, too. ConfigError if it is neither, or if another one is chosen.
    """
    need_model_folder(run)
    if is_checkpoint(run):
        if chosen not in (None, run):
            raise ConfigError(f"--run {run} is a checkpoint, and --checkpoint names another one: leave one of them out")
        chosen = run
    folder, notes = (chosen, []) if chosen else latest(run)
    for note in notes:
        say(f"note: {note}")
    if folder is None and notes:
        raise TrainError(f"{run} has no good checkpoint: {len(notes)} damaged. Train again in another folder.")
    if folder is None:
        raise ConfigError(f"{run} has no checkpoint. Train one: python -m model.train --run {run}")
    found = load_checkpoint(folder, f"Leave out --checkpoint, with --run {run_of(folder)}, for the newest good one.")
    with torch.device("meta"):
        model = T5(ModelConfig.from_hf(found.config))
    check_weights(found.weights, model.state_dict(), folder)
    model.load_state_dict(found.weights, assign=True)
    return folder, model.to(device).eval(), Tokenizer.load(folder)
