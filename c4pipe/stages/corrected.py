"""The stage that corrects lines and rejects pages that lose too much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from c4pipe.clean import clean
from c4pipe.page import Kept, Page, Reason, Rejected, Step, Unit, Verdict
from c4pipe.part import Told, words_of
from c4pipe.stages.base import after
from c4pipe.stages.clean import Clean
from c4pipe.stages.explaining import BROKEN, PASSED, Outcomes, Walk
from c4pipe.text.kinds import counted_runs


@dataclass(frozen=True)
class Corrected(Clean):
    """Line rules in order; a page that loses more than a share of its words is rejected."""

    EMPTIED: ClassVar = Reason(
        "dclm_words_lost",
        Unit.PAGE,
        "loses more than {share} of its words with its lines",
        source="Penedo et al. 2023, G.2; Li et al. 2024, dclm_baseline_refinedweb.yaml, word_removal_ratio_filter",
        why="A page that is mostly counters, buttons and menus is not prose.",
    )

    share: float = 0.05

    def told(self) -> Iterator[Told]:
        """Its lines, its rules, and then its loss of words."""
        for part in self.parts():
            yield from part.told()
        reason = self.EMPTIED
        yield Told(reason.code, words_of(reason, self), reason.source, reason.unit, reason, self)

    def bind(self, assets: Any) -> Step:
        run = super().bind(assets)

        def step(page: Page) -> Verdict:
            verdict = run(page)
            if isinstance(verdict, Rejected):
                return verdict
            return after(page, verdict, self._weighed(page, verdict))

        return step

    def _weighed(self, page: Page, verdict: Kept) -> Verdict:
        """The verdict, or the rejection of a page that lost too many words, or had none."""
        if verdict.page.text == page.text and page.text:
            return verdict
        before, left = counted_runs(page.text).begun, counted_runs(verdict.page.text).begun
        if before and verdict.page.text and (before - left) / before <= self.share:
            return verdict
        return Rejected(page, self.EMPTIED, f"{before - left} of {before} words")

    def explain(self, walk: Walk, step: Step | None) -> Outcomes:
        assert step is not None
        page = walk.page
        verdict = step(page)
        lost = isinstance(verdict, Rejected) and verdict.reason.code == self.EMPTIED.code
        cleaned = tuple(walk.bound(line) for line in self.lines)
        outcomes = super().explain(walk, (lambda page: clean(page, cleaned)) if lost else step)
        if walk.rejected is not None:
            return outcomes
        if lost:
            assert isinstance(verdict, Rejected)
            walk.rejected = self.name, self.EMPTIED.code
            return [*outcomes, (BROKEN, verdict.detail)]
        return [*outcomes, (PASSED, "")]
