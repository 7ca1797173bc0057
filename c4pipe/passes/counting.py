"""Counts a page at a stage of a later pass in the ledger and the statistics, one page at a time.

A build counts here only what `Ended` does not: it sums pages and characters, and the lines that a dedup drops.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from c4pipe.corpus.ledger import LOST_AS, WITHIN_LINES, StageCount, lines_in
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.stats import Stats
from c4pipe.page import Kept, Page, Rejected, Verdict
from c4pipe.text import count_lines


def count_chars(stage: StageCount, before: Page, verdict: Verdict) -> None:
    """Counts the characters of a page at a stage, kept or not."""
    if isinstance(verdict, Rejected):
        stage.chars.lose(len(before.text), verdict.reason.code, verdict.chars)
    elif verdict.page.text is before.text and not verdict.chars:  # most pages, at most stages
        stage.chars.came += len(before.text)
        stage.chars.kept += len(before.text)
    else:
        stage.chars.take(len(before.text), len(verdict.page.text), verdict.chars)


def count_steps(
    stages: Mapping[int, StageCount], index: int, last: Verdict, passed: Iterable[tuple[int, Page, Kept]]
) -> None:
    """Counts a page and its characters at the stages that it reached, from the results of `run_steps`."""
    for i, before, kept in passed:
        stages[i].entered += 1
        stages[i].kept += 1
        count_chars(stages[i], before, kept)
    if isinstance(last, Rejected):
        stages[index].entered += 1
        stages[index].rejected[last.reason.code] += 1
        count_chars(stages[index], last.page, last)


def count_cuts(stage: StageCount, before: Page, verdict: Verdict, plan: Plan) -> None:
    """Counts what a stage took from a page, kept or not: lines, and sentences and passages within them."""
    tally = verdict.tally
    lines = plan.lines_of(tally)
    if isinstance(verdict, Rejected):
        stage.lines(count_lines(before.text), None, lines)
    else:
        left = verdict.page.text
        stage.lines(lines_in(before.text, left, sum(lines.values())), count_lines(left), lines)
    for code, number in tally.items():
        if plan.reasons[code].unit in WITHIN_LINES:
            getattr(stage, LOST_AS[plan.reasons[code].unit])[code] += number


def count_dedup(stage: StageCount, page: Page, verdict: Verdict, plan: Plan) -> None:
    """Counts the dedup of one page. Where sentences or passages are lost, a line is dropped with its last piece."""
    stage.entered += 1
    count_chars(stage, page, verdict)
    came = count_lines(page.text)
    count_left(stage, came, verdict, plan)
    dropped = plan.lines_of(verdict.tally)
    fallen = sum(dropped.values())
    stage.lines_dropped.update(dropped)
    if isinstance(verdict, Rejected):
        stage.rejected[verdict.reason.code] += 1
        stage.lines_rejected += came - fallen
        return
    stage.kept += 1
    inside = next((code for code in verdict.tally if plan.reasons[code].unit in WITHIN_LINES), None)
    if inside is not None:  # the first reason for which less than a line was lost
        stage.lines_dropped[inside] += came - count_lines(verdict.page.text) - fallen


def count_left(stage: StageCount, came: int, verdict: Verdict, plan: Plan) -> None:
    """Counts the lines of a page before a dedup, and after it if it is kept, and what it lost within lines."""
    stage.lines_in += came
    if isinstance(verdict, Kept):
        stage.lines_kept += count_lines(verdict.page.text)
    for code, number in verdict.tally.items():
        if (unit := plan.reasons[code].unit) in WITHIN_LINES:
            getattr(stage, LOST_AS[unit])[code] += number


def count_old(stats: Stats, page: Page, verdict: Verdict, atoms: int, stage: str) -> None:
    """Counts what a page lost to earlier corpora: the whole page, or so many parts of its text."""
    if isinstance(verdict, Rejected):
        stats.old(page, stage)
    else:
        stats.earlier[f"{stage}:parts"] += atoms
