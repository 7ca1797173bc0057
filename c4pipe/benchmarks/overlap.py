"""Whether a page holds test items of benchmarks: in which words, of which item, and how much of it.

Words are compared behind NFKC, in lower case and without what stands between them (`normal`). GPT-3 took 13 words in a
row for an overlap (Brown et al. 2020, appendix C). Here, as in decon (allenai/decon, doc/simple.md), some runs of 5
words are looked up, what is found is followed both ways over small differences, and what agrees is weighed by how rare
its words are in all items, so that "which of the following is true" finds nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from c4pipe.benchmarks.items import read_items
from c4pipe.page import Reason, Unit
from c4pipe.part import Part, loaded

if TYPE_CHECKING:  # what brings machine code is imported where it is asked for: most builds look for no items
    from c4pipe.benchmarks.index import ItemIndex


class Sighting(NamedTuple):
    """A text of a test item in a page."""

    task: str
    item: int  # the line of the file on which it stands
    role: str  # what the text is to its item: question, answer, passage
    share: float  # of the text, by the rarity of its words
    start: int  # where the words begin and end in the text of the page
    end: int


@dataclass(frozen=True)
class ItemOverlap(Part):
    """A page holds an item where a text of it stands there: all of a short one, or `overlap` words and `share` of it.

    A word of one character counts half: in scripts without blanks every character is a word. With a `gram` and a `step`
    of 5 any 13 words in a row that a page shares with a text hold a run that is looked up.
    """

    BENCHMARK: ClassVar = Reason(
        "benchmark",
        Unit.PAGE,
        "holds a test item of a benchmark: {overlap} words of it, or all of one that has fewer than {short}",
        source="Brown et al. 2020, appendix C (13 words); decon (allenai/decon, doc/simple.md); thresholds ours",
        why="A model that has read a test before is not tested by it.",
    )

    overlap: int = 13  # words that must agree, of a text that has so many (Brown et al. 2020, appendix C)
    half: float = 0.45  # of the words, where that is less: half a text stands in the page, give or take a word
    share: float = 0.35  # of what the words of a text are worth: half a text may have the rarer words, or the others
    short: int = 13  # words below which a text must stand word for word; decon: 20 tokens
    least: int = 4  # words below which a text is too common, as is one below `gram`; an answer is looked for nearby
    gram: int = 5  # words of a run that is looked up (decon)
    step: int = 5  # runs of which the rarest is
    gap: int = 3  # words on either side behind which two words that agree go on with it: hyphens, a word put in
    crowded: int = 64  # texts that have a run, beyond which it is looked up only for those that have no rarer one
    shared: int = 100  # items that have a text, beyond which it is an instruction and tells none of them
    nearby: int = 50  # words around a text in which an answer of few words is looked for
    reasons: ClassVar = (BENCHMARK,)

    def files(self, assets: Any) -> Iterable[str | Path]:
        files: Iterable[Path] = assets.benchmark_files()
        return files

    def bind(self, assets: Any) -> Self:
        names = assets.benchmark_files()
        if not names:  # a page is judged again where they are not at hand
            return loaded(self, index=None)
        return loaded(self, index=_index(self, tuple(map(str, names)), assets))

    @property
    def at_hand(self) -> bool:
        """Whether it has the items, of one that is bound."""
        return self._index is not None  # type: ignore[attr-defined]

    def found(self, text: str) -> list[Sighting]:
        """What stands in a text, in order; of one that is bound."""
        index: ItemIndex = self._index  # type: ignore[attr-defined]
        found = (
            Sighting(*index.items[item], role, round(share, 3), start, end)
            for item, role, start, end, share in index.found(text)
        )
        return sorted(found, key=lambda one: (one.start, one.end, *one))

    def totals(self) -> dict[str, tuple[int, int]]:
        """(items, those of which a text is looked up) of each task; of one that is bound."""
        index: ItemIndex = self._index  # type: ignore[attr-defined]
        every = Counter(task for task, _ in index.items)
        looked_up = Counter(index.items[item][0] for item in index.searched)
        return {task: (count, looked_up[task]) for task, count in sorted(every.items())}


_INDEXES: dict[tuple[Any, ...], ItemIndex] = {}  # the last one that was made in this process


def _index(by: ItemOverlap, names: tuple[str, ...], assets: Any) -> ItemIndex:
    """Made once a process, as long as the files are as they were."""
    from c4pipe.benchmarks.index import ItemIndex

    states = ((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in map(assets.path, names))
    key = (by, names, *states)
    if key not in _INDEXES:
        items = [item for name in names for item in read_items(assets.text(name), name)]
        _INDEXES.clear()
        _INDEXES[key] = ItemIndex(items, by)
    return _INDEXES[key]
