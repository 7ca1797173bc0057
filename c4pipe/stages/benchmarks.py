"""The stage that searches for benchmark items: after all others, since it concerns the final corpus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pyarrow as pa

from c4pipe.benchmarks import ItemOverlap, Sighting
from c4pipe.benchmarks.items import ITEMS
from c4pipe.page import Kept, Page, Rejected, Step, Verdict
from c4pipe.stages.base import PageStage, Scope
from c4pipe.stages.explaining import PASSED, Outcomes, Walk
from c4pipe.stages.preset import Preset

_ITEMS_TYPE = pa.list_(
    pa.struct(
        [
            ("task", pa.string()),
            ("item", pa.int64()),  # its line in its file
            ("role", pa.string()),  # the part in the page: question, answer, passage
            ("share", pa.float64()),  # of the item
            ("start", pa.int32()),  # offset in the text, in characters
            ("end", pa.int32()),
        ]
    )
)
_USUAL = ItemOverlap()
_QUOTED = 200  # characters of the words in a detail


@dataclass(frozen=True)
class Benchmarks(PageStage):
    """Lists in a column which items a page contains, and where; with `drop`, such pages are rejected instead."""

    name: str
    overlap: ItemOverlap = _USUAL
    drop: bool = False

    edits: ClassVar = False
    quotes: ClassVar = False  # a detail also names the item

    @property
    def columns(self) -> Mapping[str, Any]:  # type: ignore[override]
        """None if no kept page holds an item."""
        return {} if self.drop else {ITEMS: _ITEMS_TYPE}

    def bind(self, assets: Any) -> Step:
        overlap = self.overlap.bind(assets)

        def step(page: Page) -> Verdict:
            found = overlap.found(page.text) if overlap.at_hand else []
            page = page.adding(**{ITEMS: [one._asdict() for one in found]})
            if found and self.drop:
                return Rejected(page, overlap.BENCHMARK, detail_of(found, page.text))
            return Kept(page, {overlap.BENCHMARK.code: 1} if found else {})

        return step

    def explain(self, walk: Walk, step: Step | None) -> Outcomes:
        """The words of the items are marked, also in a kept page. Without the items, the recorded result: for a kept
        page, from the column."""
        overlap, page = walk.bound(self.overlap), walk.page
        recorded = [Sighting(**one) for one in page.extra.get(ITEMS, ())]
        found = overlap.found(page.text) if overlap.at_hand else recorded
        for one in found:
            walk.marks.quote(walk.trace.places[one.start : one.end], overlap.BENCHMARK.code)
        if not found:
            return [(PASSED, "")] if overlap.at_hand else walk.recorded(self)
        detail = detail_of(found, page.text)
        return walk.broken(self, overlap.BENCHMARK.code, detail) if self.drop else [(PASSED, detail)]


def detail_of(found: Sequence[Sighting], text: str) -> str:
    """The item that a page holds most of: its task, its line, the part in the page, and the words.

    >>> detail_of([Sighting("squad", 17, "question", 0.9, 4, 24)], "Ah. Who wrote the Pines? He.")
    'squad item 17, 90 % of its question: Who wrote the Pines?'
    """
    most = max(found, key=lambda one: (one.share, one.end - one.start))
    words = " ".join(text[most.start : most.end].split())
    shown = words if len(words) <= _QUOTED else f"{words[: _QUOTED - 1]}…"
    others = len({(one.task, one.item) for one in found}) - 1
    more = f" (and {others:,} more)" if others else ""
    return f"{most.task} item {most.item}, {most.share:.0%} of its {most.role}: {shown}{more}".replace("%", " %", 1)


def benchmarks_stage(preset: Preset) -> Benchmarks | None:
    """The stage of a preset that searches for benchmark items, if any."""
    return next((stage for stage in preset.stages if isinstance(stage, Benchmarks)), None)


def with_benchmarks(preset: Preset, drop: bool) -> Preset:
    """The preset that searches for test items, after all stages that judge or compare pages; one that already does
    keeps its numbers."""
    known = benchmarks_stage(preset)
    if known is not None:
        return preset.on(replace(known, drop=drop))
    last = preset.stages[-1]
    stage = Benchmarks("benchmarks", drop=drop)
    return preset.before(last.name, stage) if last.scope is Scope.CONFIG else preset.after(last.name, stage)
