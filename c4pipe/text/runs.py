"""The runs between the blanks of texts, by numbers, so that facts about runs are looked up for a whole text at once.

A text is cut at blanks, and each run keeps its number for the life of the process. The words that runs are cut into
have numbers, too, in columns indexed by run: numpy gathers for a page what Python worked out once. Threads share all
this: existing entries never change, and one thread at a time adds to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.text.numbering import RunTable

REMEMBERED = 1 << 18  # runs kept, with their words in each way of cutting
REMEMBERED_CHARS = 1 << 23  # of all these runs; usually ten each, but one may be as long as a page
ASUNDER = -1  # the size of a run whose words depend on what surrounds it

Int64s = NDArray[np.int64]


class WordCut(NamedTuple):
    """A way of cutting runs into words."""

    words: Callable[[str], Sequence[str] | None]  # of a run; None if they depend on what surrounds it
    like: Callable[[str], tuple[int, ...]]  # a word -> its counts
    counts: int  # how many counts


class GrowingColumn:
    """A growing array of int64."""

    def __init__(self, dtype: Any, *width: int) -> None:
        self._room, self.size = np.empty((1024, *width), dtype), 0

    def extend(self, values: Any) -> None:
        end = self.size + len(values)
        if end > len(self._room):
            room = np.empty((2 * end, *self._room.shape[1:]), self._room.dtype)
            room[: self.size] = self._room[: self.size]
            self._room = room
        if end > self.size:
            self._room[self.size : end] = values
        self.size = end

    @property
    def values(self) -> NDArray[Any]:
        return self._room[: self.size]


class KnownWords(dict[str, int]):
    """Words -> their numbers, in order of first occurrence; none contains a blank."""

    def __init__(self, like: Callable[[str], tuple[int, ...]] = lambda _: (), counts: int = 0) -> None:
        """The function that counts a word, and how many counts it returns."""
        super().__init__()
        self.words: list[str] = []
        self._like, self._lock = like, Lock()
        self._starts, self._points, self._counts = (
            GrowingColumn(np.int64),
            GrowingColumn(np.uint32),
            GrowingColumn(np.int64, counts),
        )
        self._starts.extend([0])

    def __missing__(self, word: str) -> int:
        with self._lock:
            number = self.setdefault(word, len(self.words))
            if number == len(self.words):
                self.words.append(word)
        return number

    def numbered(self, words: Sequence[str]) -> NumberedWords:
        """The numbers of the words."""
        return NumberedWords(np.fromiter(map(self.__getitem__, words), np.int64, len(words)), self)

    def characters(self) -> tuple[Int64s, NDArray[np.uint32]]:
        """Where the characters of each word begin, plus where the last one's end; and these characters."""
        with self._lock:
            new = self.words[self._starts.size - 1 :]
            if new:
                self._starts.extend(np.cumsum(list(map(len, new))) + self._points.size)
                self._points.extend(np.frombuffer("".join(new).encode("utf-32-le", "surrogatepass"), np.uint32))
            return self._starts.values, self._points.values

    def counts(self) -> Int64s:
        """(words, counts) the counts of each word."""
        with self._lock:
            self._counts.extend(list(map(self._like, self.words[self._counts.size :])))
            return self._counts.values


class NumberedWords(NamedTuple):
    """The words of a text in order."""

    numbers: Int64s
    of: KnownWords

    def strings(self) -> Iterator[str]:
        """The words themselves."""
        return map(self.of.words.__getitem__, self.numbers.tolist())

    def hold(self, word: str) -> bool:
        """Whether it is one of them."""
        number = self.of.get(word)
        return number is not None and bool((self.numbers == number).any())

    def counted(self) -> list[int]:
        """The counts, summed over all the words."""
        found = self.of.counts().take(self.numbers, axis=0)
        return [int(column.sum()) for column in found.T]  # takes half the time of a sum over the first axis


class RunNumbers:
    """Runs by their numbers, and their words in each way of cutting used so far."""

    def __init__(self) -> None:
        self.table = RunTable()
        self._lock = Lock()
        self._cuts: dict[WordCut, CutRuns] = {}

    def cut(self, how: WordCut) -> CutRuns:
        """All runs so far, cut into words."""
        with self._lock:
            if how not in self._cuts:
                self._cuts[how] = CutRuns(how)
            self._cuts[how].fill(self.table.runs)
            return self._cuts[how]


class CutRuns:
    """The words of runs, by the numbers of both."""

    def __init__(self, how: WordCut) -> None:
        self._words_of, self.vocabulary = how.words, KnownWords(how.like, how.counts)
        self._starts, self._sizes, self._words = (
            GrowingColumn(np.int64),
            GrowingColumn(np.int64),
            GrowingColumn(np.int64),
        )

    def fill(self, runs: Sequence[str]) -> None:
        """Cuts the runs that are new."""
        new = runs[self._sizes.size :]
        if not new:
            return
        found = [self._words_of(run) for run in new]
        sizes = np.array([ASUNDER if words is None else len(words) for words in found])
        kept = np.maximum(sizes, 0)
        words = [self.vocabulary[word] for words in found if words is not None for word in words]
        self._starts.extend(self._words.size + kept.cumsum() - kept)
        self._words.extend(words)
        self._sizes.extend(sizes)

    def words(self, runs: Int64s) -> NumberedWords | None:
        """The words of these runs, in order; None if those of any run depend on what surrounds it."""
        sizes, starts = self._sizes.values[runs], self._starts.values[runs]
        if not len(runs):
            return NumberedWords(runs, self.vocabulary)
        if sizes.min() == ASUNDER:
            return None
        ends = sizes.cumsum()
        places = (starts - (ends - sizes)).repeat(sizes) + np.arange(ends[-1])
        return NumberedWords(self._words.values[places], self.vocabulary)


class TextRuns(NamedTuple):
    """The runs between the blanks of a text, in order."""

    numbers: Int64s
    of: RunNumbers


_current = [RunNumbers()]


@lru_cache(maxsize=4)
def runs_in(text: str) -> TextRuns:
    """The runs between the blanks of a text; cached for the most recent texts."""
    table = _current[0].table
    if len(table.runs) > REMEMBERED or table.chars > REMEMBERED_CHARS:
        _current[0] = RunNumbers()
    of = _current[0]
    return TextRuns(of.table.numbers_in(text), of)
