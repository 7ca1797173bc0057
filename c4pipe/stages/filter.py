"""A stage of page rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from c4pipe.page import Page, Step, Verdict
from c4pipe.rules import PageRule
from c4pipe.stages.base import PageStage, judge
from c4pipe.stages.checking import all_of
from c4pipe.stages.explaining import Outcomes, Walk


@dataclass(frozen=True)
class Filter(PageStage):
    """Page rules, tried in order; the first broken one rejects the page."""

    name: str
    rules: tuple[PageRule, ...]
    edits: ClassVar = False

    def __post_init__(self) -> None:
        all_of(f"stage {self.name!r}: rules", self.rules, (PageRule,))

    def bind(self, assets: Any) -> Step:
        rules = tuple(rule.bind(assets) for rule in self.rules)

        def step(page: Page) -> Verdict:
            return judge(page, rules)

        return step

    def explain(self, walk: Walk, step: Step | None) -> Outcomes:
        assert step is not None
        return walk.rules(self, self.rules, walk.page, step(walk.page))
