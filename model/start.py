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
from model.held_out import HeldOut, first_tokens, hold_out, split_off
from model.pretrained import check_weights, init_from
from model.run import SHARD_SUMS, TOKENIZER_FOLDER, find_start, open_tokenizer, say
from model.settings import TrainSettings
from model.source import Source
from model.stream import LANES, Recipe
from model.t5 import T5
from model.tokens import Tokenizer


class Data(NamedTuple):
    """What is trained on and what is evaluated on."""

    recipe: Recipe
    held_out: tuple[HeldOut, ...]  # none where the corpora have no validation split and no share is held out
    tokenizer: Tokenizer  # that of the recipe, with its files


def open_data(settings: TrainSettings, group: ProcessGroup) -> Data:
    """Reads the footers and, once, the bytes of all shards, and has a tokenizer made where there is none."""

    def read(sums: bool) -> tuple[tuple[Entry, ...], tuple[Entry, ...], Tokenizer]:
        note = settings.run / SHARD_SUMS
        entries = open_entries(settings.data, "train", settings.languages, note, sums)
        if settings.held_out:
            entries, held_out = zip(*(split_off(entry, settings.held_out) for entry in entries), strict=True)
        else:
            names = held_out_names(settings, [entry.name for entry in entries])
            held_out = open_entries(settings.data, "validation", names, note, sums) if names else ()
        return entries, held_out, open_tokenizer(settings, entries)

    found = read(sums=True) if group.first else None
    group.wait()
    entries, held_out, tokenizer = found or read(sums=False)
    recipe = make_recipe(settings, entries, tokenizer)
    scored = (Source(entry, settings.rule, 1.0) for entry in held_out)
    data = Data(recipe, tuple(hold_out(one, tokenizer, settings.eval_documents) for one in scored), tokenizer)
    if group.first and not held_out:
        say(
            "note: the corpora have no validation split for this; nothing is evaluated. --held-out 1% keeps some of "
            "the training pages for it"
        )
    if group.first and settings.held_out:
        there = ", ".join(f"{one.source.entry.documents:,} of {one.source.entry.name}" for one in data.held_out)
        say(f"evaluated on pages that are kept out of training, and on no validation split: {there}")
    return data


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
    lanes = LANES
    if settings.first_tokens:
        entries = tuple(first_tokens(entry, tokenizer, settings.first_tokens) for entry in entries)
        lanes = 1  # with several an epoch of one would not end where that of another does
    sources = tuple(Source(entry, settings.rule, rates[entry.name]) for entry in entries)
    recipe = Recipe(sources, tokenizer, settings.seed, lanes)
    recipe.check()
    return recipe


def open_start(settings: TrainSettings, group: ProcessGroup) -> Checkpoint | None:
    """The checkpoint to go on from, its files and settings checked."""
    (folder, *_) = group.gathered(find_start(settings) if group.first else None)
    if folder is None:
        return None
    if group.first:
        say(f"going on from {folder}")
    found = load_checkpoint(folder, settings.fixed(), settings.force)
    if found.step > settings.steps:
        raise ConfigError(
            f"{folder} has {many(found.step, 'step')} behind it, and --steps is {settings.steps:,}: take more"
        )
    return found


def open_model(settings: TrainSettings, data: Data, start: Checkpoint | None, group: ProcessGroup) -> T5:
    """The model with its weights: of the checkpoint, of a pre-trained model, or new ones."""
    ids = data.recipe.tokenizer.vocabulary.size
    source, weights = settings.run / TOKENIZER_FOLDER, None
    if start:
        config, weights = ModelConfig.from_hf(start.config), start.weights
    elif settings.init_from:
        source = settings.init_from
        found, weights = init_from(source, ids)
        config = settings.changed(ModelConfig.from_hf(found))
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
