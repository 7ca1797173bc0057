"""Checkpoints: folders that transformers can load, with all that a run needs to resume exactly.

    RUN/checkpoints/step-00000500/
        config.json  generation_config.json  model.safetensors  and the tokenizer's files: for transformers
        training.pt      optimizer and random states: tensors and plain values, read with weights_only
        state.json       step, position in the data, settings, versions: also for people
        sha256.json      sha256 of every other file, written last

A folder appears under its name complete or not at all: it is written as `.step-00000500.tmp`, flushed to disk and
renamed. A checkpoint being replaced by a new one of the same step is `.step-00000500.old` until the new one is in
place. The next `save` clears both kinds; a `.old` without a new one is restored. One run has one writer. `model.shelf`
decides which checkpoints stay.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from c4pipe import __version__
from c4pipe.disk import sync_path
from c4pipe.shards import sha256_of, to_json
from model.errors import ConfigError, TrainError
from model.shelf import (
    CHECKPOINT_SUMS,
    FOLDER,
    GENERATION_CONFIG,
    MODEL_CONFIG,
    STATE,
    TRAINING_STATE,
    WEIGHTS,
    checkpoint_faults,
    clear,
    make_way,
)

# One table under three names; transformers ties them itself and uses `shared.weight` for all.
EMBEDDING_COPIES = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")

_DENSE = torch.contiguous_format


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state of a run after `step` updates. Mappings except `weights` and `training` hold JSON values."""

    step: int
    weights: Mapping[str, Tensor]  # unsharded, under transformers' names
    config: Mapping[str, Any]  # config.json
    generation: Mapping[str, Any]  # generation_config.json
    training: Mapping[str, Any]  # optimizer and random states: tensors, numbers, strings, lists, tuples and dicts
    position: Mapping[str, Any]  # in the data
    settings: Mapping[str, Any]  # with fingerprints of data and tokenizer: must be equal to resume


def save_checkpoint(run: Path, checkpoint: Checkpoint, tokenizer: Mapping[str, bytes]) -> Path:
    """Writes a checkpoint with the tokenizer's files, given by name. Returns the new folder.

    A checkpoint of the same step is replaced, see `make_way`. TrainError if the disk refuses: then nothing has changed,
    and the next attempt may succeed. TypeError for a training state that could not be read back.
    """
    folder = run / FOLDER
    target = folder / f"step-{checkpoint.step:08d}"
    draft = folder / f".{target.name}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sync_path(run)
        clear(run)
        draft.mkdir()
        try:
            _write(draft, checkpoint, tokenizer)
            aside = make_way(target)
            draft.rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        sync_path(folder)
        if aside:
            shutil.rmtree(aside, ignore_errors=True)
    except (OSError, safetensors.SafetensorError) as error:
        raise TrainError(
            f"the checkpoint {target} cannot be written ({error}). Free space, then resume from the one before it."
        ) from error
    return target


def need_checkpoint(folder: Path) -> None:
    """ConfigError if it is not a checkpoint at all; `load_checkpoint` checks whether it is intact."""
    if not any((folder / name).is_file() for name in (STATE, CHECKPOINT_SUMS)):
        raise ConfigError(f"there is no checkpoint {folder}; expected a folder such as RUN/{FOLDER}/step-00000500")


def load_checkpoint(folder: Path, instead: str = "Resume from another one, or with --resume auto.") -> Checkpoint:
    """Reads a checkpoint, onto the CPU, every file checked first.

    ConfigError if there is none; TrainError names each damaged file, and what to do `instead`.
    """
    need_checkpoint(folder)
    if faults := checkpoint_faults(folder):
        raise TrainError(f"{folder} is damaged: {'; '.join(faults)}. {instead}")
    try:
        found = _read(folder)
    except _UNREADABLE as error:  # its checksums are right, so it is not damaged, but another program wrote it
        raise TrainError(f"{folder} is not a checkpoint of this trainer: {error!r}. {instead}") from None
    return found


def check_settings(found: Checkpoint, settings: Mapping[str, Any], folder: Path, force: bool = False) -> None:
    """ConfigError, with the differences, if a checkpoint was saved with other settings.

    `force` ignores them.
    """
    if not force and (changed := changed_settings(found.settings, settings)):
        raise ConfigError(
            f"{folder} was saved with different settings: {'; '.join(changed)}. Use the checkpoint's settings, start a "
            "new run, or keep the new ones with --force."
        )


_UNREADABLE = (KeyError, TypeError, ValueError, RuntimeError, EOFError, UnpicklingError, safetensors.SafetensorError)


def _read(folder: Path) -> Checkpoint:
    state = json.loads((folder / STATE).read_bytes())
    return Checkpoint(
        step=state["step"],
        weights=load_file(folder / WEIGHTS),
        config=json.loads((folder / MODEL_CONFIG).read_bytes()),
        generation=json.loads((folder / GENERATION_CONFIG).read_bytes()),
        training=torch.load(folder / TRAINING_STATE, map_location="cpu", weights_only=True),
        position=state["position"],
        settings=state["settings"],
    )


def changed_settings(saved: Any, now: Any, name: str = "") -> list[str]:
    """The differences of two settings, compared as JSON.

    >>> changed_settings({"lr": 0.01, "data": {"seed": 1}}, {"lr": 0.02, "data": {"seed": 1}})
    ['lr was 0.01, now it is 0.02']
    """
    if isinstance(saved, Mapping) and isinstance(now, Mapping):
        keys = sorted({*saved, *now})
        parts = [changed_settings(saved.get(key), now.get(key), f"{name}.{key}" if name else key) for key in keys]
        return [line for part in parts for line in part]
    was, is_now = json.dumps(saved), json.dumps(now)  # JSON turns tuples into lists
    return [] if was == is_now else [f"{name} was {was} and is now {is_now}"]


def _write(folder: Path, checkpoint: Checkpoint, tokenizer: Mapping[str, bytes]) -> None:
    save_file(_distinct(checkpoint), folder / WEIGHTS, metadata={"format": "pt"})
    try:
        torch.save(dict(checkpoint.training), folder / TRAINING_STATE)
    except RuntimeError as error:  # for a full disk torch reports "unexpected pos 576 vs 534"
        raise OSError(f"{TRAINING_STATE}: {error}") from error
    if strange := torch.serialization.get_unsafe_globals_in_checkpoint(folder / TRAINING_STATE):
        raise TypeError(f"a training state holds tensors and plain values only, not {', '.join(strange)}")
    versions = {"c4pipe": __version__, "python": platform.python_version(), "torch": str(torch.__version__)}
    state = {"step": checkpoint.step, "position": checkpoint.position, "settings": checkpoint.settings}
    (folder / STATE).write_bytes(to_json(state | {"versions": versions}))
    (folder / MODEL_CONFIG).write_bytes(to_json(checkpoint.config))
    (folder / GENERATION_CONFIG).write_bytes(to_json(checkpoint.generation))
    for name, content in tokenizer.items():
        (folder / name).write_bytes(content)
    files = sorted(folder.iterdir())
    (folder / CHECKPOINT_SUMS).write_bytes(to_json({file.name: sha256_of(file) for file in files}))
    for path in (*files, folder / CHECKPOINT_SUMS, folder):
        sync_path(path)


def _distinct(checkpoint: Checkpoint) -> dict[str, Tensor]:
    """The weights as safetensors and transformers need them: on the CPU, without shared memory.

    Copies of the embedding are dropped, including a tied head. Weights shared by encoder and decoder are written twice.
    """
    dropped = {*EMBEDDING_COPIES} | ({"lm_head.weight"} if checkpoint.config["tie_word_embeddings"] else set())
    kept = {name: weight.detach() for name, weight in checkpoint.weights.items() if name not in dropped}
    taken: set[int] = set()
    for name, weight in kept.items():
        place = weight.untyped_storage().data_ptr()
        kept[name] = weight.cpu().contiguous() if place not in taken else weight.cpu().clone(memory_format=_DENSE)
        taken.add(place)
    return kept
