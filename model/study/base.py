"""What a study is: a question, and arms that differ from a baseline in one thing each.

study --arms(setting)--> Arm --runs(setting, seed)--> ArmRuns: the runs whose tables are read, with the runs they need
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from model.study.paper import PAPER_TABLES, PaperTable
from model.study.planned import PlannedRun
from model.study.setting import Setting


@dataclass(frozen=True)
class ArmRuns:
    """The runs of an arm that are evaluated, for one seed."""

    text: PlannedRun | None = None  # run whose losses on training and held-out text count
    tasks: tuple[PlannedRun, ...] = ()  # runs whose scores of tasks count

    def __iter__(self) -> Iterator[PlannedRun]:
        yield from (self.text, *self.tasks) if self.text else self.tasks


@dataclass(frozen=True)
class Arm:
    """One of the configurations that are compared."""

    name: str
    difference: str  # from the baseline, in words
    runs: Callable[[Setting, int], ArmRuns]  # runs of a seed


@dataclass(frozen=True)
class Study:
    """A study of the paper. Its first arm is the baseline for the others."""

    name: str
    question: str
    page: str  # what is done, and which of the paper's effects can be seen at tiny size
    arms: Callable[[Setting], tuple[Arm, ...]]
    text: bool = False  # whether losses on held-out text can be compared between arms
    tasks: tuple[str, ...] = ("superglue_rte",)  # sample tasks at tiny size
    shorter: tuple[int, int] = (1, 1)  # divisors of pre-training and fine-tuning steps at tiny size
    corpora: int = 1  # the fewest corpora it needs
    metrics: tuple[str, ...] = ()  # metrics compared in addition to the first one of each task
    curves: bool = False  # whether its picture shows losses by step

    @property
    def paper_table(self) -> PaperTable:
        """What the paper found."""
        return PAPER_TABLES[self.name]
