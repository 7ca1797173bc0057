"""The models that `model.score` uses: from a run, a checkpoint's folder, or a Hugging Face T5."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from model.checkpoint import need_checkpoint
from model.config import ModelConfig
from model.decode import Writer
from model.ensemble import Ensemble
from model.errors import ConfigError
from model.examples import HELD_OUT
from model.pretrained import check_weights, init_from, read_config
from model.run import BEST, open_checkpoint, say
from model.shelf import CHECKPOINT_SUMS, FOLDER, MODEL_CONFIG, NEEDED, STATE, check_copy, latest, need_model_folder
from model.t5 import T5
from model.tokens import Tokenizer

BEST_OF_EACH = "best"  # used like a checkpoint: each task's best, from best.json


class Trained(NamedTuple):
    """One model, or an ensemble."""

    model: Writer  # in eval mode
    tokenizer: Tokenizer
    step: int  # of the (first) checkpoint; 0 if unknown


def holds_run(folder: Path) -> bool:
    """Whether it is the folder of a run or of a model: both have a `config.json`.

    ConfigError if it is neither.
    """
    need_model_folder(folder)
    if (folder / FOLDER).is_dir():
        return True
    if not (folder / MODEL_CONFIG).is_file():
        raise ConfigError(
            f"{folder}: expected the folder of a run, of a checkpoint, or of a T5 as transformers saves it; there is "
            f"no {MODEL_CONFIG} in it"
        )
    return "settings" in read_config(folder)


def model_folder(folder: Path, checkpoint: str | None = None, task: str = "") -> Path:
    """The folder of the model that answers for a task: `folder` itself if it is a model; for a run, the newest good
    checkpoint, the named one, or, for the word `best`, the task's best one.
    """
    if not holds_run(folder):
        if checkpoint:
            raise ConfigError(f"--checkpoint {checkpoint} applies to runs, but {folder} holds one model: leave it out")
        return folder
    if checkpoint == BEST_OF_EACH:
        return _best(folder, task)
    if checkpoint:
        need_checkpoint(Path(checkpoint))
        return Path(checkpoint)
    found, notes = latest(folder)
    for note in notes:
        say(f"note: {note}")
    if found is None:
        raise ConfigError(f"{folder} has no good checkpoint. Resume its training, or name another.")
    return found


def best_checkpoints(run: Path) -> dict[str, str]:
    """Best checkpoints by task, and of the mean, as paths below the run. ConfigError without `best.json`."""
    path = run / BEST
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ConfigError(f"--checkpoint best: {run} has no {BEST}, which fine-tuning writes: leave it out") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"--checkpoint best: {path} cannot be read ({error}): name a checkpoint") from None
    if not (isinstance(found, dict) and all(isinstance(one, dict) for one in found.values())):
        raise ConfigError(f"--checkpoint best: {path} is not an object with one checkpoint per task: name a checkpoint")
    named = {task: one.get("checkpoint") for task, one in found.items()}
    if strange := [task for task, place in named.items() if not isinstance(place, str)]:
        raise ConfigError(f"--checkpoint best: {path} names no checkpoint for {strange[0]}: name one")
    return named


def _best(run: Path, task: str) -> Path:
    named = best_checkpoints(run)
    if task not in named:
        raise ConfigError(f"--checkpoint best: {run / BEST} has no {task}, only {', '.join(named)}: name a checkpoint")
    folder = run / named[task]
    if not is_checkpoint_of(run, folder) or not (folder / CHECKPOINT_SUMS).is_file():
        raise ConfigError(
            f"--checkpoint best: {run / BEST} names {folder} for {task}, which is not, or no longer, a "
            f"checkpoint of {run}: choose another one, or leave it out for the newest one"
        )
    return folder


def is_checkpoint_of(run: Path, folder: Path) -> bool:
    """Whether it is, judging by its path."""
    return folder.absolute().parent.resolve() == (run / FOLDER).resolve()


def first_data(run: Path, task: str, split: str) -> set[str]:
    """The sha256 of the files of a task that a run trained and scored on; empty if it had none of this split."""
    found = read_config(run)
    if split == HELD_OUT or (split == "train" and task in found.get("data", ())):
        return {*found.get("tasks", {}).get(task, {}).values()}
    return set()


def tokenizer_of(folder: Path) -> Tokenizer:
    """The tokenizer in a model's folder. ConfigError if there is none; TrainError for a damaged checkpoint."""
    check_copy(folder)
    return Tokenizer.load(folder)


def open_models(folders: Sequence[Path], device: torch.device) -> Trained:
    """The model of a folder, or an ensemble of several. ConfigError if their tokenizers differ."""
    found = [_opened(folder, device) for folder in folders]
    first = found[0].tokenizer
    for folder, one in zip(folders, found, strict=True):
        if one.tokenizer.fingerprint != first.fingerprint or one.tokenizer.vocabulary != first.vocabulary:
            raise ConfigError(
                f"--ensemble: {folder} has a different vocabulary from {folders[0]}, so their logits do not "
                "correspond: use models with the same tokenizer"
            )
    model: Writer = found[0].model if len(found) == 1 else Ensemble([one.model for one in found]).eval()
    return Trained(model, first, found[0].step)


class _One(NamedTuple):
    model: T5
    tokenizer: Tokenizer
    step: int


def _opened(folder: Path, device: torch.device) -> _One:
    step = _step_of(folder)
    if all((folder / name).is_file() for name in (*NEEDED, CHECKPOINT_SUMS)):
        _, model, tokenizer = open_checkpoint(folder, folder, device)
        return _One(model, tokenizer, step)
    tokenizer = Tokenizer.load(folder)
    config, weights = init_from(folder, tokenizer.vocabulary.size)
    with torch.device("meta"):
        model = T5(ModelConfig.from_hf(config))
    check_weights(weights, model.state_dict(), folder)
    model.load_state_dict(weights, assign=True)
    return _One(model.to(device).eval(), tokenizer, step)


def _step_of(folder: Path) -> int:
    try:
        return int(json.loads((folder / STATE).read_bytes())["step"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return 0  # for a Hugging Face model; damaged checkpoints fail their checksums
