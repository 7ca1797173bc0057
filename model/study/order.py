"""Whether arms come in the paper's order, where the paper's differences and ours are more than noise."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from model.study.noise import Difference
from model.study.paper import COLUMN_OF_TASK, SPREAD, PaperTable

PAPER_SURE = 2.0  # of the paper's standard deviations of a run: a smaller difference of two is no order


class PaperOrder(NamedTuple):
    """Of a task beside a column of the paper. Arms best first; of those below, beside the baseline."""

    task: str
    column: str
    paper: list[str]  # arms that both have
    ours: list[str]
    same: list[str]  # on the paper's side of the baseline by more than noise, in both
    otherwise: list[str]  # on the other side, by more than noise in both
    unsure: list[str]  # here within the noise, where the paper has a difference


def orders(
    means: Mapping[str, Mapping[str, float]], found: Sequence[Difference], table: PaperTable, baseline: str
) -> list[PaperOrder]:
    """Of each task that has a column in the paper.

    Args:
        means: of the first metric of a task, by task and arm.
        found: the differences from the baseline in the same metrics.
    """
    told = []
    for task, arms in means.items():
        column = COLUMN_OF_TASK.get(task.partition("/")[0])
        paper = table.column(column) if column else {}
        both = [arm for arm in arms if arm in paper]
        if column is None or baseline not in both or len(both) < 2:
            continue
        sorted_ = {
            kind: sorted(both, key=lambda arm, values=values: -values[arm])  # type: ignore[misc]
            for kind, values in (("paper", paper), ("ours", arms))
        }
        groups = _sides({one.arm: one for one in found if one.task == task}, paper, baseline, SPREAD[column], both)
        told.append(PaperOrder(task, column, sorted_["paper"], sorted_["ours"], *groups))
    return told


def _sides(
    ours: Mapping[str, Difference], paper: Mapping[str, float], baseline: str, spread: float, arms: Collection[str]
) -> tuple[list[str], list[str], list[str]]:
    same, otherwise, unsure = [], [], []
    for arm in arms:
        theirs = paper[arm] - paper[baseline]
        if arm == baseline or abs(theirs) < PAPER_SURE * spread:
            continue
        one = ours[arm]
        if not one.real:
            unsure.append(arm)
        elif (one.value > 0) == (theirs > 0):
            same.append(arm)
        else:
            otherwise.append(arm)
    return same, otherwise, unsure
