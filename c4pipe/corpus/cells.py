"""The causes that text can be lost to, numbered, so that a page carries its losses as a few numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from c4pipe.corpus.characters import EDIT, EDITED
from c4pipe.page import Page, Rejected, Unit, Verdict
from c4pipe.stages import Stage
from c4pipe.text import count_lines

Trail = Sequence[int]  # losses of a page so far: number of the cell, lines, characters, repeated
STEP = 3  # numbers for each loss


class LossCell(NamedTuple):
    """One cause of loss."""

    stage: str
    reason: str
    unit: str  # what is lost: "page", "line", "sentence", "passage", or `EDIT`


class PageEnd(NamedTuple):
    """What became of a page, the number of the cell, and the lines and characters it had left."""

    cell: int
    lines: int
    chars: int


KEPT_CELL = LossCell("", "kept", Unit.PAGE.value)  # of kept pages


class LossCells:
    """The cells of some stages. The first stages have the same numbers in every preset that begins with them."""

    def __init__(self, stages: Iterable[Stage]):
        self.all: list[LossCell] = []
        self.stages: list[int] = []  # the index of each cell's stage
        self._numbers: list[dict[str, int]] = []  # for each stage
        self._inside: list[set[str]] = []  # codes of sentences and passages
        for index, stage in enumerate(stages):
            units = {reason.code: reason.unit for reason in stage.all_reasons()}
            cells = [LossCell(stage.name, code, unit.value) for code, unit in units.items()]
            cells.append(LossCell(stage.name, EDITED, EDIT))
            start = len(self.all)
            self._numbers.append({code: start + place for place, code in enumerate([*units, ""])})
            self._inside.append({code for code, unit in units.items() if unit not in (Unit.LINE, Unit.PAGE)})
            self.all += cells
            self.stages += [index] * len(cells)

    def number(self, index: int, code: str = "") -> int:
        """The number of a reason of a stage, or of its edits."""
        return self._numbers[index][code]

    def of(self, index: int) -> list[tuple[int, LossCell]]:
        """The cells of a stage by number."""
        return [(number, self.all[number]) for number in self._numbers[index].values()]

    def cut(self, index: int, verdict: Verdict, before: Page | None = None) -> list[int]:
        """What a stage cut from a page, without the page itself; `before` is a kept page as it entered."""
        chars = verdict.chars
        trail: list[int] = []
        if not chars and (before is None or before.text is verdict.page.text):
            return trail
        numbers, inside, tally = self._numbers[index], self._inside[index], verdict.tally
        emptied = _emptied(verdict, before, inside) if inside and before is not None else 0
        edited = 0 if before is None else len(before.text) - len(verdict.page.text)
        for code, count in chars.items():
            edited -= count
            if code not in inside:
                trail += numbers[code], tally[code], count
            else:
                trail += numbers[code], emptied, count
                emptied = 0
        if before is not None and edited:
            trail += numbers[""], 0, edited
        return trail

    def end(self, index: int, verdict: Rejected) -> PageEnd:
        """A page that a stage rejects."""
        text, inside = verdict.page.text, self._inside[index]
        fallen = sum(verdict.tally[code] for code in verdict.chars if code not in inside)
        left = len(text) - sum(verdict.chars.values())
        return PageEnd(self._numbers[index][verdict.reason.code], count_lines(text) - fallen, left)


def _emptied(verdict: Verdict, before: Page, inside: set[str]) -> int:
    """Lines of a page that vanished with their last sentence or passage. The ledger counts them under the first reason
    for which any was lost.
    """
    emptied = count_lines(before.text) - count_lines(verdict.page.text)
    for code in verdict.chars:
        if code not in inside:
            emptied -= verdict.tally[code]
    return emptied
