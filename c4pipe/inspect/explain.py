"""Why a page was kept or not: the verdict of every stage of a preset, by the same code as a build.

Verdicts come from the steps that a build runs, and each stage says itself what became of the page. Where a build has
recorded what it decided, that is what is shown: a second judgement only fills in what the record does not say.
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
    code: str  # of its reason; of an edit, which has none, its name
    words: str  # what it says, with its thresholds
    source: str  # where the rule and its numbers come from
    unit: str  # what breaking it costs: page, line, sentence
    outcome: str = NOT_REACHED  # or PASSED, BROKEN, VEILED, NOT_JUDGED (it takes the whole corpus to tell)
    detail: str = ""  # the offending word, line or value; of a rule for lines how many


class Explanation(NamedTuple):
    """A page with all that was decided about it."""

    page: Page  # as read
    lines: list[list[Segment]]  # of the raw text, split at "\n"
    tried: list[Tried]
    stage: str  # the one that rejected it; "" if it is kept
    reason: str  # KEPT if it is
    text: str  # what is kept, or what the rule that rejected the page was shown
    now: Recorded | None = None  # what a second judgement says, where that is another than what was recorded
    language: str = ""  # of the page when it left, "" where nobody had asked for it yet
    moved: tuple[WordShares, ...] = ()  # which words moved its scores, of the stages that it came to


def explain(page: Page, plan: Plan, dropped: Sequence[Dropped] = (), outcome: Recorded | None = None) -> Explanation:
    """The page through every stage of the plan.

    What a build recorded is taken from it, where it is given: `dropped`, of which the losses to dedups of text are
    applied, and `outcome`, which outranks what the stages say now. Plans remember the last page that they judged: use
    one from one thread at a time.
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
        if stage.scope is Scope.INPUT:  # a page as read has passed it
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
    """Without what a stage hides, wherever it would be shown."""
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
    """Without the words that do not stand in a text; what these gave is no word's."""
    kept = tuple(word for word in shares.words if word.word.lower() in text)
    return shares._replace(words=kept, rest=shares.logit - sum(word.share for word in kept))


def _as_recorded(walk: Walk, stage: Stage, then: Recorded, outcomes: Outcomes) -> tuple[Outcomes, Recorded | None]:
    """The outcomes of a stage as the build recorded them, and what they are now where that is another."""
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
    """What a stage may do to a page, in the order in which it does, not reached yet."""
    return [Tried(stage.name, told.code, told.words, told.source, told.unit.value) for told in stage.told()]
