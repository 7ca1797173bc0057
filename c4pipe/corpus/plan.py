"""How a preset is carried out: its stages, split where the whole corpus must be compared, and bound to their external
files.

    read -> before -> (URLs) -> between -> (text 1) -> leg 1 -> (text 2) -> leg 2 -> ... -> corpus

URL dedup only drops whole pages, so the page stages behind it may judge a page before its rival is known. Reading,
filtering and cleaning are one pass; the verdict on a page that loses its URL is not counted. Each text dedup begins a
*leg*: what it leaves passes the page stages up to the next one.

Several presets can run over one reading. Those with the same stages up to a dedup share the work up to
there; `together` shares every judgement.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, cast

from c4pipe.corpus.cells import LossCells
from c4pipe.dedup import TextLevel, UrlLevel
from c4pipe.page import Dropped, Kept, Page, Reason, Rejected, Step, Tally, Unit, Verdict
from c4pipe.part import Part, is_own
from c4pipe.rules import PageRule
from c4pipe.shards import column_fields, schema_with
from c4pipe.stages import Dedup, PageStage, Preset, Read, Scope, Size, Stage
from c4pipe.stages.checking import blame, page_named, watched
from c4pipe.stages.veiling import Veil

KEPT = "kept"  # the outcome of a page that no stage rejects

Steps = tuple[tuple[int, Step], ...]  # with the index of their stage in the preset, and in the ledger


class Leg(NamedTuple):
    """What happens between two comparisons of the whole corpus. Without a text dedup there is one leg, after the
    URLs.
    """

    start: int  # the index of the dedup that begins it
    level: TextLevel | None  # bound; None where no text is compared
    then: tuple[PageRule, ...]  # bound
    steps: Steps


@dataclass(frozen=True)
class Plan:
    """The stages of a preset by what they need: `before` and `between` need a page, dedups the corpus, legs both."""

    preset: Preset
    assets: Any
    steps: dict[Stage, Once] = field(default_factory=dict)  # bound already, by this plan or one that shares it
    parts: dict[Part, Any] = field(default_factory=dict)  # likewise

    @property
    def read(self) -> Read:
        return self.preset.read

    @cached_property
    def url_index(self) -> int:
        return self.preset.indices(Scope.URL)[0]

    @cached_property
    def url(self) -> UrlLevel:
        return cast(UrlLevel, self._dedup(self.url_index).level)

    @cached_property
    def texts(self) -> tuple[int, ...]:
        """The indices of the dedups of text."""
        return self.preset.indices(Scope.TEXT)

    @cached_property
    def before(self) -> Steps:
        return self._bind(1, self.url_index)

    @cached_property
    def between(self) -> Steps:
        return self._bind(self.url_index + 1, self.texts[0]) if self.texts else ()

    @cached_property
    def legs(self) -> tuple[Leg, ...]:
        if not self.texts:
            return (Leg(self.url_index, None, (), self._bind(self.url_index + 1, len(self.preset.stages))),)
        ends = (*self.texts[1:], len(self.preset.stages))
        return tuple(self._leg(start, end) for start, end in zip(self.texts, ends, strict=True))

    def level(self, leg: int) -> TextLevel | None:
        """The level of the dedup that begins a leg. It is bound; nothing else is."""
        return cast(TextLevel, self.bound(self._dedup(self.texts[leg]).level)) if self.texts else None

    def links(self, leg: int) -> bool:
        """Whether the dedup that begins a leg links pages, instead of assigning each key an owner."""
        return bool(self.texts) and cast(TextLevel, self._dedup(self.texts[leg]).level).links

    def prefix(self, leg: int) -> tuple[Stage, ...]:
        """The stages up to the dedup of a leg, -1 for the last. Presets with the same prefix share that work."""
        return self.preset.stages[: self.starts[leg] + 1]

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The index of the dedup that begins each leg."""
        return self.texts or (self.url_index,)

    @cached_property
    def reasons(self) -> dict[str, Reason]:
        """Every reason of the preset by its code."""
        return {reason.code: reason for stage in self.preset.stages for reason in stage.all_reasons()}

    @cached_property
    def line_codes(self) -> frozenset[str]:
        """The codes of reasons that drop lines."""
        return frozenset(code for code, reason in self.reasons.items() if reason.unit is Unit.LINE)

    @cached_property
    def cells(self) -> LossCells:
        """The causes that may remove text from a page of this preset."""
        return LossCells(self.preset.stages)

    @cached_property
    def cutting(self) -> dict[int, tuple[str, ...]]:
        """The page stages that drop lines, or pieces of lines, by index, with the codes of the reasons why."""
        codes = {i: _codes_within(stage) for i, stage in enumerate(self.preset.stages) if stage.scope is Scope.PAGE}
        return {i: found for i, found in codes.items() if found}

    @cached_property
    def edits_early(self) -> bool:
        """Whether a staged text may differ from the one read."""
        return any(cast(PageStage, self.preset.stages[i]).edits for i, _ in (*self.before, *self.between))

    @cached_property
    def veil(self) -> Veil:
        """What reports and tables of pages may show of texts."""
        return Veil(self.preset.stages, self.bound)

    @property
    def hides(self) -> bool:
        """Whether a stage hides what it removes from a text."""
        return any(stage.hides for stage in self.preset.stages)

    def lines_of(self, tally: Tally) -> dict[str, int]:
        """The lines among what a stage cut from a page: reason -> number."""
        return {code: number for code, number in tally.items() if code in self.line_codes}

    def schema(self, stages: Iterable[Stage] | None = None) -> Any:
        """The columns of pages that have passed these stages (default: all), as a `pyarrow.Schema`."""
        return schema_with(column_fields(self.preset.stages if stages is None else stages))

    def bind(self) -> None:
        """Loads every external file that the preset reads. AssetError or ConfigError where one cannot be read."""
        for steps in (self.before, self.between, self.legs):
            assert isinstance(steps, tuple)
        self.schema()

    @property
    def size(self) -> Size | None:
        """The last stage, if it drops small languages."""
        last = self.preset.stages[-1]
        return cast(Size, last) if last.scope is Scope.CONFIG else None

    def names(self) -> list[str]:
        """The stages' names in order: the rows of the ledger."""
        return [stage.name for stage in self.preset.stages]

    def bound(self, part: Part) -> Any:
        """A part with its files loaded, once."""
        if part not in self.parts:
            self.parts[part] = self._loaded(part)
        return self.parts[part]

    def cut_early(self, page: Page) -> list[Dropped]:
        """The lines that the stages before the first leg cut from a page as read; only for pages that are shown."""
        steps = (*self.before, *self.between)
        index, last, passed = run_steps(page, steps[:-1])  # `cut` alone reports what the last one drops
        met = [(i, before) for i, before, _ in passed]
        if isinstance(last, Rejected):
            met.append((index, last.page))
        elif steps:
            met.append((steps[-1][0], last.page))
        return [drop for i, before in met for drop in self.cut(i, before)]

    def cut(self, index: int, page: Page) -> list[Dropped]:
        """The lines that a stage cuts from the page as it enters."""
        return cast(PageStage, self.preset.stages[index]).dropped(page, self.assets) if index in self.cutting else []

    def step(self, index: int) -> Step | None:
        """The step of a stage that judges pages singly."""
        stage = self.preset.stages[index]
        return self._step(stage) if stage.scope is Scope.PAGE else None

    def _leg(self, start: int, end: int) -> Leg:
        stage = self._dedup(start)
        then = tuple(self.bound(rule) for rule in stage.then)
        return Leg(start, self.bound(stage.level), then, self._bind(start + 1, end))

    def _dedup(self, index: int) -> Dedup:
        return cast(Dedup, self.preset.stages[index])

    def _bind(self, start: int, stop: int) -> Steps:
        chosen = enumerate(self.preset.stages[start:stop], start)
        return tuple((i, self._step(stage)) for i, stage in chosen if stage.scope is Scope.PAGE)

    def _step(self, stage: Stage) -> Once:
        if stage not in self.steps:
            step = self._loaded(stage)
            self.steps[stage] = Once(stage, watched(stage, step, self.assets) if is_own(stage) else step)
        return self.steps[stage]

    def _loaded(self, part: Part) -> Any:
        try:
            return part.bind(self.assets)
        except Exception as error:
            blame([part], "while it was loaded", error)
            raise


def _codes_within(stage: Stage) -> tuple[str, ...]:
    return tuple(told.code for told in stage.told() if told.unit is not Unit.PAGE and told.reason is not None)


class Once:
    """A step that several plans may apply to the same page in turn: it judges the page once.

    BuildError names a user's part that fails, and the page.
    """

    def __init__(self, stage: Stage, step: Step):
        self._stage, self._step = stage, step
        self._page: Page | None = None
        self._verdict: Verdict | None = None

    def __call__(self, page: Page) -> Verdict:
        if page is not self._page or self._verdict is None:
            try:
                self._page, self._verdict = page, self._step(page)
            except Exception as error:
                blame([self._stage], page_named(page), error)
                raise
        return self._verdict


def together(presets: Iterable[tuple[Preset, Any]]) -> list[Plan]:
    """Plans for presets, each with its assets, over one reading: a judgement that two of them need is made once."""
    steps: dict[Stage, Once] = {}
    return [Plan(preset, assets, steps) for preset, assets in presets]


def run_steps(page: Page, steps: Steps) -> tuple[int, Kept | Rejected, list[tuple[int, Page, Kept]]]:
    """The page through the steps: (last stage reached, its verdict, the stages passed, each with the page that
    entered).
    """
    passed: list[tuple[int, Page, Kept]] = []
    if not steps:
        return -1, Kept(page), passed
    for index, step in steps:
        verdict = step(page)
        if isinstance(verdict, Rejected):
            break
        passed.append((index, page, verdict))
        page = verdict.page
    return index, verdict, passed
