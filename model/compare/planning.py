"""The runs that compare two corpora: a common vocabulary, then a model for each side, seed and rate.

Both sides see the same bytes of text: with one vocabulary, a side with more tokens per byte gets proportionally more
steps. Or as many epochs: a side that is twice as large has twice the steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Literal, NamedTuple

from model.compare.levels import Level
from model.config import find_size
from model.corpus import find_entries, read_entry
from model.held_out import first_documents, text_size
from model.objectives import find_objective
from model.study.planned import Load, PathIn, PlannedRun, Word, frozen_options
from model.study.setting import PIECES
from model.tokens import Tokenizer

SIDES = ("A", "B")
Equal = Literal["bytes", "epochs"]
BYTES_A_TOKEN = 3.0  # about
MEASURED = 2_000  # documents per entry for measuring tokens per byte

Options = Mapping[str, "str | int | float | tuple[Word, ...]"]


class ComparedSide(NamedTuple):
    """A corpus, and the digest of its content."""

    name: str
    folder: Path
    digest: str


@dataclass(frozen=True)
class Comparing:
    """The settings that decide the runs of a comparison."""

    level: Level
    steps: int  # steps on A
    rates: tuple[float, ...]
    seeds: int
    sides: tuple[ComparedSide, ComparedSide]
    texts: Path
    texts_digest: str
    texts_bytes: int

    def vocabulary(self) -> PlannedRun:
        """The vocabulary of both corpora: the result of a training of one step."""
        folders = tuple(str(side.folder) for side in self.sides)
        return self._train("vocabulary", {"--data": folders, "--steps": 1, "--seed": 0}, self._digests, 1)

    def models(self, steps: tuple[int, int]) -> Iterator[tuple[ComparedSide, int, float, PlannedRun]]:
        """(side, seed, rate, run that scores its model), with these steps for A and for B."""
        for seed in range(self.seeds):
            for rate in self.rates:
                for side, count in zip(self.sides, steps, strict=True):
                    options: Options = {
                        "--data": str(side.folder),
                        "--tokenizer": (PathIn(self.vocabulary(), "tokenizer"),),
                        "--lr": rate,
                        "--seed": seed,
                        "--steps": count,
                    }
                    label = f"{side.name}-lr{rate:g}-seed{seed}"
                    yield side, seed, rate, self._scored(self._train(label, options, (side.digest,), count))

    @property
    def _digests(self) -> tuple[str, ...]:
        return tuple(side.digest for side in self.sides)

    def _train(self, label: str, options: Options, files: tuple[str, ...], steps: int) -> PlannedRun:
        level = self.level
        base: Options = {
            "--model": level.model,
            "--architecture": "decoder-lm",
            "--objective": "lm",
            "--batch": level.batch,
            "--inputs": level.inputs,
            "--eval-every": steps,
            "--samples": 0,
            "--no-tensorboard": (),
            "--eval-documents": 1,
            "--keep": 1,
        }
        size = find_size(level.model)
        config = replace(size, architecture="decoder-lm", vocab=PIECES if level.name == "tiny" else size.vocab)
        lengths = find_objective("lm").lengths(level.inputs)
        load = Load(config, steps, level.batch, lengths.inputs, lengths.targets)
        return PlannedRun(label, "train", frozen_options({**base, **options}), files, load)

    def _scored(self, run: PlannedRun) -> PlannedRun:
        options: Options = {"--run": (PathIn(run),), "--texts": str(self.texts)}
        row = BYTES_A_TOKEN * max(run.load.inputs, run.load.targets)
        load = replace(run.load, steps=0, read=ceil(self.texts_bytes / row))
        return PlannedRun(f"{run.label}-texts", "likelihood", frozen_options(options), (self.texts_digest,), load)


def steps_of(
    sides: tuple[ComparedSide, ComparedSide], steps: int, equal: Equal, tokenizer: Tokenizer
) -> tuple[int, int]:
    """The steps of A and B with which both see as many bytes, or epochs, as A does in `steps`."""
    rates, tokens = zip(*(_measured(side, tokenizer) for side in sides), strict=True)
    share = rates[1] / rates[0] if equal == "bytes" else tokens[1] / tokens[0]
    return steps, max(1, round(steps * share))


def _measured(side: ComparedSide, tokenizer: Tokenizer) -> tuple[float, float]:
    """(tokens per byte, tokens) of a side's training text, from the first documents of each entry."""
    size = tokens = whole = 0.0
    for name, shards in find_entries([side.folder], "train").items():
        entry = read_entry(name, shards)
        some = first_documents(entry, MEASURED)
        found = text_size(some, tokenizer)
        size, tokens = size + found.bytes, tokens + found.tokens
        whole += found.tokens * entry.documents / some.documents
    return tokens / size, whole
