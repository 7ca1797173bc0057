"""Counts a page at a stage of a later pass in the ledger and the statistics, one page at a time."""

from __future__ import annotations

from c4pipe.corpus.ledger import LOST_AS, WITHIN_LINES, StageCount, lines_in
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.stats import Stats
from c4pipe.page import Page, Rejected, Unit, Verdict
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
    dropped: dict[str, int] = {}  # lines
    inside = None  # the first reason for which less than a line was lost
    for code, number in verdict.tally.items():
        unit = plan.reasons[code].unit
        if unit is Unit.LINE:
            dropped[code] = number
        elif unit in WITHIN_LINES:
            getattr(stage, LOST_AS[unit])[code] += number
            inside = inside or code
    if isinstance(verdict, Rejected):
        stage.rejected[verdict.reason.code] += 1
        stage.lines(came, None, dropped)
        return
    stage.kept += 1
    left = came if verdict.page.text is page.text else count_lines(verdict.page.text)
    if inside is not None:
        dropped[inside] = came - left - sum(dropped.values())
    stage.lines(came, left, dropped)


def count_old(stats: Stats, page: Page, verdict: Verdict, atoms: int, stage: str) -> None:
    """Counts what a page lost to earlier corpora: the whole page, or so many parts of its text."""
    if isinstance(verdict, Rejected):
        stats.old(page, stage)
    else:
        stats.earlier[f"{stage}:parts"] += atoms
