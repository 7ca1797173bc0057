"""Checkpoints: folders that transformers loads as they are, with all that a run needs to go on as if never stopped.

    RUN/checkpoints/step-00000500/
        config.json  generation_config.json  model.safetensors  and the tokenizer's files: for transformers
        training.pt      optimizer and random states: tensors and plain values, read with weights_only
        state.json       step, position in the data, settings, versions: for people too
        sha256.json      of every other file, written last

A folder appears under its name whole or not at all: it is written as `.step-00000500.tmp`, flushed to the disk and
renamed. A checkpoint that gives way to a new one of the same step is `.step-00000500.old` until that one is in place.
Both kinds are cleared away by the next `save`, a `.old` without a new one by putting it back. One run has one writer.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from c4pipe import __version__
from c4pipe.shards import sha256_of, to_json
from model.errors import ConfigError, TrainError

FOLDER = "checkpoints"
MODEL_CONFIG = "config.json"
GENERATION_CONFIG = "generation_config.json"
WEIGHTS = "model.safetensors"
TRAINING_STATE = "training.pt"
STATE = "state.json"
SUMS = "sha256.json"
TOKENIZER_FILES = (
    "spiece.model",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)

# One table under three names; transformers shares them by itself and takes `shared.weight` for all.
EMBEDDING_COPIES = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")

_DENSE = torch.contiguous_format
_NAME = re.compile(r"step-(\d{8,})|\.step-(\d{8,})\.old")


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state of a run after `step` updates. Mappings but for `weights` and `training` hold what JSON holds."""

    step: int
    weights: Mapping[str, Tensor]  # whole, not shards; under transformers' names
    config: Mapping[str, Any]  # config.json
    generation: Mapping[str, Any]  # generation_config.json
    training: Mapping[str, Any]  # optimizer and random states: tensors, numbers, strings, lists, tuples and dicts
    position: Mapping[str, Any]  # in the data
    settings: Mapping[str, Any]  # with fingerprints of data and tokenizer: what must be the same to go on


def save_checkpoint(run: Path, checkpoint: Checkpoint, tokenizer: Path) -> Path:
    """Writes a checkpoint with the tokenizer's files from its folder; the new folder.

    One of the same step is replaced. TrainError if the disk refuses: nothing has changed then, and the next attempt
    may succeed. TypeError for a training state that could not be read back.
    """
    folder = run / FOLDER
    target = folder / f"step-{checkpoint.step:08d}"
    draft, aside = folder / f".{target.name}.tmp", folder / f".{target.name}.old"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sync(run)
        _clear(folder)
        draft.mkdir()
        _write(draft, checkpoint, tokenizer)
        if target.exists():
            target.rename(aside)
        draft.rename(target)
        _sync(folder)
        shutil.rmtree(aside, ignore_errors=True)
    except (OSError, safetensors.SafetensorError) as error:
        raise TrainError(
            f"the checkpoint {target} cannot be written ({error}). Free space, then resume from the one before it."
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def load_checkpoint(folder: Path, settings: Mapping[str, Any] | None = None, force: bool = False) -> Checkpoint:
    """Reads a checkpoint, onto the CPU, every file checked first.

    ConfigError if there is none, or if `settings` are given that are not those it was saved with: the message lists
    what differs. `force` goes on all the same. TrainError names each damaged file.
    """
    if not folder.is_dir():
        raise ConfigError(f"there is no checkpoint {folder}; expected a folder like RUN/{FOLDER}/step-00000500")
    if faults := checkpoint_faults(folder):
        raise TrainError(f"{folder} is damaged: {'; '.join(faults)}. Resume from another one, or with --resume auto.")
    state = json.loads((folder / STATE).read_bytes())
    if settings is not None and not force and (found := changed_settings(state["settings"], settings)):
        raise ConfigError(
            f"{folder} was saved with other settings: {'; '.join(found)}. "
            "Give those of the checkpoint, start a new run, or --force these."
        )
    return Checkpoint(
        step=state["step"],
        weights=load_file(folder / WEIGHTS),
        config=json.loads((folder / MODEL_CONFIG).read_bytes()),
        generation=json.loads((folder / GENERATION_CONFIG).read_bytes()),
        training=torch.load(folder / TRAINING_STATE, map_location="cpu", weights_only=True),
        position=state["position"],
        settings=state["settings"],
    )


def latest(run: Path) -> tuple[Path | None, list[str]]:
    """The newest good checkpoint of a run, None if it has none, and a note on each that was passed over.

    Reads every byte of those that it looks at, and changes nothing, so that it may look at a run that is going on.
    """
    drafts = sorted((run / FOLDER).glob(".step-*.tmp"))
    notes = [f"{draft} is left of a save or removal that was cut off" for draft in drafts]
    for _, folder in sorted(_found(run / FOLDER).items(), reverse=True):
        faults = checkpoint_faults(folder)
        if not faults:
            return folder, notes
        notes.append(f"{folder} is damaged and passed over: {'; '.join(faults)}")
    return None, notes


def checkpoint_faults(folder: Path) -> list[str]:
    """What is wrong with a checkpoint; nothing if every file is there with the bytes that were written."""
    try:
        sums = json.loads((folder / SUMS).read_bytes())
        names = {MODEL_CONFIG, GENERATION_CONFIG, WEIGHTS, TRAINING_STATE, STATE, *sums}
    except FileNotFoundError:
        return [f"{SUMS} is missing"]
    except (OSError, ValueError, TypeError) as error:
        return [f"{SUMS} cannot be read ({error})"]
    faults = []
    for name in sorted(names):
        try:
            found = sha256_of(folder / name)
        except FileNotFoundError:
            faults.append(f"{name} is missing")
        except OSError as error:
            faults.append(f"{name} cannot be read ({error})")
        else:
            if name not in sums or found != sums[name]:
                faults.append(f"{name} is not what was written")
    return faults


def changed_settings(saved: Any, now: Any, name: str = "") -> list[str]:
    """Where two settings differ, as JSON sees them.

    >>> changed_settings({"lr": 0.01, "data": {"seed": 1}}, {"lr": 0.02, "data": {"seed": 1}})
    ['lr was 0.01, now it is 0.02']
    """
    if isinstance(saved, Mapping) and isinstance(now, Mapping):
        keys = sorted({*saved, *now})
        parts = [changed_settings(saved.get(key), now.get(key), f"{name}.{key}" if name else key) for key in keys]
        return [line for part in parts for line in part]
    was, is_now = json.dumps(saved), json.dumps(now)  # a tuple has become a list
    return [] if was == is_now else [f"{name} was {was}, now it is {is_now}"]


def prune(run: Path, last: int, every: int = 0) -> list[Path]:
    """Removes checkpoints as `which_to_delete` says; those removed. To be called after a `save`."""
    found = _found(run / FOLDER)
    removed = [found[step] for step in which_to_delete(found, last, every)]
    for folder in removed:
        doomed = folder.with_name(f".{folder.name.strip('.')}.tmp")
        folder.rename(doomed)  # so that a half-removed one is never taken for a checkpoint
        shutil.rmtree(doomed)
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


def _write(folder: Path, checkpoint: Checkpoint, tokenizer: Path) -> None:
    save_file(_distinct(checkpoint), folder / WEIGHTS, metadata={"format": "pt"})
    try:
        torch.save(dict(checkpoint.training), folder / TRAINING_STATE)
    except RuntimeError as error:  # of a full disk torch says "unexpected pos 576 vs 534"
        raise OSError(f"{TRAINING_STATE}: {error}") from error
    if strange := torch.serialization.get_unsafe_globals_in_checkpoint(folder / TRAINING_STATE):
        raise TypeError(f"a training state holds tensors and plain values only, not {', '.join(strange)}")
    versions = {"c4pipe": __version__, "python": platform.python_version(), "torch": str(torch.__version__)}
    state = {"step": checkpoint.step, "position": checkpoint.position, "settings": checkpoint.settings}
    (folder / STATE).write_bytes(to_json(state | {"versions": versions}))
    (folder / MODEL_CONFIG).write_bytes(to_json(checkpoint.config))
    (folder / GENERATION_CONFIG).write_bytes(to_json(checkpoint.generation))
    for name in TOKENIZER_FILES:
        if (tokenizer / name).exists():
            shutil.copyfile(tokenizer / name, folder / name)
    files = sorted(folder.iterdir())
    (folder / SUMS).write_bytes(to_json({file.name: sha256_of(file) for file in files}))
    for path in (*files, folder / SUMS, folder):
        _sync(path)


def _distinct(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """The weights as safetensors and transformers want them: on the CPU, none in the memory of another.

    The copies of the embedding go, a tied head among them. Weights that encoder and decoder share are written twice.
    """
    dropped = {*EMBEDDING_COPIES} | ({"lm_head.weight"} if checkpoint.config["tie_word_embeddings"] else set())
    kept = {name: weight.detach() for name, weight in checkpoint.weights.items() if name not in dropped}
    taken: set[int] = set()
    for name, weight in kept.items():
        place = weight.untyped_storage().data_ptr()
        kept[name] = weight.cpu().contiguous() if place not in taken else weight.cpu().clone(memory_format=_DENSE)
        taken.add(place)
    return kept


def _found(folder: Path) -> dict[int, Path]:
    """The checkpoints in a folder by step. One that was put aside counts where no new one has taken its place."""
    if not folder.is_dir():
        return {}
    matches = {path: match for path in folder.iterdir() if (match := _NAME.fullmatch(path.name))}
    aside = {int(match[2]): path for path, match in matches.items() if match[2]}
    return aside | {int(match[1]): path for path, match in matches.items() if match[1]}


def _clear(folder: Path) -> None:
    """Removes what a killed run has left behind, and puts back what it had only put aside."""
    for path in _found(folder).values():
        if path.suffix == ".old":
            path.rename(folder / path.stem.lstrip("."))
    for path in (*folder.glob(".step-*.old"), *folder.glob(".step-*.tmp")):
        shutil.rmtree(path)


def _sync(path: Path) -> None:
    """Until the disk has it: the bytes of a file, the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
