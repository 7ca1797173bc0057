"""Whether a page contains test items of benchmarks: in which words, of which item, and how much of it.

Words are compared after NFKC, in lower case and without what is between them (`normal`). GPT-3 counted 13 words in a
row as an overlap (Brown et al. 2020, appendix C). Here, as in decon (allenai/decon, doc/simple.md), some runs of 5
words are looked up and matches extended both ways over small differences. What agrees is weighted by the rarity of
its words in all items, so that "which of the following is true" finds nothing.
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

if TYPE_CHECKING:  # machine code is only imported when needed: most builds search for no items
    from c4pipe.benchmarks.index import ItemIndex


class Sighting(NamedTuple):
    """A text of a test item in a page."""

    task: str
    item: int  # its line in the file
    role: str  # the text's role in its item: question, answer, passage
    share: float  # of the text, weighted by the rarity of its words
    start: int  # the offsets of the words in the text of the page
    end: int


@dataclass(frozen=True)
class ItemOverlap(Part):
    """A page contains an item if it has a text of it: all of a short one, or `overlap` words and `share` of it.

    A word of one character counts half: in scripts without blanks every character is a word. With a `gram` and a `step`
    of 5, any 13 words in a row that a page shares with a text contain a run that is looked up.
    """

    BENCHMARK: ClassVar = Reason(
        "benchmark",
        Unit.PAGE,
        "contains a test item of a benchmark: {overlap} words of it, or all of one that has fewer than {short}",
        source="Brown et al. 2020, appendix C (13 words); decon (allenai/decon, doc/simple.md); thresholds ours",
        why="A test does not measure a model that has seen it in training.",
    )

    overlap: int = 13  # words that must agree, for a text that has so many (Brown et al. 2020, appendix C)
    half: float = 0.45  # of the words, if that is less: half of a text, give or take a word
    share: float = 0.35  # of the weight of a text's words: half of a text may have the rarer words, or the others
    short: int = 13  # words; a shorter text must occur word for word; decon: 20 tokens
    least: int = 4  # words; a shorter text is too common, as is one below `gram`; a short answer is searched nearby
    gram: int = 5  # words of a run that is looked up (decon)
    step: int = 5  # runs of which the rarest is looked up
    gap: int = 3  # words on either side after which two agreeing words continue a match: hyphens, an inserted word
    crowded: int = 64  # texts with a run, beyond which it is only looked up for those without a rarer one
    shared: int = 100  # items with a text, beyond which it is an instruction and identifies none
    nearby: int = 50  # words around a text in which a short answer is searched
    reasons: ClassVar = (BENCHMARK,)

    def files(self, assets: Any) -> Iterable[str | Path]:
        files: Iterable[Path] = assets.benchmark_files()
        return files

    def bind(self, assets: Any) -> Self:
        names = assets.benchmark_files()
        if not names:  # when a page is judged again, they may be unavailable
            return loaded(self, index=None)
        return loaded(self, index=_index(self, tuple(map(str, names)), assets))

    @property
    def at_hand(self) -> bool:
        """Whether it has the items; for a bound one."""
        return self._index is not None  # type: ignore[attr-defined]

    def found(self, text: str) -> list[Sighting]:
        """The findings in a text, in order; for a bound one."""
        index: ItemIndex = self._index  # type: ignore[attr-defined]
        found = (
            Sighting(*index.items[item], role, round(share, 3), start, end)
            for item, role, start, end, share in index.found(text)
        )
        return sorted(found, key=lambda one: (one.start, one.end, *one))

    def totals(self) -> dict[str, tuple[int, int]]:
        """(items, those with a text that is looked up) of each task; for a bound one."""
        index: ItemIndex = self._index  # type: ignore[attr-defined]
        every = Counter(task for task, _ in index.items)
        looked_up = Counter(index.items[item][0] for item in index.searched)
        return {task: (count, looked_up[task]) for task, count in sorted(every.items())}


_INDEXES: dict[tuple[Any, ...], ItemIndex] = {}  # the last one built in this process


def _index(by: ItemOverlap, names: tuple[str, ...], assets: Any) -> ItemIndex:
    """Built once per process, as long as the files are unchanged."""
    from c4pipe.benchmarks.index import ItemIndex

    states = ((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in map(assets.path, names))
    key = (by, names, *states)
    if key not in _INDEXES:
        items = [item for name in names for item in read_items(assets.text(name), name)]
        _INDEXES.clear()
        _INDEXES[key] = ItemIndex(items, by)
    return _INDEXES[key]
