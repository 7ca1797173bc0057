"""Why a page was kept or not: the verdict of every stage of a preset, from the same code as a build.

Verdicts come from the steps that a build runs, and each stage describes the outcome itself. If a build has recorded its
decisions, these are shown: a second judgement only adds what the record lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from c4pipe.corpus.plan import KEPT, Plan
from c4pipe.page import Dropped, Page
from c4pipe.stages import PageStage, Scope, Stage
from c4pipe.stages.explaining import BROKEN, NOT_REACHED, PASSED, Outcomes, Recorded, Walk, WordShares
from c4pipe.stages.trace import Segment

__all__ = ["Explanation", "Recorded", "Segment", "Tried", "explain", "rules_of"]


class Tried(NamedTuple):
    """A rule, in the order in which the page meets it."""

    stage: str
    code: str  # of its reason; for an edit, which has none, its name
    words: str  # its description, with its thresholds
    source: str  # the origin of the rule and its numbers
    unit: str  # what breaking it costs: page, line, sentence
    outcome: str = NOT_REACHED  # or PASSED, BROKEN, VEILED, NOT_JUDGED (it needs the whole corpus)
    detail: str = ""  # the offending word, line or value; for a rule for lines their number


class Explanation(NamedTuple):
    """A page with all decisions about it."""

    page: Page  # as read
    lines: list[list[Segment]]  # of the raw text, split at "\n"
    tried: list[Tried]
    stage: str  # the one that rejected it; "" if it is kept
    reason: str  # KEPT if it is
    text: str  # the kept text, or the text seen by the rule that rejected the page
    now: Recorded | None = None  # the result of a second judgement, if it differs from the record
    language: str = ""  # of the page in its last stage, "" before language identification
    moved: tuple[WordShares, ...] = ()  # the words that moved its scores, for the stages that it reached


def explain(page: Page, plan: Plan, dropped: Sequence[Dropped] = (), outcome: Recorded | None = None) -> Explanation:
    """Passes the page through every stage of the plan.

    If given, a build's record is used: `dropped`, of which the losses to text dedups are applied, and `outcome`, which
    takes precedence over the stages. Plans cache the last page that they judged: use one from one thread at a time.
    """
    walk = Walk(page, plan.bound, dropped, outcome)
    tried: list[Tried] = []
    now: Recorded | None = None
    moved: list[WordShares | None] = []
    for index, stage in enumerate(plan.preset.stages):
        rules = rules_of(stage)
        outcomes: Outcomes = []
        if walk.rejected is None:
            if isinstance(stage, PageStage):
                moved.append(stage.moved_by(walk.page, plan.assets))
            outcomes = stage.explain(walk, plan.step(index))
            if outcome is not None:
                outcomes, other = _as_recorded(walk, stage, outcome, outcomes)
                now = now or other
        if stage.scope is Scope.INPUT:  # a page that was read has passed it
            pairs = [(rule, found) for rule, found in zip(rules, outcomes, strict=False) if found[0] == BROKEN]
            rules, outcomes = [rule for rule, _ in pairs], [found for _, found in pairs]
        outcomes = [*outcomes, *[(NOT_REACHED, "")] * (len(rules) - len(outcomes))]
        tried += (rule._replace(outcome=o, detail=d) for rule, (o, d) in zip(rules, outcomes, strict=True))
    stage_name, reason = walk.rejected or ("", KEPT)
    told = tuple(each for each in moved if each is not None)
    found = Explanation(
        page, walk.marks.lines(), tried, stage_name, reason, walk.trace.text, now, walk.page.language, told
    )
    return _veiled(found, plan) if plan.hides else found


def _veiled(found: Explanation, plan: Plan) -> Explanation:
    """Without what a stage hides, in all views."""
    veil, text = plan.veil, plan.veil.text(found.page.text)
    withheld = frozenset(code for code, reason in plan.reasons.items() if reason.withheld)
    return found._replace(
        moved=tuple(_of_words_in(text.lower(), shares) for shares in found.moved),
        page=found.page._replace(text=text),
        lines=veil.lines(found.page.text, found.lines, withheld),
        tried=[each._replace(detail=veil.text(each.detail)) for each in found.tried],
        text=veil.text(found.text),
        now=found.now and found.now._replace(detail=veil.text(found.now.detail)),
    )


def _of_words_in(text: str, shares: WordShares) -> WordShares:
    """Without words that are not in a text; their shares belong to no word."""
    kept = tuple(word for word in shares.words if word.word.lower() in text)
    return shares._replace(words=kept, rest=shares.logit - sum(word.share for word in kept))


def _as_recorded(walk: Walk, stage: Stage, then: Recorded, outcomes: Outcomes) -> tuple[Outcomes, Recorded | None]:
    """The outcomes of a stage as the build recorded them, and the current ones if they differ."""
    rejected = walk.rejected
    at = None if rejected is None else _broken_at(stage, rejected[1], outcomes)
    now = Recorded(*(rejected or ("", KEPT)), "" if at is None else outcomes[at][1])
    if then.stage == stage.name:
        if now[:2] != then[:2]:
            outcomes = walk.broken(stage, then.reason, then.detail)
        elif then.detail and at is not None:
            outcomes[at] = BROKEN, then.detail
        if stage.quotes:
            walk.mark(then.reason, then.detail)
        return outcomes, None if now[:2] == then[:2] else now
    if rejected is None:
        return outcomes, None
    walk.rejected = None
    if at is not None:
        outcomes[at] = PASSED, ""
    return outcomes, now


def _broken_at(stage: Stage, code: str, outcomes: Outcomes) -> int | None:
    """Which of the outcomes cost the page."""
    pairs = enumerate(zip(stage.told(), outcomes, strict=False))
    return max((i for i, (told, (o, _)) in pairs if o == BROKEN and told.code == code), default=None)


def rules_of(stage: Stage) -> list[Tried]:
    """What a stage may do to a page, in that order, not reached yet."""
    return [Tried(stage.name, told.code, told.words, told.source, told.unit.value) for told in stage.told()]
