"""What stands between the blanks of texts, by numbers: what is known of a run is looked up for a whole text at once.

A text is cut at blanks, and each run has a number as long as a process remembers it. The words that runs are cut into
have numbers too, and stand in columns by those of the runs: of a page numpy gathers what Python found out once. Threads
share all this: nothing that is there is changed, and one at a time adds to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.text.numbering import RunTable

REMEMBERED = 1 << 18  # runs that are kept, with their words in each way of cutting
ASUNDER = -1  # the size of a run whose words hang on what stands beside it

Int64s = NDArray[np.int64]


class WordCut(NamedTuple):
    """A way of cutting runs into words."""

    words: Callable[[str], Sequence[str] | None]  # of a run; None where they hang on what stands beside it
    like: Callable[[str], tuple[int, ...]]  # a word -> what is counted of it
    counts: int  # how many those are


class GrowingColumn:
    """Int64s that become more."""

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
    """Words -> their numbers, in the order in which they came; none holds a blank."""

    def __init__(self, like: Callable[[str], tuple[int, ...]] = lambda _: (), counts: int = 0) -> None:
        """What is counted of a word, and how many counts those are."""
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
        """The words by their numbers."""
        return NumberedWords(np.fromiter(map(self.__getitem__, words), np.int64, len(words)), self)

    def characters(self) -> tuple[Int64s, NDArray[np.uint32]]:
        """Where the characters of each word begin and, behind them, where the last one's end; and these characters."""
        with self._lock:
            new = self.words[self._starts.size - 1 :]
            if new:
                self._starts.extend(np.cumsum(list(map(len, new))) + self._points.size)
                self._points.extend(np.frombuffer("".join(new).encode("utf-32-le", "surrogatepass"), np.uint32))
            return self._starts.values, self._points.values

    def counts(self) -> Int64s:
        """(words, counts) what is counted of each word."""
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
        """What is counted of words, of all of them together."""
        found = self.of.counts().take(self.numbers, axis=0)
        return [int(column.sum()) for column in found.T]  # half of the time that a sum over the first axis takes


class RunNumbers:
    """Runs by their numbers, in their words in each way of cutting that was asked for."""

    def __init__(self) -> None:
        self.table = RunTable()
        self._lock = Lock()
        self._cuts: dict[WordCut, CutRuns] = {}

    def cut(self, how: WordCut) -> CutRuns:
        """All runs so far in their words."""
        with self._lock:
            if how not in self._cuts:
                self._cuts[how] = CutRuns(how)
            self._cuts[how].fill(self.table.runs)
            return self._cuts[how]


class CutRuns:
    """Runs in their words, by the numbers of both."""

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
        """The words of these runs, in order; None where those of one of them hang on what stands beside it."""
        sizes, starts = self._sizes.values[runs], self._starts.values[runs]
        if not len(runs):
            return NumberedWords(runs, self.vocabulary)
        if sizes.min() == ASUNDER:
            return None
        ends = sizes.cumsum()
        places = (starts - (ends - sizes)).repeat(sizes) + np.arange(ends[-1])
        return NumberedWords(self._words.values[places], self.vocabulary)


class TextRuns(NamedTuple):
    """What stands between the blanks of a text, in order."""

    numbers: Int64s
    of: RunNumbers


_current = [RunNumbers()]


@lru_cache(maxsize=4)
def runs_in(text: str) -> TextRuns:
    """What stands between the blanks of a text; remembered for the texts asked about last."""
    if len(_current[0].table.runs) > REMEMBERED:
        _current[0] = RunNumbers()
    of = _current[0]
    return TextRuns(of.table.numbers_in(text), of)
