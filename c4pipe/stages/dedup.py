"""The stage that decides which page owns what, over the whole corpus."""

from __future__ import annotations

from dataclasses import dataclass

from c4pipe.dedup import TextLevel, UrlLevel
from c4pipe.dedup.claims import owner_of, page_priority
from c4pipe.dedup.recorded import DroppedAtoms
from c4pipe.page import Dropped, Kept, Rejected, Step, Verdict
from c4pipe.part import Told
from c4pipe.rules import PageRule
from c4pipe.stages.base import Scope, Stage, judge
from c4pipe.stages.checking import all_of
from c4pipe.stages.explaining import BROKEN, NOT_JUDGED, PASSED, Outcomes, Walk
from c4pipe.text import many
from c4pipe.text.urls import stand_in


@dataclass(frozen=True)
class Dedup(Stage):
    """One owner for each key of a level over the whole corpus; then page rules over what a page keeps."""

    name: str
    level: UrlLevel | TextLevel
    then: tuple[PageRule, ...] = ()

    def __post_init__(self) -> None:
        all_of(f"stage {self.name!r}: level", (self.level,), (UrlLevel, TextLevel))
        all_of(f"stage {self.name!r}: then", self.then, (PageRule,))

    @property
    def quotes(self) -> bool:  # type: ignore[override]
        """For linked pages the detail is a similarity."""
        return isinstance(self.level, UrlLevel) or not self.level.links

    @property
    def scope(self) -> Scope:  # type: ignore[override]
        return Scope.URL if self.level.by_url else Scope.TEXT

    def explain(self, walk: Walk, step: Step | None) -> Outcomes:
        """The recorded losses, then page rules. Without a record, the page loses its own repetitions; losses to other
        pages are not judged, and it continues."""
        told = list(self.level.told())
        level = walk.bound(self.level)
        codes = {each.code for each in told}
        recorded = [drop for drop in walk.dropped if drop.code in codes]
        if level.by_url:
            return walk.recorded(self)
        by_itself = not recorded and walk.outcome is None
        lost = _lost_to_itself(walk, level) if by_itself else level.lost(walk.page.text, recorded)
        flags = _mark(walk, level, lost)
        applied: Verdict = level.apply(walk.page, flags) if any(flags) else Kept(walk.page)
        outcomes = [_lost(each, applied) for each in told]
        if by_itself:
            outcomes = [_judged_alone(level, each, found) for each, found in zip(told, outcomes, strict=True)]
        if isinstance(applied, Rejected):
            walk.rejected, walk.trace = (self.name, applied.reason.code), walk.trace.strip()
            walk.page = walk.page._replace(text=walk.trace.text)
            return outcomes
        if walk.outcome is not None and walk.outcome.stage == self.name and walk.outcome.reason in codes:
            return walk.recorded(self)  # it dropped the page, and nothing in the text shows why
        if any(flags):
            walk.trace = walk.trace.narrowed(applied.page.text)
        return outcomes + self._then(walk, applied)

    def _then(self, walk: Walk, applied: Kept) -> Outcomes:
        """The page rules after it."""
        walk.page = applied.page
        then = tuple(walk.bound(rule) for rule in self.then)
        return walk.rules(self, self.then, walk.page, judge(walk.page, then))


def _lost_to_itself(walk: Walk, level: TextLevel) -> DroppedAtoms:
    """What a page loses to its own repetitions, for each atom that has a place; whole pages have none."""
    page = walk.page
    flags = level.repeated_within(page.text) if not level.links and level.places(page.text) else []
    if not any(flags):
        return [None] * len(flags)
    code = next(iter(level.apply(page, flags).tally))
    drop = Dropped(code, "", owner_of(page_priority(stand_in(page))))
    return [drop if flag else None for flag in flags]


def _mark(walk: Walk, level: TextLevel, lost: DroppedAtoms) -> list[bool]:
    """Marks the lost atoms, and removes them from the trace."""
    text, gone = walk.page.text, set[int]()
    for (start, end), drop in zip(level.places(text), lost, strict=True):
        if drop is not None:
            walk.marks.cut(walk.trace.places[start:end], drop.code, drop.owner)
            gone.update(i for i in range(start, end) if text[i] != "\n")
    walk.dropped = [drop for drop in walk.dropped if drop not in lost]  # the next level may have the same codes
    walk.trace = walk.trace.without(gone)
    return [drop is not None for drop in lost]


def _judged_alone(level: TextLevel, told: Told, found: tuple[str, str]) -> tuple[str, str]:
    """The outcome for a page that was not compared: others may still own what it has not lost."""
    return (NOT_JUDGED, "") if found[0] == PASSED and told.code not in level.within else found


def _lost(told: Told, applied: Verdict) -> tuple[str, str]:
    """The losses to a level for one of its reasons."""
    if isinstance(applied, Rejected) and applied.reason == told.reason:
        return BROKEN, applied.detail
    count = applied.tally.get(told.code, 0)
    return (BROKEN, many(count, told.unit.value)) if count else (PASSED, "")
