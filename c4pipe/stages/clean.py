"""The stage that cleans: line rules, then page rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from c4pipe.clean import LineStep, dropped_by, fast_clean
from c4pipe.page import Dropped, Kept, Page, Rejected, Step, Unit, Verdict
from c4pipe.part import Told
from c4pipe.rules import LineEdit, LineRule, PageRule
from c4pipe.stages.base import PageStage, after, broken_by
from c4pipe.stages.checking import all_of
from c4pipe.stages.explaining import BROKEN, NOT_REACHED, PASSED, Outcomes, Walk
from c4pipe.stages.trace import Trace, edited, join
from c4pipe.text import many


@dataclass(frozen=True)
class Clean(PageStage):
    """Line rules in order, then page rules over what is left."""

    name: str
    lines: tuple[LineStep, ...]
    then: tuple[PageRule, ...] = ()

    def __post_init__(self) -> None:
        all_of(f"stage {self.name!r}: lines", self.lines, (LineRule, LineEdit))
        all_of(f"stage {self.name!r}: then", self.then, (PageRule,))

    def bind(self, assets: Any) -> Step:
        run = fast_clean(tuple(step.bind(assets) for step in self.lines))
        then = tuple(rule.bind(assets) for rule in self.then)

        def step(page: Page) -> Verdict:
            cleaned = run(page)
            if isinstance(cleaned, Rejected):
                return cleaned
            return after(page, cleaned, broken_by(cleaned.page, then))

        return step

    def dropped(self, page: Page, assets: Any) -> list[Dropped]:
        return dropped_by(page, tuple(step.bind(assets) for step in self.lines))

    def explain(self, walk: Walk, step: Step | None) -> Outcomes:
        """Line rules, as `clean` walks them; then page rules."""
        assert step is not None
        verdict = step(walk.page)
        lines, fatal = _Lines(walk, self.lines), None
        cleaned = lines.kept()
        if lines.fatal is not None and isinstance(verdict, Rejected):
            fatal, walk.rejected = verdict.detail, (self.name, lines.fatal)
        told = [told for line in self.lines for told in line.told()]
        outcomes = [lines.outcome(i, each, fatal) for i, each in enumerate(told)]
        if fatal is not None:
            return outcomes
        walk.trace = cleaned
        walk.page = verdict.page if isinstance(verdict, Kept) else walk.page._replace(text=cleaned.text)
        return outcomes + walk.rules(self, self.then, walk.page, verdict)


class _Lines:
    """The lines of a page on their way through the rules, with marks on the dropped ones."""

    def __init__(self, walk: Walk, steps: Sequence[LineStep]):
        self._walk, self._steps = walk, [walk.bound(step) for step in steps]
        self._counts, self._reached = [0] * len(steps), [False] * len(steps)
        self.fatal: str | None = None  # the code of the rule that drops the page

    def kept(self) -> Trace:
        """The lines that pass every rule, up to a line that drops the page."""
        kept = []
        for whole in self._walk.trace.lines():
            line = self._through(whole)
            if self.fatal is not None:
                break
            if line is not None:
                kept.append(line)
        return join(kept, "\n").strip()

    def _through(self, whole: Trace) -> Trace | None:
        """The line as it is kept, None if it is dropped."""
        line = whole.strip()
        for i, step in enumerate(self._steps):
            self._reached[i] = True
            if isinstance(step, LineEdit):  # an edit changes the line, a rule judges it
                line = self._edited(line, step, i)
            elif step.breaks(line.text):
                self._counts[i] += 1
                self._walk.marks.cut(whole.places, step.reason.code)
                self.fatal = step.reason.code if step.reason.unit is Unit.PAGE else None
                return None
        return line

    def _edited(self, line: Trace, step: LineEdit, i: int) -> Trace:
        changed = edited(line, step)
        if changed.text != line.text:
            self._counts[i] += 1
            self._walk.marks.cut(set(line.places).difference(changed.places), type(step).__name__)
        return changed

    def outcome(self, i: int, told: Told, fatal: str | None) -> tuple[str, str]:
        """The outcome for lines at one of the rules. `fatal` is the line that dropped the page, if one did."""
        count = self._counts[i]
        if not self._reached[i]:
            return NOT_REACHED, ""
        if told.reason is None:
            return PASSED, f"changed {many(count, 'line')}" if count else ""
        if not count:
            return PASSED, ""
        return BROKEN, fatal if fatal is not None and told.unit is Unit.PAGE else many(count, "line")
