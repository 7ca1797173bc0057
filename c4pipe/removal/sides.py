"""One side of a replay: the corpus with the listed pages or without them, as far as the two differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from c4pipe.corpus.ledger import StageCount
from c4pipe.corpus.plan import Plan
from c4pipe.dedup import TextLevel
from c4pipe.page import Dropped, Page, Rejected
from c4pipe.passes.applying import after_dedup, cuts_of, walk_on
from c4pipe.passes.counting import count_chars, count_dedup, count_steps
from c4pipe.passes.losses import PageLosses, Survivor
from c4pipe.removal.pages import Numbers
from c4pipe.removal.worlds import Lost
from c4pipe.stages import PageStage


class Comes(NamedTuple):
    """A page as it reaches a dedup, and what was cut from it so far, from the first text dedup on."""

    page: Page
    dropped: tuple[Dropped, ...] = ()


class End(NamedTuple):
    """The outcome of a page."""

    page: Page  # as kept, or as it entered the stage that rejects it
    stage: str  # "" if it is kept
    verdict: Rejected | None
    legs: int  # number of text dedups that it reached, plus one if it is kept
    dropped: tuple[Dropped, ...]


class Dedupped(NamedTuple):
    """One text dedup."""

    numbers: Numbers  # of the pages that reached it, ascending
    first_rows: Numbers  # of the atoms of each, and their end
    lost: Lost

    @classmethod
    def of(cls, numbers: Numbers, counts: Numbers, lost: Lost) -> Dedupped:
        return cls(numbers, np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]), lost)

    def of_page(self, number: int, level: TextLevel, page: Page) -> PageLosses | None:
        """What one page loses."""
        place = int(np.searchsorted(self.numbers, number))
        if place == len(self.numbers) or self.numbers[place] != number:
            return None
        first = int(self.first_rows[place])
        atoms = self.lost.atoms.of(first, int(self.first_rows[place + 1]))
        if not atoms.flags.any():
            return None
        starts = [] if level.links else level.atoms_at(page.text)[1]
        return PageLosses(atoms, np.asarray(starts, np.int64), self.lost.likeness.get(first))


@dataclass
class Side:
    """Pages by number. Those not listed here are as the corpus has them."""

    plan: Plan
    out: set[int] = field(default_factory=set)  # that are not on this side
    comes: dict[int, Comes] = field(default_factory=dict)  # to the next dedup
    ends: dict[int, End] = field(default_factory=dict)
    legs: list[Dedupped] = field(default_factory=list)  # so far

    def __post_init__(self) -> None:
        self.counts = [StageCount(name) for name in self.plan.names()]  # of `comes` and `ends`

    def walk(self, leg: int, number: int, came: Comes) -> None:
        """Passes a page through a leg, to the next dedup or to its end, and counts it."""
        self.comes.pop(number, None)
        then = self._step(leg, number, came, self.counts)
        if isinstance(then, End):
            self.ends[number] = then
        else:
            self.comes[number] = then

    def story(self, number: int, page: Page, upto: int) -> Comes:
        """A page as it reached the dedup of leg `upto`, from how it reached the first; it must have got that far."""
        came = Comes(page)
        for leg in range(upto):
            then = self._step(leg, number, came, [StageCount(name) for name in self.plan.names()])
            assert isinstance(then, Comes)
            came = then
        return came

    def end(self, number: int, page: Page) -> End:
        """The outcome of a page that reached the first dedup in this state."""
        if number in self.ends:
            return self.ends[number]
        came = Comes(page)
        for leg in range(len(self.plan.legs)):
            then = self._step(leg, number, came, [StageCount(name) for name in self.plan.names()])
            if isinstance(then, End):
                return then
            came = then
        raise AssertionError("the last leg ends every page")

    def came(self, leg: int, number: int, page: Page) -> Comes:
        """A page's text as it reached a leg: only stages that edit text are run again."""
        for earlier, dedup in enumerate(self.legs[:leg]):
            of = self.plan.legs[earlier]
            assert of.level is not None
            losses = dedup.of_page(number, of.level, page)
            if losses is not None:
                page = of.level.apply(page, losses.flags, starts=losses.starts.tolist()).page
            for index, step in of.steps:
                stage = self.plan.preset.stages[index]
                if isinstance(stage, PageStage) and stage.edits:
                    page = step(page).page
        return Comes(page)

    def _step(self, leg: int, number: int, came: Comes, counts: list[StageCount]) -> Comes | End:
        plan, of = self.plan, self.plan.legs[leg]
        assert of.level is not None
        losses = self.legs[leg].of_page(number, of.level, came.page)
        survivor = Survivor(0, came.page, losses, came.dropped)
        verdict, stage = after_dedup(survivor, of), plan.names()[of.start]
        count_dedup(counts[of.start], came.page, verdict, plan)
        met: list[tuple[int, Page]] = []
        if not isinstance(verdict, Rejected):
            by_index = dict(enumerate(counts))
            index, verdict, passed, met, _ = walk_on(verdict.page, of, plan, by_index)
            count_steps(by_index, index, verdict, passed)
            stage = plan.names()[index]
        dropped = tuple(cuts_of(survivor, of, plan, met)())
        if isinstance(verdict, Rejected):
            return End(verdict.page, stage, verdict, leg + 1, dropped)
        if leg + 1 < len(plan.legs):
            return Comes(verdict.page, dropped)
        if plan.size is not None:  # the size stage, which drops nothing here
            counts[-1].entered += 1
            counts[-1].kept += 1
            count_chars(counts[-1], verdict.page, verdict)
        return End(verdict.page, "", None, leg + 2, dropped)
