"""What the text of a page can be lost to, by number, so that a page carries what it has lost as a few numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from c4pipe.corpus.characters import EDITED
from c4pipe.page import Page, Rejected, Unit, Verdict
from c4pipe.stages import Stage
from c4pipe.text import count_lines

Trail = Sequence[int]  # of what a page has lost so far the number of the cell, the lines and the characters, in a row
STEP = 3  # numbers each


class LossCell(NamedTuple):
    """One of the things that something is lost to."""

    stage: str
    reason: str
    unit: str  # what is lost: "page", "line", "sentence", "passage", or "edit" of what stayed


class TextLoss(NamedTuple):
    """Something that was lost."""

    cell: LossCell
    lines: int
    chars: int


KEPT_CELL = LossCell("", "kept", Unit.PAGE.value)  # of pages that came through


class LossCells:
    """The cells of some stages. Those of the first stages have the same numbers in every preset that begins so."""

    def __init__(self, stages: Iterable[Stage]):
        self._cells: list[LossCell] = []
        self._numbers: dict[tuple[int, str], int] = {}
        self._stages: list[int] = []
        for index, stage in enumerate(stages):
            units = {reason.code: reason.unit.value for reason in stage.all_reasons()}
            for code, unit in units.items():
                self._add(index, code, LossCell(stage.name, code, unit))
            self._add(index, "", LossCell(stage.name, EDITED, "edit"))

    def _add(self, index: int, code: str, cell: LossCell) -> None:
        self._numbers[index, code] = len(self._cells)
        self._cells.append(cell)
        self._stages.append(index)

    def cut(self, index: int, verdict: Verdict, before: Page | None = None) -> list[int]:
        """What a stage took from a page, beside the page itself; `before` is how one that it keeps came in."""
        trail = []
        emptied = self._emptied(index, verdict, before)
        for code, chars in verdict.chars.items():
            number = self._numbers[index, code]
            if self._cells[number].unit == Unit.LINE.value:
                trail += [number, verdict.tally[code], chars]
            else:
                trail += [number, emptied, chars]
                emptied = 0
        if before is not None and before.text is not verdict.page.text:
            edited = len(before.text) - len(verdict.page.text) - sum(verdict.chars.values())
            if edited:
                trail += [self._numbers[index, ""], 0, edited]
        return trail

    def _emptied(self, index: int, verdict: Verdict, before: Page | None) -> int:
        """Lines of a page that went with the last sentence or passage in them; the ledger has them with the first
        reason for which any was lost."""
        units = {code: self._cells[self._numbers[index, code]].unit for code in verdict.chars}
        if before is None or all(unit == Unit.LINE.value for unit in units.values()):
            return 0
        fallen = sum(verdict.tally[code] for code, unit in units.items() if unit == Unit.LINE.value)
        return count_lines(before.text) - count_lines(verdict.page.text) - fallen

    def end(self, index: int, verdict: Rejected) -> TextLoss:
        """A page that leaves at a stage, with what it has left of lines and characters."""
        cell = self._cells[self._numbers[index, verdict.reason.code]]
        lines = sum(lines for _, lines, _ in self._steps(self.cut(index, verdict)))
        text = verdict.page.text
        return TextLoss(cell, count_lines(text) - lines, len(text) - sum(verdict.chars.values()))

    def losses(self, trail: Trail, before: int | None = None) -> Iterator[TextLoss]:
        """A trail spelt out; of the stages in front of one, where its index is given."""
        for number, lines, chars in self._steps(trail):
            if before is None or self._stages[number] < before:
                yield TextLoss(self._cells[number], lines, chars)

    def dropped(self, trail: Trail) -> dict[int, dict[str, int]]:
        """Of a trail the characters of what was dropped, by the index of the stage and the reason."""
        found: dict[int, dict[str, int]] = {}
        for number, _, chars in self._steps(trail):
            if (cell := self._cells[number]).unit != "edit":
                found.setdefault(self._stages[number], {})[cell.reason] = chars
        return found

    @staticmethod
    def _steps(trail: Trail) -> Iterator[tuple[int, int, int]]:
        numbers = iter(trail)
        return zip(numbers, numbers, numbers, strict=True)
