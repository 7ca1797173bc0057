"""How a preset is carried out: its stages cut at the two dedups, and bound to their outside files.

URL dedup only takes whole pages away, so the row-wise stages behind it may judge a page before its rival is known:
reading, filtering and cleaning are one pass, and the verdict on a page that loses its URL is simply not counted.

Several presets may be carried out over one reading. Those with the same trunk, the stages up to the last dedup, share
their staged pages; those with the same stages up to URL dedup share that one; and `together` shares every judgement.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from c4pipe.clean import dropped_by
from c4pipe.dedup import LineLevel, SpanLevel, UrlLevel
from c4pipe.page import Dropped, Kept, Page, Reason, Rejected, Step, Unit, Verdict
from c4pipe.presets import Preset
from c4pipe.stages import Clean, Dedup, Read, RowStage, Size, Stage

KEPT = "kept"  # the outcome of a page that no stage rejects


@dataclass(frozen=True)
class Plan:
    """The stages of a preset by what they need: `before` and `between` a page, the dedups the corpus, `behind` a page.

    Steps come with the index of their stage in the preset, which is also its row in the ledger.
    """

    preset: Preset
    assets: Any
    steps: dict[RowStage, Once] = field(default_factory=dict)  # bound already, by this plan or one that shares it

    @cached_property
    def read(self) -> Read:
        stage = self.preset.stages[0]
        assert isinstance(stage, Read)
        return stage

    @cached_property
    def url_index(self) -> int:
        return self._dedups[0]

    @property
    def url(self) -> UrlLevel:
        level = self._dedup(self.url_index).level
        assert isinstance(level, UrlLevel)
        return level

    @cached_property
    def text_index(self) -> int | None:
        return self._dedups[1] if len(self._dedups) > 1 else None

    @property
    def text(self) -> LineLevel | SpanLevel | None:
        if self.text_index is None:
            return None
        level = self._dedup(self.text_index).level
        assert not isinstance(level, UrlLevel)
        return level

    @cached_property
    def before(self) -> tuple[tuple[int, Step], ...]:
        return self._bind(1, self.url_index)

    @cached_property
    def between(self) -> tuple[tuple[int, Step], ...]:
        end = self.url_index + 1 if self.text_index is None else self.text_index
        return self._bind(self.url_index + 1, end)

    @cached_property
    def behind(self) -> tuple[tuple[int, Step], ...]:
        start = self.url_index if self.text_index is None else self.text_index
        return self._bind(start + 1, len(self.preset.stages))

    @cached_property
    def then(self) -> tuple[Any, ...]:
        """The page rules behind the text dedup, bound."""
        return tuple(rule.bind(self.assets) for rule in self._dedup(self.text_index or 0).then)

    @cached_property
    def reasons(self) -> dict[str, Reason]:
        """Every reason of the preset by its code."""
        return {reason.code: reason for stage in self.preset.stages for reason in stage.reasons()}

    @cached_property
    def clean_index(self) -> int | None:
        """The stage that drops lines row by row, if there is one."""
        return next((i for i, stage in enumerate(self.preset.stages) if isinstance(stage, Clean)), None)

    @cached_property
    def line_codes(self) -> tuple[str, ...]:
        """The reasons for which the cleaning stage drops lines."""
        if self.clean_index is None:
            return ()
        return tuple(r.code for r in self.preset.stages[self.clean_index].reasons() if r.unit is Unit.LINE)

    def bind(self) -> None:
        """Loads every outside file that the preset reads. AssetError or ConfigError where one cannot be had."""
        for steps in (self.before, self.between, self.behind):
            assert isinstance(steps, tuple)
        if self.text_index is not None:
            assert isinstance(self.then, tuple)

    @property
    def trunk(self) -> tuple[Stage, ...]:
        """The stages up to the last dedup, which the first pass and the dedups carry out."""
        return self.preset.trunk

    @property
    def size(self) -> Size | None:
        """The last stage, if it is the one that leaves out small languages."""
        last = self.preset.stages[-1]
        return last if isinstance(last, Size) else None

    def names(self) -> list[str]:
        """The stages' names in order: the rows of the ledger."""
        return [stage.name for stage in self.preset.stages]

    def dropped_lines(self, page: Page) -> list[Dropped]:
        """The lines that the cleaning stage cuts from a page as read; again and in full, for the few that are shown."""
        stage = None if self.clean_index is None else self.preset.stages[self.clean_index]
        return dropped_by(page, stage.lines) if isinstance(stage, Clean) else []

    def _dedup(self, index: int) -> Dedup:
        stage = self.preset.stages[index]
        assert isinstance(stage, Dedup)
        return stage

    @cached_property
    def _dedups(self) -> list[int]:
        return [i for i, stage in enumerate(self.preset.stages) if isinstance(stage, Dedup)]

    def _bind(self, start: int, stop: int) -> tuple[tuple[int, Step], ...]:
        return tuple((i, self._step(stage)) for i, stage in self.preset.rows(start, stop))

    def _step(self, stage: RowStage) -> Once:
        if stage not in self.steps:
            self.steps[stage] = Once(stage.bind(self.assets))
        return self.steps[stage]


class Once:
    """A step that several plans may ask about the same page, one after the other: it judges it once."""

    def __init__(self, step: Step):
        self._step = step
        self._page: Page | None = None
        self._verdict: Verdict | None = None

    def __call__(self, page: Page) -> Verdict:
        if page is not self._page or self._verdict is None:
            self._page, self._verdict = page, self._step(page)
        return self._verdict


def together(presets: Iterable[tuple[Preset, Any]]) -> list[Plan]:
    """Plans for presets, each with its assets, over one reading: what two of them ask of a page is judged once."""
    steps: dict[RowStage, Once] = {}
    return [Plan(preset, assets, steps) for preset, assets in presets]


def walk(page: Page, steps: tuple[tuple[int, Step], ...]) -> tuple[int, Kept | Rejected, list[tuple[int, Page, Kept]]]:
    """The page through the steps: (last stage reached, its verdict, the stages passed with what came in)."""
    passed = []
    verdict: Kept | Rejected = Kept(page)
    index = -1
    for index, step in steps:
        verdict = step(page)
        if isinstance(verdict, Rejected):
            break
        passed.append((index, page, verdict))
        page = verdict.page
    return index, verdict, passed
