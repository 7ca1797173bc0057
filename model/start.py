"""What a run starts from: its data, its position in the data, and its weights. The first process works, the others
wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import fsum
from pathlib import Path
from typing import NamedTuple

from c4pipe.text import many
from model.checkpoint import Checkpoint, check_settings, load_checkpoint
from model.config import ModelConfig
from model.corpus import Entry, find_entries
from model.data import open_entries
from model.distributed import ProcessGroup, fill, initial_weights, make_model
from model.errors import ConfigError
from model.examples import HELD_OUT, RunTask, check_targets, open_run_tasks, rule_for
from model.held_out import HeldOut, first_tokens, hold_out, split_off
from model.initial import ADAPTER
from model.pretrained import check_weights, init_from
from model.run import SHARD_SUMS, TOKENIZER_FOLDER, find_start, say
from model.run_tokenizer import open_tokenizer
from model.settings import PRETRAINED, TrainSettings
from model.source import Denoising, Source
from model.stream import LANES, Recipe
from model.t5 import T5
from model.tasks.rates import task_rates
from model.tokens import Tokenizer


class Data(NamedTuple):
    """Training and evaluation data."""

    recipe: Recipe
    held_out: tuple[HeldOut, ...]  # empty if corpora have no validation split and no share is held out
    tokenizer: Tokenizer  # that of the recipe, with its files
    tasks: tuple[RunTask, ...] = ()


def open_data(settings: TrainSettings, group: ProcessGroup) -> Data:
    """Reads the footers and, once, the bytes of all shards, prepares tasks, and trains a tokenizer if needed."""

    def read(first: bool) -> Data:
        note = settings.run / SHARD_SUMS
        corpora, held_out = open_corpora(settings, note, first) if settings.data else ((), ())
        tasks = open_run_tasks(settings, first)
        sources = make_sources(settings, corpora, tasks)
        tokenizer = open_tokenizer(settings, sources)
        check_targets(settings, tasks, tokenizer)
        recipe = make_recipe(settings, sources, tokenizer)
        scored = [Source(entry, settings.rule_of(entry.name), 1.0) for entry in held_out]
        scored += [Source(one.held_out, rule_for(settings, one.task), 1.0) for one in tasks if one.held_out]
        chosen = tuple(hold_out(source, tokenizer, settings.eval_documents) for source in scored)
        return Data(recipe, chosen, tokenizer, tasks)

    found = read(first=True) if group.first else None
    group.wait()
    data = found or read(first=False)
    if group.first and not data.held_out:
        say(
            "note: the data has no validation split for this, so nothing is evaluated. --held-out 1% reserves some "
            "training pages of corpora"
        )
    if group.first and settings.held_out:
        there = ", ".join(f"{one.source.entry.documents:,} of {one.source.entry.name}" for one in data.held_out)
        say(f"evaluated on held-out training pages, not on the validation split of a corpus: {there}")
    return data


def held_out_names(settings: TrainSettings, names: Iterable[str]) -> tuple[str, ...]:
    """The training entries that have a validation split."""
    try:
        there = find_entries(settings.data, HELD_OUT)
    except ConfigError:  # the corpora exist, since their training split was read: they have no such pages
        return ()
    return tuple(name for name in names if name in there)


def open_corpora(
    settings: TrainSettings, note: Path | None = None, sums: bool = True
) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Training and held-out data of the corpora: held out is a share of the pages, or their validation splits."""
    entries = open_entries(settings.data, "train", settings.languages, note, sums)
    if settings.held_out:
        parts = [split_off(entry, settings.held_out) for entry in entries]
        return tuple(training for training, _ in parts), tuple(held_out for _, held_out in parts)
    names = held_out_names(settings, [entry.name for entry in entries])
    return entries, open_entries(settings.data, HELD_OUT, names, note, sums) if names else ()


def make_recipe(settings: TrainSettings, sources: tuple[Source, ...], tokenizer: Tokenizer) -> Recipe:
    """The stream of rows. With `first_tokens` it has one lane, so that the epochs of corpora are exact."""
    lanes = LANES
    if count := settings.first_tokens:
        lanes = 1
        sources = tuple(
            replace(one, entry=first_tokens(one.entry, tokenizer, count)) if isinstance(one.rule, Denoising) else one
            for one in sources
        )
    recipe = Recipe(sources, tokenizer, settings.seed, lanes)
    recipe.check()
    return recipe


def make_sources(
    settings: TrainSettings, corpora: Sequence[Entry], tasks: Sequence[RunTask] = ()
) -> tuple[Source, ...]:
    """The sources of the stream; the rates sum to 1.

    Without tasks the entries of all corpora are one mixture. With tasks each folder has its given rate, in examples,
    which its entries share as such a mixture. All are sorted by name, so that the order of the command line does not
    matter.
    """
    if tasks:
        parts = [
            ([entry for entry in corpora if Path(entry.files[0]).is_relative_to(folder)], rate)
            for folder, rate in zip(settings.data, settings.corpus_rates, strict=True)
        ]
    else:
        parts = [([*corpora], 1.0)]
    found = [
        Source(entry, settings.rule_of(entry.name), rate * own[entry.name])
        for entries, rate in parts
        for own in [settings.rates({entry.name: entry.documents for entry in entries})]
        for entry in entries
    ]
    trained = [(one.train, rule_for(settings, one.task)) for one in tasks if one.train]
    rates = task_rates({entry.name: entry.documents for entry, _ in trained}, settings.task_mixture_value)
    found += [Source(entry, rule, rates[entry.name]) for entry, rule in trained]
    names = [source.entry.name for source in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ConfigError(f"a task and a config of a corpus are both called {twice[0]!r}: take {twice[0]}/other=PATH")
    if tasks:
        found.sort(key=lambda source: source.entry.name)
    total = fsum(source.rate for source in found)
    return tuple(replace(source, rate=source.rate / total) for source in found)


def open_start(settings: TrainSettings, group: ProcessGroup) -> Checkpoint | None:
    """The checkpoint to resume from, with files and settings checked."""
    (folder, *_) = group.gathered(find_start(settings) if group.first else None)
    if folder is None:
        return None
    if group.first:
        say(f"resuming from {folder}")
    found = load_checkpoint(folder)
    check_kind(settings, found, folder)
    check_settings(found, settings.fixed(), folder, settings.force)
    if (saved := found.settings["optimizer"]) != settings.optimizer:
        raise ConfigError(f"{folder} holds the state of {saved}, which --optimizer {settings.optimizer} cannot use")
    if found.step > settings.steps:
        raise ConfigError(f"{folder} has {many(found.step, 'step')} done, but --steps is {settings.steps:,}: take more")
    return found


def check_kind(settings: TrainSettings, found: Checkpoint, folder: Path) -> None:
    """ConfigError, also with --force, if a pre-training would be resumed as a fine-tuning, or vice versa."""
    tuned = "task_mixture" in found.settings
    if tuned != bool(settings.tasks):
        kind, command = ("fine-tuning", "finetune") if tuned else ("pre-training", "train")
        weights = f" with --init-from {settings.run}" if settings.tasks else ""
        raise ConfigError(
            f"{folder} is of a {kind}: resume it with python -m model.{command}, or use another --run{weights}"
        )


def _same_model(settings: TrainSettings, found: ModelConfig, ids: int) -> ModelConfig:
    """A checkpoint's model with the settings' dropout. ConfigError, also with --force, for another shape."""
    config = settings.changed(found) if settings.model == PRETRAINED else settings.config(ids)
    if changed := config.differences(found):
        raise ConfigError(f"the checkpoint holds a different model: {'; '.join(changed)}. Its weights do not fit.")
    return config


def open_model(settings: TrainSettings, data: Data, start: Checkpoint | None, group: ProcessGroup) -> T5:
    """The model with its weights: from the checkpoint, from a pre-trained model, or new."""
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
            say(f"note: encoder and decoder each start from the shared blocks of {source}")
        if there.adapter and not settings.adapter_width and group.first:
            say(
                f"note: {source} has adapters of width {there.adapter}: they stay, and are trained like all "
                f"other weights"
            )
    else:
        config = settings.config(ids)
    sharded = settings.parallel == "fsdp"
    model = make_model(config, settings.z_loss, group, sharded)
    new = [*initial_weights(model, settings.seed)] if weights is None or settings.adapter_width else []
    if weights is not None:
        layers = tuple(f"{name.partition(f'.{ADAPTER}.')[0]}." for name, _ in new if f".{ADAPTER}." in name)
        fresh = {name: weight for name, weight in new if name.startswith(layers) and name not in weights}
        new = [*{**weights, **fresh}.items()]
        check_weights(dict(new), model.state_dict(), source)
    fill(model, new)
    settings.method_value.prepare(model)
    return model
