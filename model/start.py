"""What a run starts from: its data, its place in them, and its weights. The first process works, the others wait."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from c4pipe.text import many
from model.checkpoint import Checkpoint, load_checkpoint
from model.config import ModelConfig
from model.corpus import Entry, find_entries
from model.data import open_entries
from model.distributed import ProcessGroup, fill, initial_weights, make_model
from model.errors import ConfigError
from model.pretrained import check_weights, init_from
from model.run import SHARD_SUMS, TOKENIZER_FOLDER, find_start, say
from model.run_tokenizer import open_tokenizer
from model.settings import PRETRAINED, TrainSettings
from model.stream import Recipe
from model.t5 import T5
from model.tokens import Tokenizer


class Data(NamedTuple):
    """What is trained on and what is evaluated on."""

    recipe: Recipe
    held_out: tuple[Entry, ...]  # none where the corpora have no validation split
    tokenizer: Tokenizer  # that of the recipe, with its files


def open_data(settings: TrainSettings, group: ProcessGroup) -> Data:
    """Reads the footers and, once, the bytes of all shards, and has a tokenizer made where there is none."""

    def read(sums: bool) -> tuple[tuple[Entry, ...], tuple[Entry, ...], Tokenizer]:
        note = settings.run / SHARD_SUMS
        entries = open_entries(settings.data, "train", settings.languages, note, sums)
        names = held_out_names(settings, [entry.name for entry in entries])
        held_out = open_entries(settings.data, "validation", names, note, sums) if names else ()
        return entries, held_out, open_tokenizer(settings, entries)

    found = read(sums=True) if group.first else None
    group.wait()
    entries, held_out, tokenizer = found or read(sums=False)
    if group.first and not held_out:
        say("note: the corpora have no validation split for this; nothing is evaluated")
    return Data(make_recipe(settings, entries, tokenizer), held_out, tokenizer)


def held_out_names(settings: TrainSettings, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the training entries that have a validation split."""
    try:
        there = find_entries(settings.data, "validation")
    except ConfigError:  # the corpora are there, for their training split was read: they have no such pages
        return ()
    return tuple(name for name in names if name in there)


def make_recipe(settings: TrainSettings, entries: tuple[Entry, ...], tokenizer: Tokenizer) -> Recipe:
    """The stream of rows that the settings ask for."""
    rates = settings.rates({entry.name: entry.documents for entry in entries})
    recipe = Recipe(
        entries,
        tuple(rates[entry.name] for entry in entries),
        tokenizer,
        settings.objective_value,
        settings.inputs,
        settings.seed,
        pack=settings.pack,
    )
    recipe.objective.check(settings.inputs, tokenizer.vocabulary)
    return recipe


def open_start(settings: TrainSettings, group: ProcessGroup) -> Checkpoint | None:
    """The checkpoint to go on from, its files and settings checked."""
    (folder, *_) = group.gathered(find_start(settings) if group.first else None)
    if folder is None:
        return None
    if group.first:
        say(f"going on from {folder}")
    found = load_checkpoint(folder, settings.fixed(), settings.force)
    if (saved := found.settings["optimizer"]) != settings.optimizer:
        raise ConfigError(
            f"{folder} holds the state of {saved}, which --optimizer {settings.optimizer} cannot take over"
        )
    if found.step > settings.steps:
        raise ConfigError(
            f"{folder} has {many(found.step, 'step')} behind it, and --steps is {settings.steps:,}: take more"
        )
    return found


def _same_model(settings: TrainSettings, found: ModelConfig, ids: int) -> ModelConfig:
    """A checkpoint's model, with the dropout of the settings. ConfigError, also with --force, for another shape."""
    config = settings.changed(found) if settings.model == PRETRAINED else settings.config(ids)
    if changed := config.differences(found):
        raise ConfigError(f"the checkpoint holds another model: {'; '.join(changed)}. Its weights do not fit.")
    return config


def open_model(settings: TrainSettings, data: Data, start: Checkpoint | None, group: ProcessGroup) -> T5:
    """The model with its weights: of the checkpoint, of a pre-trained model, or new ones."""
    ids = data.recipe.tokenizer.vocabulary.size
    source, weights = settings.run / TOKENIZER_FOLDER, None
    if start:
        config, weights = _same_model(settings, ModelConfig.from_hf(start.config), ids), start.weights
    elif settings.init_from:
        source = settings.init_from
        found, weights = init_from(source, ids)
        there = ModelConfig.from_hf(found)
        config = settings.changed(there)
        if config.architecture != there.architecture and group.first:
            say(f"note: encoder and decoder each start from what they share in {source}")
    else:
        config = settings.config(ids)
    sharded = settings.parallel == "fsdp"
    model = make_model(config, settings.z_loss, group, sharded)
    if weights is None:
        fill(model, initial_weights(model, settings.seed))
    else:
        check_weights(weights, model.state_dict(), source)
        fill(model, weights.items())
    return model
