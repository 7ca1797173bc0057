"""The runs that a study consists of: each is one command line of the trainer, with everything that decides its
result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from c4pipe import __version__
from model.config import ModelConfig
from model.likelihood import LIKELIHOOD_FILE
from model.run import EVALS_FILE, VALIDATION_FILE

SCORED_FILE = "scores.csv"  # written by `model.score`
RESULT_FILES = {"train": EVALS_FILE, "finetune": VALIDATION_FILE, "score": SCORED_FILE, "likelihood": LIKELIHOOD_FILE}


@dataclass(frozen=True)
class PathIn:
    """A path in the folder of another run, which must exist first."""

    run: PlannedRun
    below: str = ""

    def __str__(self) -> str:
        return f"{self.run.name}/{self.below}" if self.below else self.run.name


Word = str | PathIn


@dataclass(frozen=True)
class Load:
    """The work of a run, which determines its cost but not its result."""

    config: ModelConfig
    steps: int
    rows: int  # rows per step
    inputs: int  # tokens per row, including padding
    targets: int
    answers: int = 0  # examples answered, over all evaluations and models
    asked: tuple[int, int] = (1, 1)  # their tokens, inputs and targets
    read: int = 0  # rows read once, without training


@dataclass(frozen=True)
class PlannedRun:
    """A run of one of the commands of `RESULT_FILES`. Equal runs are one run, whichever arm needs it.

    Its name contains everything that decides its result: with another option, corpus or version it has another folder,
    so that no existing result is reused by mistake.
    """

    label: str  # the beginning of its name
    command: str  # train, finetune, score or likelihood
    options: tuple[tuple[str, tuple[Word, ...]], ...]  # without its own folder
    files: tuple[str, ...]  # digests of the corpora and task files it reads
    load: Load = field(compare=False, repr=False)

    @cached_property
    def name(self) -> str:
        """The name of its folder."""
        told = [(flag, *map(str, words)) for flag, words in self.options]
        digest = hashlib.sha256(repr((__version__, self.command, told, self.files)).encode()).hexdigest()
        return f"{self.label}-{digest[:8]}"

    @property
    def needs(self) -> tuple[PlannedRun, ...]:
        """The runs whose folders it reads."""
        return tuple(word.run for _, words in self.options for word in words if isinstance(word, PathIn))

    def arguments(self, runs: Path) -> list[str]:
        """The arguments of the command, with runs in this folder."""
        found = ["--output" if self.command in ("score", "likelihood") else "--run", str(runs / self.name)]
        for flag, words in self.options:
            found += [flag, *(str(runs / str(word)) if isinstance(word, PathIn) else word for word in words)]
        return found

    def result(self, runs: Path) -> Path:
        """The table that it writes."""
        return runs / self.name / RESULT_FILES[self.command]


def frozen_options(
    options: Mapping[str, str | int | float | tuple[Word, ...] | None],
) -> tuple[tuple[str, tuple[Word, ...]], ...]:
    """Options by flag as a run stores them, sorted; None removes an option."""
    return tuple(
        (flag, value if isinstance(value, tuple) else (str(value),))
        for flag, value in sorted(options.items())
        if value is not None
    )


def with_needs(runs: Iterable[PlannedRun]) -> list[PlannedRun]:
    """Runs, each once, after the runs they need."""
    found: dict[PlannedRun, None] = {}

    def walk(run: PlannedRun) -> None:
        if run not in found:
            for need in run.needs:
                walk(need)
            found[run] = None

    for run in runs:
        walk(run)
    return [*found]
