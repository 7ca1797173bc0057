"""A page on its way through the stages of a preset, with each loss located in the raw text.

Decisions that need the whole corpus, and those that a build already made, are read from its record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, NamedTuple

from c4pipe.page import Dropped, Kept, Page, Rejected, Unit, Verdict
from c4pipe.part import Part, Told
from c4pipe.rules import PageRule
from c4pipe.stages.trace import Marks, Trace
from c4pipe.text import many

MEASURE = re.compile(r"[\d,.]+ \w[\w ]*")  # "2 sentences": a detail that counts and quotes nothing
MARKED = 100  # places
PASSED, BROKEN, VEILED, NOT_REACHED, NOT_JUDGED = "passed", "broken", "masked", "not reached", "not judged"
Outcomes = list[tuple[str, str]]  # outcome, detail: for each entry of a stage's `told`, in order


class Recorded(NamedTuple):
    """What a build decided about a page."""

    stage: str  # "" for a kept page
    reason: str  # "kept" for a kept page
    detail: str = ""


class WordShare(NamedTuple):
    """A word of a page, at all its places."""

    word: str
    share: float  # its contribution to the logit, all places together
    times: int


class WordShares(NamedTuple):
    """Which words changed a score: their shares and the rest add up to the logit, log(p / (1 - p)) of the score p."""

    stage: str
    of: str  # what is scored
    logit: float
    rest: float  # the part of no word
    words: tuple[WordShare, ...]  # each once, those that raise the score first


class Walk:
    """The state of one page between two stages."""

    def __init__(
        self, page: Page, bound: Callable[[Part], Any], dropped: Sequence[Dropped] = (), outcome: Recorded | None = None
    ):
        """`bound` returns a part with its files loaded; `dropped` and `outcome` are what a build recorded, if one
        did."""
        self.page, self.bound, self._raw = page, bound, page.text
        self.dropped, self.outcome = list(dropped), outcome
        self.trace, self.marks = Trace.of(page.text), Marks(page.text)
        self.rejected: tuple[str, str] | None = None  # stage, reason

    def recorded(self, stage: Any) -> Outcomes:
        """The result that a build recorded for a stage that needs more than one page."""
        codes = [told.code for told in stage.told()]
        if self.outcome is None:
            return [(NOT_JUDGED, "")] * len(codes)
        if self.outcome.stage != stage.name:
            return [(PASSED, "")] * len(codes)
        return self.broken(stage, self.outcome.reason, self.outcome.detail)

    def broken(self, stage: Any, code: str, detail: str) -> Outcomes:
        """Ends the walk with a rejection: entries before that reason were passed."""
        codes = [told.code for told in stage.told()]
        self.rejected = stage.name, code
        return [(PASSED, "")] * (codes.index(code) if code in codes else 0) + [(BROKEN, detail)]

    def mark(self, code: str, detail: str) -> None:
        """Marks what a recorded detail quotes, where it occurs in the page as a word and nothing else was cut."""
        if not detail.strip() or MEASURE.fullmatch(detail):
            return
        word = re.compile(rf"(?<!\w){re.escape(detail.strip())}(?!\w)", re.IGNORECASE)
        for found in islice(word.finditer(self._raw), MARKED):
            self.marks.quote(range(*found.span()), code)

    def judged(self, stage: Any, verdict: Verdict) -> Outcomes:
        """A verdict on the page as it is. What a changed page lost is marked with the reason that it tallies."""
        if isinstance(verdict, Rejected):
            return self.broken(stage, verdict.reason.code, verdict.detail)
        if verdict.page.text != self.page.text:
            left = self.trace.narrowed(verdict.page.text)
            code = next(iter(verdict.tally), stage.name)
            self.marks.cut(set(self.trace.places).difference(left.places), code)
            self.trace = left
        before, self.page = self.page, verdict.page
        return [_outcome(stage, told, before, verdict) for told in stage.told()]

    def rules(self, stage: Any, rules: Sequence[PageRule], page: Page, verdict: Verdict) -> Outcomes:
        """Page rules; the verdict names the first broken one. `page` is what the rules were given."""
        if isinstance(verdict, Kept):
            return [(PASSED, "")] * len(rules)
        self.rejected = stage.name, verdict.reason.code
        same = [i for i, rule in enumerate(rules) if rule.reason.code == verdict.reason.code]
        broken = same[0]
        if len(same) > 1:  # one reason with two thresholds
            broken = next(i for i in same if self.bound(rules[i]).offence(page) is not None)
        return [(PASSED, "")] * broken + [(BROKEN, verdict.detail)]


def _outcome(stage: Any, told: Told, before: Page, kept: Kept) -> tuple[str, str]:
    """For a page that a stage keeps: what the stage removed from it, or found out about it."""
    taken = kept.tally.get(told.code, 0)
    if taken and told.unit is not Unit.PAGE:
        return VEILED if stage.hides else BROKEN, many(taken, told.unit.value)
    return PASSED, f"{taken:,}" if taken else _found(before, kept.page)


def _found(before: Page, page: Page) -> str:
    if (before.language, before.language_score) != (page.language, page.language_score):
        return f"{page.language} {page.language_score:.4f}"
    added = {name: value for name, value in page.extra.items() if before.extra.get(name) != value}
    return ", ".join(f"{name} {f'{value:.6g}' if isinstance(value, float) else value}" for name, value in added.items())
