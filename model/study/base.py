"""What a study is: a question, and arms that differ from a baseline in one thing each.

study --arms(setting)--> Arm --runs(setting, seed)--> ArmRuns: the runs whose tables are read; their needs come along
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from model.study.paper import PAPER_TABLES, PaperTable
from model.study.planned import PlannedRun
from model.study.setting import Setting


@dataclass(frozen=True)
class ArmRuns:
    """What is looked at of an arm, for one seed."""

    text: PlannedRun | None = None  # whose losses on training and held-out text count
    tasks: tuple[PlannedRun, ...] = ()  # whose scores of tasks count

    def __iter__(self) -> Iterator[PlannedRun]:
        yield from (self.text, *self.tasks) if self.text else self.tasks


@dataclass(frozen=True)
class Arm:
    """One of the things that are compared."""

    name: str
    difference: str  # from the baseline, in words
    runs: Callable[[Setting, int], ArmRuns]  # of a seed


@dataclass(frozen=True)
class Study:
    """A study of the paper. Its first arm is the baseline that the others are compared with."""

    name: str
    question: str
    page: str  # what is done, what of the paper's can be seen at tiny size, and what cannot
    arms: Callable[[Setting], tuple[Arm, ...]]
    text: bool = False  # whether losses on held-out text can be compared between arms
    tasks: tuple[str, ...] = ("superglue_rte",)  # of the samples, at tiny size
    shorter: tuple[int, int] = (1, 1)  # at tiny size: so many times fewer steps of pre-training, of fine-tuning
    corpora: int = 1  # that it needs, at least
    metrics: tuple[str, ...] = ()  # that are compared beside the first one of each task
    curves: bool = False  # whether its picture is of losses by step

    @property
    def paper_table(self) -> PaperTable:
        """What the paper found."""
        return PAPER_TABLES[self.name]
