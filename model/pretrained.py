"""Continued pre-training: reads the weights of a T5 (v1.0, v1.1 or mT5) from a folder saved by transformers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from model.checkpoint import EMBEDDING_COPIES
from model.config import ModelConfig
from model.cost import parameters
from model.errors import ConfigError, TrainError
from model.shelf import MODEL_CONFIG, WEIGHTS, check_copy

INDEX = "model.safetensors.index.json"  # for a checkpoint in several files
MODEL_TYPES = ("t5", "mt5")  # umT5 has a bias table in every layer

# Google's first conversions contain a table that no model uses: distances between two sequences have no meaning.
UNUSED = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"


def init_from(folder: Path, ids: int = 0, values: bool = True) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The `config.json` and the fp32 weights in a folder, with `shared.weight` and, for an untied head,
    `lm_head.weight`.

    In the config, both keys that say whether the head is tied are set and agree. Files of transformers 5 may disagree:
    it saves `tie_word_embeddings` true with every model. `ids` is the tokenizer's number of ids. Without `values` the
    weights are on the meta device: only names and shapes are read. ConfigError if it is not a T5, has its weights in
    another format, or has fewer embeddings than `ids`; TrainError for files that cannot be read or do not match a
    checkpoint's checksums. `check_weights` compares weights with the config.
    """
    check_copy(folder)
    config = read_config(folder)
    model_type = config.get("model_type", "t5")
    ours = str(model_type).startswith("c4pipe-")  # such as one with adapters, which transformers lacks
    if model_type not in MODEL_TYPES and not ours:
        raise ConfigError(f"{folder} holds a model of type {model_type!r}, expected {' or '.join(MODEL_TYPES)}")
    weights = {name: weight.float() for name, weight in _read_weights(folder, values).items() if name != UNUSED}
    _drop_copies(weights, folder)

    # transformers 5 stores whether T5's head is tied as `scale_decoder_outputs`. No mT5 has a tied head.
    tied = (model_type == "t5" or ours) and config.get("scale_decoder_outputs", config.get("tie_word_embeddings", True))
    head = weights.get("lm_head.weight")
    if tied and head is not None:
        if not _equal(head, weights["shared.weight"]):
            raise ConfigError(
                f"{folder / MODEL_CONFIG} says that the head is the embedding, but {folder} has a different "
                'lm_head.weight. If this is a v1.1 model, write "scale_decoder_outputs": false into the config.'
            )
        del weights["lm_head.weight"]
    elif not tied and head is None:
        # transformers omits it if it equals the embedding.
        weights["lm_head.weight"] = weights["shared.weight"].clone()

    rows = len(weights["shared.weight"])
    if rows < ids:
        raise ConfigError(
            f"{folder} has embeddings for {rows} ids, but the tokenizer has {ids}: use the one in {folder}"
        )
    return config | {"tie_word_embeddings": tied, "scale_decoder_outputs": tied}, weights


def read_config(folder: Path) -> dict[str, Any]:
    """The `config.json` of a model's folder. ConfigError if there is none, TrainError if it cannot be read."""
    return _read_json(folder / MODEL_CONFIG)


def check_architecture(source: ModelConfig, wanted: ModelConfig, folder: Path) -> None:
    """ConfigError if the wanted architecture has no place for some weights of the model in a folder.

    Shared weights may initialise unshared ones: both stacks get them.
    """
    lost = parameters(source) - parameters(wanted)
    if wanted.architecture != source.architecture and (lost > 0 or wanted.has_encoder != source.has_encoder):
        raise ConfigError(
            f"--architecture {wanted.architecture}: {folder} is {source.architecture}, and {lost:,} of its "
            f"{parameters(source):,} weights would be lost. Leave one of --architecture and --init-from out."
        )


def check_weights(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor], source: Path) -> None:
    """ConfigError if weights from `source` do not have exactly the names and shapes of a model's `state_dict()`.

    The model may be on the meta device.
    """
    faults = [f"{name} is missing" for name in sorted({*expected} - {*weights})]
    faults += [f"{name} is unknown" for name in sorted({*weights} - {*expected})]
    for name in sorted({*weights} & {*expected}):
        found, wanted = tuple(weights[name].shape), tuple(expected[name].shape)
        if found != wanted:
            faults.append(f"{name} is {found}, expected {wanted}")
    if faults:
        rest = f" and {len(faults) - 5} more" if len(faults) > 5 else ""
        raise ConfigError(f"the weights in {source} are not those of this model: {'; '.join(faults[:5])}{rest}")


def _drop_copies(weights: dict[str, Tensor], folder: Path) -> None:
    """Keeps only `shared.weight` among the names of the embedding; in old files it may be missing."""
    copies = [weights.pop(name) for name in EMBEDDING_COPIES if name in weights]
    if "shared.weight" not in weights:
        if not copies:
            raise ConfigError(f"{folder} has no embedding: neither shared.weight nor {EMBEDDING_COPIES[0]}")
        weights["shared.weight"] = copies[0]
    if not all(_equal(copy, weights["shared.weight"]) for copy in copies):
        raise ConfigError(f"{folder} has different embeddings for encoder and decoder; a T5 has one table")


def _equal(one: Tensor, other: Tensor) -> bool:
    """Whether tensors are equal; those without values count as equal."""
    return one.is_meta or torch.equal(one, other)


def _read_weights(folder: Path, values: bool) -> dict[str, Tensor]:
    if (folder / WEIGHTS).exists():
        files = [WEIGHTS]
    elif (folder / INDEX).exists():
        files = sorted(set(_read_json(folder / INDEX)["weight_map"].values()))
    else:
        others = sorted(path.name for pattern in ("*.bin", "*.h5", "*.msgpack") for path in folder.glob(pattern))
        raise ConfigError(
            f"{folder} has no {WEIGHTS}{', only ' + ', '.join(others) if others else ''}. Convert it: load it with "
            "transformers' T5ForConditionalGeneration.from_pretrained and save_pretrained it into another folder."
        )
    weights: dict[str, Tensor] = {}
    for name in files:
        try:
            weights |= load_file(folder / name) if values else _shapes(folder / name)
        except (OSError, SafetensorError) as error:
            raise TrainError(f"{folder / name} cannot be read ({error}). Copy or download it again.") from None
    return weights


def _shapes(file: Path) -> dict[str, Tensor]:
    with safe_open(file, "pt") as weights:
        return {name: torch.empty(weights.get_slice(name).get_shape(), device="meta") for name in weights.keys()}  # noqa: SIM118


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError(f"{path} is missing; expected the folder of a T5 as transformers saves it") from None
    except (OSError, ValueError, RecursionError) as error:
        raise TrainError(f"{path} cannot be read ({error}). Copy or download it again.") from None
    if not isinstance(found, dict):
        raise TrainError(f"{path} does not hold a JSON object. Copy or download it again.")
    return found
