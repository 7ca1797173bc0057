"""All test items in a few arrays: their words, how much of each text must agree, and the lookup of runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.benchmarks.finding import NUMBERS, PRINT_BITS, find_texts
from c4pipe.benchmarks.items import ANSWER, ROLES, Item
from c4pipe.benchmarks.normal import normal_words, places_in
from c4pipe.benchmarks.seeds import choose_seeds
from c4pipe.benchmarks.texts import Texts, texts_of

if TYPE_CHECKING:
    from c4pipe.benchmarks.overlap import ItemOverlap

_ROOM = 64  # initial room for the texts of items in a page
_PRINT = np.uint64((1 << PRINT_BITS) - 1)


class Stretch(NamedTuple):
    """The match of a text of an item: words of a page by number, or characters."""

    item: int
    role: str
    first: int
    end: int  # after the last
    share: float  # of the weight of the text's words


class ItemIndex:
    """Built once per worker. Texts of `least` words or more are looked up; shorter answers are searched near these."""

    def __init__(self, items: Sequence[Item], by: ItemOverlap):
        self._by = by
        self.items = [(item.task, item.line) for item in items]
        texts = texts_of(items)
        halves, owners = texts.sums(texts.halves), np.diff(texts.owners)
        long = (halves >= 2 * by.least) & (texts.sizes >= by.gram)
        self._texts = texts.only(long & (owners <= by.shared))
        self._beside = _Answers(texts.only(~long & (halves > 1)))
        self._index()

    def _index(self) -> None:
        by, texts = self._by, self._texts
        sizes, halves = texts.sizes, texts.sums(texts.halves)
        self._prints = (texts.hashes & _PRINT).astype(np.uint16)
        self._starts = texts.starts.astype(np.int32)
        self._worths = word_worths(self._prints, sizes)
        self._worth = texts.sums(self._worths[self._prints])
        whole = halves < 2 * by.short
        some = np.minimum(np.ceil(2 * by.overlap * sizes / np.maximum(halves, 1)), np.ceil(by.half * sizes))
        self._needed = np.where(whole, sizes, some).astype(np.int32)
        self._worth_needed = np.where(whole, 0, np.ceil(by.share * self._worth)).astype(np.int32)
        self._seeds = choose_seeds(texts.hashes, texts.starts, whole, by.gram, by.step, by.crowded)
        seeds = self._seeds
        self._given = (  # arguments of the machine code besides a page: taking addresses is slow
            *(seeds.seen.ctypes.data, seeds.first.ctypes.data, seeds.places.ctypes.data, seeds.bits),
            *(self._prints.ctypes.data, self._starts.ctypes.data, len(sizes)),
            *(self._needed.ctypes.data, self._worth_needed.ctypes.data, self._worths.ctypes.data, by.gram, by.gap),
        )
        self._texts = texts._replace(hashes=np.empty(0, np.uint64), halves=np.empty(0, np.uint8))  # no longer needed

    @property
    def searched(self) -> set[int]:
        """The items with a text that is looked up."""
        return {*self._texts.owned.tolist()}

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays that a page is compared with."""
        seeds = self._seeds
        of_texts = self._starts.nbytes + self._worth.nbytes + self._needed.nbytes + self._worth_needed.nbytes
        of_words = self._prints.nbytes + self._worths.nbytes
        return of_texts + of_words + seeds.seen.nbytes + seeds.first.nbytes + seeds.places.nbytes

    def found(self, text: str) -> list[Stretch]:
        """The findings in a text, by characters."""
        compared, words = normal_words(text)
        stretches = self._stretches(words.hashes)
        if not stretches:
            return []
        place = places_in(text, compared)
        spans = (place(int(words.starts[one.first]), int(words.ends[one.end - 1])) for one in stretches)
        return [one._replace(first=first, end=end) for one, (first, end) in zip(stretches, spans, strict=True)]

    def _stretches(self, words: NDArray[np.uint64]) -> list[Stretch]:
        """For a page with these words, the heaviest stretch of each text of an item."""
        best: dict[int, tuple[int, int, int]] = {}  # text -> weight, first word, end
        for text, first, end, _, worth in self._found(words):
            if text not in best or worth > best[text][0]:
                best[text] = worth, first, end
        found = [
            Stretch(item, role, first, end, worth / max(1, int(self._worth[text])))
            for text, (worth, first, end) in best.items()
            for item, role in self._texts.owners_of(text)
        ]
        return found + list(self._beside.stretches(words, found, self._by.nearby)) if found else found

    def _found(self, words: NDArray[np.uint64]) -> list[list[int]]:
        room, count = _ROOM, _ROOM
        while count == room:  # there may be more
            room *= 4
            found = np.empty(room * NUMBERS, np.int64)
            count = find_texts(words.ctypes.data, len(words), *self._given, found.ctypes.data, room)
        rows: list[list[int]] = found[: count * NUMBERS].reshape(-1, NUMBERS).tolist()
        return rows


class _Answers:
    """Short answers by item: a word or two, which prove nothing alone."""

    def __init__(self, texts: Texts):
        self._texts = texts
        self._text = np.repeat(np.arange(len(texts.sizes)), np.diff(texts.owners))  # the text of each owner
        own = np.flatnonzero(texts.roles == ROLES.index(ANSWER))
        self._order = own[np.argsort(texts.owned[own], kind="stable")]
        self._items = texts.owned[self._order]

    def stretches(self, words: NDArray[np.uint64], found: Sequence[Stretch], nearby: int) -> Iterator[Stretch]:
        """For each item found, its answers within so many words of it, once per text."""
        seen = set()
        for item, _, first, end, _ in found:
            own = slice(*np.searchsorted(self._items, [item, item + 1]))
            for owner in self._order[own].tolist():
                text, start = int(self._text[owner]), max(0, first - nearby)
                at = _place(words[start : end + nearby], self._words(text))
                if at >= 0 and (item, text) not in seen:
                    seen.add((item, text))
                    yield Stretch(item, ANSWER, start + at, start + at + len(self._words(text)), 1.0)

    def _words(self, text: int) -> NDArray[np.uint64]:
        return self._texts.hashes[self._texts.starts[text] : self._texts.starts[text + 1]]


def _place(words: NDArray[np.uint64], run: NDArray[np.uint64]) -> int:
    """Where a run first occurs in these words, -1 if it does not."""
    if len(run) > len(words):
        return -1
    found = np.flatnonzero((np.lib.stride_tricks.sliding_window_view(words, len(run)) == run).all(axis=1))
    return int(found[0]) if len(found) else -1


def word_worths(prints: NDArray[np.uint16], sizes: NDArray[np.int64]) -> NDArray[np.uint8]:
    """[2**PRINT_BITS] The weight of a word in quarters of a bit: the logarithm of the inverse share of texts that have
    it.

    Whole numbers, so that they are the same on every machine; one quarter for a word in all texts.

    Args:
        prints: [words] of all texts, concatenated.
        sizes: [texts] words of each.
    """
    pairs = np.sort(np.repeat(np.arange(len(sizes), dtype=np.int64), sizes) << PRINT_BITS | prints)
    pairs = pairs[np.diff(pairs, prepend=-1) != 0]  # np.unique took three seconds for five million
    having = np.bincount(pairs & ((1 << PRINT_BITS) - 1), minlength=1 << PRINT_BITS)
    numbers, inverse = np.unique(having, return_inverse=True)
    texts = len(sizes)
    worth = [(texts**4 // int(number) ** 4).bit_length() if number else 0 for number in numbers]
    return np.array(worth, np.uint8)[inverse]
