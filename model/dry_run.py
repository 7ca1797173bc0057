"""What a run would be: sizes, costs, lengths, and the first of its examples. Nothing is trained, nothing written."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import torch

from model.config import ModelConfig
from model.cost import flops, memory, parameters
from model.data import Batches, open_entries
from model.distributed import ProcessGroup
from model.order import shuffled_texts
from model.pretrained import init_from
from model.run_tokenizer import choose_tokenizer
from model.settings import TrainSettings
from model.start import held_out_names, make_recipe, open_start
from model.stream import Recipe
from model.tokens import Tokenizer

SAMPLE = 200  # documents of an entry that are tokenised to tell how many tokens it has
ROWS_SHOWN = 2  # rows
STATES = {"adafactor": 0.0, "adamw-scale": 2.0, "adamw": 2.0}  # numbers that an optimizer keeps a weight, about


def predict(settings: TrainSettings) -> str:
    """The text of `--dry-run`. It needs a tokenizer: without one it trains one, and throws it away."""
    entries = open_entries(settings.data, "train", settings.languages, sums=False)
    open_start(settings, ProcessGroup(torch.device("cpu")))
    tokenizer, _ = choose_tokenizer(settings, entries)
    recipe = make_recipe(settings, entries, tokenizer)
    if settings.init_from:
        config = settings.changed(ModelConfig.from_hf(init_from(settings.init_from, values=False)[0]))
    else:
        config = settings.config(tokenizer.vocabulary.size)
    return "\n".join(
        [*_costs(settings, config, recipe), *_mixture(settings, recipe), *_examples(settings, recipe, tokenizer)]
    )


def _costs(settings: TrainSettings, config: ModelConfig, recipe: Recipe) -> Iterator[str]:
    chunk, inputs, targets = recipe.objective.lengths(settings.inputs)
    work = settings.batch * flops(config, inputs, targets)
    rows = settings.batch // settings.accumulate
    need = memory(
        config,
        rows,
        inputs,
        targets,
        bf16=settings.precision == "bf16",
        states=STATES[settings.optimizer],
        scores=settings.device == "cpu",
    )
    held = ", ".join(f"{name} {amount / 2**30:,.2f}" for name, amount in need._asdict().items())
    yield f"model       {settings.model}, {parameters(config):,} parameters, vocabulary of {config.vocab:,} rows"
    yield f"            ({recipe.tokenizer.vocabulary.size:,} ids), {config.architecture}, {config.feed_forward}"
    yield f"objective   {recipe.objective}"
    yield f"lengths     {chunk} tokens of text -> inputs {inputs}, targets {targets}"
    yield f"step        {settings.batch:,} rows, {settings.batch * inputs:,} input tokens, {work:,} FLOPs"
    yield f"run         {settings.steps:,} steps, {settings.steps * settings.batch * chunk:,} tokens of text"
    yield f"            {settings.steps * work / 1e18:,.4g} EFLOPs in all"
    yield f"memory      about {need.total / 2**30:,.2f} GiB for {rows:,} rows at once, {settings.precision}: {held}"


def _mixture(settings: TrainSettings, recipe: Recipe) -> Iterator[str]:
    total = 0.0
    held_out = held_out_names(settings, [entry.name for entry in recipe.entries])
    chunk = recipe.objective.lengths(settings.inputs).chunk
    lines = []
    for entry, rate in zip(recipe.entries, recipe.rates, strict=True):
        texts = list(islice(shuffled_texts(entry, settings.seed), SAMPLE))
        tokens = sum(map(len, recipe.tokenizer.encode(texts))) / len(texts) * entry.documents
        total += tokens
        epochs = settings.steps * settings.batch * chunk * rate / tokens
        note = "" if entry.name in held_out else ", no validation split"
        lines.append(
            f"            {entry.name}: {entry.documents:,} documents, about {tokens:,.0f} tokens, "
            f"{rate:.1%} of the rows, {epochs:,.3g} epochs{note}"
        )
    yield f"data        about {total / (settings.batch * chunk):,.1f} steps an epoch"
    yield from lines


def _examples(settings: TrainSettings, recipe: Recipe, tokenizer: Tokenizer) -> Iterator[str]:
    with Batches(recipe, settings.batch) as batches:
        batch = next(batches)
    yield f"first batch, the first {min(ROWS_SHOWN, settings.batch)} of {settings.batch:,} rows"
    for inputs, targets in islice(zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True), ROWS_SHOWN):
        yield f"  inputs    {tokenizer.decode(inputs)}"
        yield f"  targets   {tokenizer.decode(targets)}"
