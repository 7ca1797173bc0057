"""Checks before a shard is read, a tokenizer is trained or a file is written."""

from __future__ import annotations

from pathlib import Path

import torch

from c4pipe.text import many
from model.checkpoint import need_checkpoint
from model.config import ModelConfig
from model.corpus import find_entries
from model.distributed import count_ranks, find_device
from model.errors import ConfigError
from model.pretrained import check_architecture, check_weights, init_from
from model.run import check_run_folder
from model.run_tokenizer import known_tokenizer
from model.settings import TrainSettings
from model.shelf import checkpoints
from model.t5 import T5


def check_beforehand(settings: TrainSettings) -> None:
    """ConfigError for settings that cannot work on this machine or with these files; TrainError for damaged files.

    The settings themselves were checked when they were made.
    """
    if settings.data:
        find_entries(settings.data, "train", settings.languages)
    find_device(settings.device)
    _check_ranks(settings, count_ranks())
    check_run_folder(settings.run)
    if settings.resume not in ("auto", "none"):
        need_checkpoint(Path(settings.resume))
    tokenizer = known_tokenizer(settings)
    if tokenizer and settings.data:
        settings.rule_of("en").check(tokenizer.vocabulary)
    if settings.init_from and not checkpoints(settings.run):
        _check_source(settings, tokenizer.vocabulary.size if tokenizer else 0)


def _check_ranks(settings: TrainSettings, ranks: int) -> None:
    if settings.batch % (ranks * settings.accumulate):
        raise ConfigError(
            f"a batch of {many(settings.batch, 'row')} cannot be split over {ranks} ranks, each with "
            f"{many(settings.accumulate, 'equal part')}: use a multiple of {ranks * settings.accumulate}"
        )
    if settings.parallel == "fsdp" and ranks == 1:
        raise ConfigError(
            "--parallel fsdp spreads a model over the processes of torchrun, and there is only one: use ddp"
        )
    if settings.parallel == "fsdp" and settings.architecture == "shared":
        raise ConfigError("--parallel fsdp cannot spread blocks that encoder and decoder share: use ddp")


def _check_source(settings: TrainSettings, ids: int) -> None:
    """Checks by names and shapes that the folder of `--init-from` holds the model of its config."""
    assert settings.init_from
    found, weights = init_from(settings.init_from, ids, values=False)
    config = ModelConfig.from_hf(found)
    with torch.device("meta"):
        model = T5(config)
    check_weights(weights, model.state_dict(), settings.init_from)
    if config.adapter and settings.adapter_width not in (0, config.adapter):
        raise ConfigError(
            f"--adapter-width {settings.adapter_width}: {settings.init_from} has adapters of width {config.adapter}, "
            f"which cannot change: use --adapter-width {config.adapter}, or start from a model without adapters"
        )
    check_architecture(config, settings.changed(config), settings.init_from)
