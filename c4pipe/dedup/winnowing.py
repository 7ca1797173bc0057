"""Which windows of words a page claims: their rolling hashes, and the smallest of each few."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from c4pipe.dedup.claims import U64, Places
from c4pipe.native import native

# The fractional part of the golden ratio in 64 bits. Odd and 5 modulo 8, so that its first 2**62 powers differ: windows
# of other words share a hash with probability 2**-64, those of the same words in another order with at most 2**-57.
BASE = 0x9E3779B97F4A7C15

_BASE, _ONE, _ZERO = np.uint64(BASE), np.uint64(1), np.uint64(0)


class Chosen(NamedTuple):
    """The claimed windows, in order: two arrays of the same length."""

    hashes: U64
    firsts: Places  # the number of the first word of each


def winnowed(words: U64, width: int, gap: int) -> Chosen:
    """The runs of `width` words whose hash is the smallest of `gap` consecutive ones, the last of equal ones; of fewer
    than `gap` runs, the smallest of them all.

    The hash of a run is the sum of its words' hashes times falling powers of `BASE`, modulo 2**64.

    Args:
        words: [words] their hashes, in the order of the text.
    """
    windows = len(words) - width + 1
    if windows < 1:
        return Chosen(np.empty(0, np.uint64), np.empty(0, np.int64))
    hashes, firsts = np.empty(windows, np.uint64), np.empty(windows, np.int64)
    words = np.ascontiguousarray(words)
    found = choose_windows(words.ctypes.data, windows, width, min(gap, windows), hashes.ctypes.data, firsts.ctypes.data)
    return Chosen(hashes[firsts[:found]], firsts[:found])


@native("int64(uint64*, int64, int64, int64, uint64*, int64*)")
def choose_windows(words: Any, n: int, width: int, gap: int, hashes: Any, firsts: Any) -> int:
    """Fills in the hashes of all `n` windows, and the numbers of the chosen ones; returns how many these are.

    It reads each window again each time that the smallest one drops out of range: twice on average, and `gap` times at
    worst.
    """
    power = _ONE  # the power for the word that leaves the window
    value = _ZERO
    for i in range(width):
        value = value * _BASE + words[i]
        power = power * _BASE
    best = 0
    found = 0
    for i in range(n):
        if i > 0:
            value = value * _BASE + words[i + width - 1] - power * words[i - 1]
        hashes[i] = value
        if best <= i - gap:
            best = i - gap + 1
            for j in range(i - gap + 2, i + 1):
                if hashes[j] <= hashes[best]:
                    best = j
        elif value <= hashes[best]:
            best = i
        if i >= gap - 1 and (found == 0 or firsts[found - 1] != best):
            firsts[found] = best
            found += 1
    return found
