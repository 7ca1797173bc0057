"""A preview of a run: sizes, costs, lengths, and its first examples. Nothing is trained or written."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import islice
from math import inf
from pathlib import Path

import torch

from c4pipe.text import many
from model.config import ModelConfig
from model.cost import flops, memory, parameters
from model.data import Batches
from model.distributed import ProcessGroup
from model.examples import check_targets, open_run_tasks
from model.order import shuffled_documents
from model.pretrained import init_from
from model.run_tokenizer import choose_tokenizer
from model.settings import TrainSettings
from model.source import Denoising, TextToText
from model.start import make_recipe, make_sources, open_corpora, open_start
from model.stream import Recipe
from model.tokens import Tokenizer

SAMPLE = 200  # documents per entry that are tokenised to estimate its tokens
ROWS_SHOWN = 2  # rows
_UNITS = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"))
STATES = {"adafactor": 0.0, "adamw-scale": 2.0, "adamw": 2.0}  # numbers that an optimizer keeps per weight, about


def predict(settings: TrainSettings) -> str:
    """The text of `--dry-run`. It needs a tokenizer: without one it trains one, and discards it."""
    entries, scored = open_corpora(settings, sums=False) if settings.data else ((), ())
    open_start(settings, ProcessGroup(torch.device("cpu")))
    with tempfile.TemporaryDirectory() as scratch:  # for preparing tasks
        tasks = open_run_tasks(replace(settings, run=Path(scratch)), first=True)
        sources = make_sources(settings, entries, tasks)
        tokenizer, _ = choose_tokenizer(settings, sources)
        check_targets(settings, tasks, tokenizer)
        recipe = make_recipe(settings, sources, tokenizer)
        names = {entry.name for entry in scored}
        names |= {task.held_out.name for task in tasks if task.held_out}
        return _told(settings, recipe, tokenizer, names)


def _told(settings: TrainSettings, recipe: Recipe, tokenizer: Tokenizer, held_out: Collection[str]) -> str:
    if settings.init_from:
        config = settings.changed(ModelConfig.from_hf(init_from(settings.init_from, values=False)[0]))
    else:
        config = settings.config(tokenizer.vocabulary.size)
    return "\n".join(
        [
            *_costs(settings, config, recipe),
            *_mixture(settings, recipe, held_out),
            *_examples(settings, recipe, tokenizer),
        ]
    )


def _costs(settings: TrainSettings, config: ModelConfig, recipe: Recipe) -> Iterator[str]:
    inputs, targets = recipe.widths
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
    if settings.data:
        yield from _objective(settings)
    yield f"lengths     {_chunk(settings)}inputs {inputs}, targets {targets}"
    yield f"step        {settings.batch:,} rows, {settings.batch * inputs:,} input tokens, {work:,} FLOPs"
    yield f"run         {settings.steps:,} steps, {_large(settings.steps * work)} in all"
    yield f"memory      about {need.total / 2**30:,.2f} GiB for {rows:,} rows at once, {settings.precision}: {held}"


def _large(work: int) -> str:
    """Operations in the unit that leaves the fewest digits.

    >>> _large(1_198_000_000), _large(34 * 10**18)
    ('1.198 GFLOPs', '34 EFLOPs')
    """
    size, unit = next(((size, unit) for size, unit in _UNITS if work >= size), _UNITS[-1])
    return f"{work / size:,.4g} {unit}FLOPs"


def _objective(settings: TrainSettings) -> Iterator[str]:
    rule = settings.rule_of("en")
    yield f"objective   {rule.objective if isinstance(rule, Denoising) else 'one salient span of a sentence per row'}"
    if settings.spans:
        yield f"spans       {settings.spans}; sentences without one are skipped"


def _chunk(settings: TrainSettings) -> str:
    rule = settings.rule_of("en") if settings.data else None
    return f"{rule.objective.lengths(settings.inputs).chunk} tokens of text -> " if isinstance(rule, Denoising) else ""


def _mixture(settings: TrainSettings, recipe: Recipe, held_out: Collection[str]) -> Iterator[str]:
    total = 0.0
    lines = []
    for source in recipe.sources:
        entry, rate = source.entry, source.rate
        documents = list(islice(shuffled_documents(entry, settings.seed), SAMPLE))
        sample = source.rule.encoder(recipe.tokenizer).encode(documents)
        tokens, rows = (
            count / len(sample) * entry.documents for count in (sum(map(len, sample)), source.rule.rows(sample))
        )
        total += rows
        epochs = settings.steps * settings.batch * rate / rows if rows else inf
        noun = "example" if isinstance(source.rule, TextToText) else "document"
        note = "" if entry.name in held_out else ", no validation split"
        lines.append(
            f"            {entry.name}: {many(entry.documents, noun)}, about {tokens:,.0f} tokens, "
            f"{rate:.1%} of the rows, {epochs:,.3g} epochs{note}"
        )
        if type(source.rule) is TextToText:  # salient spans cut nothing
            inputs, targets = source.rule.pairs(recipe.tokenizer).cut(documents)
            lines.append(
                f"              of {len(documents):,} looked at, {inputs:,} inputs and {targets:,} targets are cut"
            )
    yield f"data        about {total / settings.batch:,.1f} steps per epoch"
    yield from lines


def _examples(settings: TrainSettings, recipe: Recipe, tokenizer: Tokenizer) -> Iterator[str]:
    with Batches(recipe, settings.batch) as batches:
        batch = next(batches)
    yield f"first batch, the first {min(ROWS_SHOWN, settings.batch)} of {settings.batch:,} rows"
    for inputs, targets in islice(zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True), ROWS_SHOWN):
        yield f"  inputs    {tokenizer.decode(inputs)}"
        yield f"  targets   {tokenizer.decode(targets)}"
