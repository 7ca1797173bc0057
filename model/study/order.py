"""Compares the order of arms with the paper's, where differences in both exceed noise."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from model.study.noise import Difference
from model.study.paper import COLUMN_OF_TASK, SPREAD, PaperTable

PAPER_SURE = 2.0  # in the paper's standard deviations of a run: smaller differences give no order


class PaperOrder(NamedTuple):
    """The order for a task next to a column of the paper. Arms best first; the last three are relative to the
    baseline.
    """

    task: str
    column: str
    paper: list[str]  # arms in both
    ours: list[str]
    same: list[str]  # on the same side of the baseline by more than noise in both
    otherwise: list[str]  # on opposite sides, by more than noise in both
    unsure: list[str]  # within the noise here, but different in the paper


def orders(
    means: Mapping[str, Mapping[str, float]], found: Sequence[Difference], table: PaperTable, baseline: str
) -> list[PaperOrder]:
    """The order for each task that has a column in the paper.

    Args:
        means: means of a task's first metric, by task and arm.
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
