"""Numbers for the runs between the blanks of texts: a table of runs that is searched in machine code.

A Python dict would do, but it needs each run of a page as a string, and compares it where that string is stored: on a
busy machine most of the time is spent waiting for memory.
"""

from __future__ import annotations

import os
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from c4pipe.native import native
from c4pipe.text.kinds import BLANK_BIT, CHARACTER_BITS, known_points

_BASE, _SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)  # 2**64 / golden ratio
_WIDTH = 3  # of a slot: the hash of a run, its number plus one, where its characters begin
_PLACES = 1 << 12  # slots of a new table; it grows when half full
_AT, _RUNS, _CHARS, _FOUND = 0, 1, 2, 3  # progress of a walk: in the text, runs, their characters, and found


class RunTable:
    """Runs and their numbers, in order of first occurrence."""

    def __init__(self) -> None:
        self._lock = Lock()
        # So that nobody can construct runs that all start at one slot. The numbers do not depend on it.
        self._seed = int.from_bytes(os.urandom(8), "little", signed=True)
        self._table = np.zeros(_WIDTH * _PLACES, np.int64)
        self._ends = np.empty(_PLACES // 2, np.int64)
        self._points = np.empty(0, np.uint32)
        self.runs: list[str] = []

    @property
    def chars(self) -> int:
        """Of all runs together."""
        return int(self._ends[len(self.runs) - 1]) if self.runs else 0

    def numbers_in(self, text: str) -> NDArray[np.int64]:
        """The numbers of the runs of a text, in order. New runs are added."""
        points = known_points(text)
        found = np.empty(len(points) // 2 + 1, np.int64)
        with self._lock:
            known, chars = len(self.runs), self.chars
            if chars + len(points) > len(self._points):
                self._points = np.resize(self._points, 2 * (chars + len(points)))
            walk = np.array([0, known, chars, 0], np.int64)
            while True:
                number_runs(
                    points.ctypes.data, len(points), CHARACTER_BITS.ctypes.data, BLANK_BIT, self._table.ctypes.data,
                    len(self._table) // _WIDTH, self._ends.ctypes.data, self._points.ctypes.data, found.ctypes.data,
                    walk.ctypes.data, self._seed,
                )  # fmt: skip
                if walk[_AT] >= len(points):
                    break
                self._grow()
            self._learn(known, chars, int(walk[_RUNS]))
        return found[: walk[_FOUND]].copy()

    def _grow(self) -> None:
        places = 2 * len(self._table) // _WIDTH
        table = np.zeros(_WIDTH * places, np.int64)
        move(self._table.ctypes.data, len(self._table) // _WIDTH, table.ctypes.data, places)
        self._table = table
        self._ends = np.resize(self._ends, places // 2)

    def _learn(self, known: int, chars: int, runs: int) -> None:
        """Keeps the new runs as strings."""
        if runs == known:
            return
        ends = (self._ends[known:runs] - chars).tolist()
        text = self._points[chars : chars + ends[-1]].tobytes().decode("utf-32-le", "surrogatepass")
        self.runs += [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _home(h: Any, places: Any) -> Any:
    return np.int64((h * _BASE) >> _SHIFT) & (places - 1)


@native("void(uint32*, int64, uint8*, int64, int64*, int64, int64*, uint32*, int64*, int64*, int64)")
def number_runs(
    points: Any, size: int, kinds: Any, blank: int, table: Any, places: int, ends: Any, known: Any, found: Any,
    walk: Any, seed: int,
) -> None:  # fmt: skip
    """Continues the walk over a text, and stops when the table is half full.

    Args:
        points: (size,) the characters of the text.
        kinds, blank: the kind of each character, and the bit of blanks.
        table: (slots, _WIDTH), open addressing; a power of two.
        ends, known: where the characters of each run end in `known`, which has room for `size` more.
        found: receives the numbers of the runs.
        walk: (4,) the progress so far.
        seed: initial value of each run's hash.
    """
    at = walk[_AT]
    while at < size:
        if kinds[points[at]] & blank:
            at += 1
            continue
        if 2 * (walk[_RUNS] + 1) > places:
            break
        start = at
        h = np.uint64(seed)
        while at < size and not kinds[points[at]] & blank:
            h = (h ^ np.uint64(points[at])) * _BASE
            h ^= h >> _SHIFT
            at += 1
        length = at - start
        place = _WIDTH * _home(h, places)
        while table[place + 1] > 0:
            if table[place] == np.int64(h):
                begin, i = table[place + 2], 0
                if ends[table[place + 1] - 1] - begin == length:
                    while i < length and known[begin + i] == points[start + i]:
                        i += 1
                    if i == length:
                        break
            place = (place + _WIDTH) % (_WIDTH * places)
        if table[place + 1] == 0:
            begin = walk[_CHARS]
            table[place], table[place + 1], table[place + 2] = np.int64(h), walk[_RUNS] + 1, begin
            for i in range(length):
                known[begin + i] = points[start + i]
            ends[walk[_RUNS]] = begin + length
            walk[_RUNS] += 1
            walk[_CHARS] += length
        found[walk[_FOUND]] = table[place + 1] - 1
        walk[_FOUND] += 1
    walk[_AT] = at


@native("void(int64*, int64, int64*, int64)")
def move(table: Any, places: int, larger: Any, more: int) -> None:
    """Copies all runs of a table into another one, of zeros."""
    for old in range(0, _WIDTH * places, _WIDTH):
        if table[old + 1] == 0:
            continue
        place = _WIDTH * _home(np.uint64(table[old]), more)
        while larger[place + 1] > 0:
            place = (place + _WIDTH) % (_WIDTH * more)
        for i in range(_WIDTH):
            larger[place + i] = table[old + i]
