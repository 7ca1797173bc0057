"""64-bit numbers sorted in external memory: sorted runs in a file, of which any range can be merged."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np

from c4pipe.keys.blocks import KeyArray
from c4pipe.keys.file import MOST_KEY

HELD_NUMBERS = 4 << 20  # in memory until they become a run: 32 MB, and as much again while sorting
SAMPLED = 8192  # one in so many numbers of a run stays in memory


class SortedRuns:
    """Takes numbers in any order, and returns them sorted; equal ones are kept.

    Memory holds `held` numbers, the current range, and one number in 8,192; the disk 8 bytes a number.
    """

    def __init__(self, path: Path, held: int = HELD_NUMBERS):
        """`path`: a file to create, in a folder that is removed after the work."""
        self._path, self._held = path, held
        self._waiting: list[KeyArray] = []
        self._count = 0  # of those not yet written
        self._ends = [0]  # of the runs in the file, counted in numbers
        self._samples: list[KeyArray] = []  # of each run: every `SAMPLED`th number
        self._map: mmap.mmap | None = None  # the file as it is read
        self._runs: list[KeyArray] | None = None

    def add(self, numbers: KeyArray) -> None:
        """More numbers, [n]. All must be added before the first is read."""
        self._waiting.append(numbers)
        self._count += len(numbers)
        if self._count >= self._held:
            self._flush()

    def count(self, first: int, last: int) -> int:
        """How many there are from `first` to `last`, inclusive."""
        found = sum(stop - start for _, start, stop in self._within(first, last))
        self._give_back()
        return found

    def between(self, first: int, last: int) -> KeyArray:
        """Those from `first` to `last`, inclusive, ascending. [n]"""
        parts = [run[start:stop] for run, start, stop in self._within(first, last)]
        found = np.sort(np.concatenate([np.empty(0, np.uint64), *parts]), kind="stable")
        self._give_back()
        return found

    def parts(self, most: int) -> Iterator[KeyArray]:
        """All of them, ascending, at most `most` at a time, except for more copies of one number."""
        stretches = [(0, MOST_KEY)]
        while stretches:
            first, last = stretches.pop()
            if first < last and self.count(first, last) > most:
                middle = (first + last) // 2
                stretches += [(middle + 1, last), (first, middle)]
            elif len(found := self.between(first, last)):
                yield found

    def _flush(self) -> None:
        if self._count:
            run = np.sort(np.concatenate(self._waiting))
            with self._path.open("ab") as file:
                file.write(run.data)
            self._samples.append(run[::SAMPLED].copy())
            self._ends.append(self._ends[-1] + self._count)
        self._waiting, self._count = [], 0

    def _within(self, first: int, last: int) -> Iterator[tuple[KeyArray, int, int]]:
        if self._runs is None:
            self._flush()
            if self._ends[-1]:
                with self._path.open("rb") as file:
                    self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            whole = np.frombuffer(self._map or b"", np.uint64)
            self._runs = [whole[start:stop] for start, stop in pairwise(self._ends)]
        for run, samples in zip(self._runs, self._samples, strict=True):
            start, stop = _place(run, samples, first, "left"), _place(run, samples, last, "right")
            if start < stop:
                yield run, start, stop

    def _give_back(self) -> None:
        """Releases the pages of the file that were read, which count as our memory until then."""
        if self._map is not None:
            self._map.madvise(mmap.MADV_DONTNEED)


def _place(run: KeyArray, samples: KeyArray, number: int, side: Literal["left", "right"]) -> int:
    """The place of a number in a run; only reads between two samples."""
    sample = int(np.searchsorted(samples, np.uint64(number), side))
    start = max(0, sample - 1) * SAMPLED
    return start + int(np.searchsorted(run[start : sample * SAMPLED], np.uint64(number), side))
