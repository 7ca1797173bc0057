"""How many characters of a text are in repeated runs of n words: the counts that repetition rules need.

Machine code, because each page needs nine sizes. `tests/text/plain_repeats.py` does the same in plain Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np

from c4pipe.native import native
from c4pipe.text.runs import NumberedWords

_BASE = np.uint64(0x9E3779B97F4A7C15)  # of the polynomial; odd, as every power of it then is (2**64 / golden ratio)
_MIX, _SHIFT = np.uint64(0xFF51AFD7ED558CCD), np.uint64(33)  # one round of fmix64's, MurmurHash3
_BEGINNING = 16  # leading characters compared before a run is looked up
_TOP, _TOP_LONGEST, _GREEDY, _COVERED = 0, 1, 2, 3  # members of `Repeats`, for machine code


class Repeats(IntEnum):
    """What is counted for runs of n words."""

    TOP = 0  # of the most frequent run, the first of several: its characters, blanks too, times its count
    TOP_LONGEST = 1  # likewise, the longest of several, without blanks; 0 if none occurs twice
    GREEDY = 2  # left to right, of runs with the characters of an earlier run, however cut; no word twice
    COVERED = 3  # of all words in a run that occurs twice, each counted once


def repeated_chars(words: NumberedWords, sizes: Sequence[int], how: Repeats) -> list[int]:
    """Characters in repeated runs of words, for each size, followed by those of all words.

    >>> from c4pipe.text.runs import KnownWords
    >>> rose = KnownWords().numbered("a rose is a rose is a rose".split())
    >>> repeated_chars(rose, (2, 3), Repeats.TOP)
    [18, 18, 19]
    >>> repeated_chars(rose, (2, 3), Repeats.GREEDY)
    [8, 7, 19]
    """
    if min(sizes, default=1) < 1:
        raise ValueError(f"sizes {sizes}: a run has at least one word.")
    starts, points = words.of.characters()
    n = len(words.numbers)
    slots = 1 << (2 * n + 1).bit_length()
    # Runs are compared by their words, so by word numbers; GREEDY compares their characters.
    m = int((starts[words.numbers + 1] - starts[words.numbers]).sum()) if how == Repeats.GREEDY else n
    flat = np.empty(m + 1, np.uint32)
    hashes = np.empty(2 * (m + 1), np.uint64)
    numbers = np.zeros(4 * (n + 1) + slots, np.int64)
    asked = np.array(sizes, np.int64)
    found = np.zeros(len(sizes) + 1, np.int64)
    _count(
        words.numbers.ctypes.data, n, starts.ctypes.data, points.ctypes.data, m, flat.ctypes.data, hashes.ctypes.data,
        numbers.ctypes.data, slots, asked.ctypes.data, len(sizes), int(how), found.ctypes.data,
    )  # fmt: skip
    return [int(count) for count in found]


def _same(i: Any, j: Any, size: Any, words: Any, apart: Any, flat: Any, starts: Any) -> bool:
    """Whether the runs at words i and j are the same words; if not `apart`, whether they have the same characters."""
    if apart:
        for k in range(size):  # noqa: SIM110
            if words[i + k] != words[j + k]:
                return False
        return True
    a, b = starts[i], starts[j]
    length = starts[i + size] - a
    if starts[j + size] - b != length:
        return False
    for k in range(length):  # noqa: SIM110
        if flat[a + k] != flat[b + k]:
            return False
    return True


def _first(
    i: Any, size: Any, words: Any, apart: Any, flat: Any, hashes: Any, powers: Any, numbers: Any, table: Any, n: Any,
    above: Any,
) -> Any:  # fmt: skip
    """The word at which the same run first occurred; a new run is recorded.

    Of the n slots, a power of two, those with no number above `above` are empty, so they need not be cleared for each
    size. (A clearing loop is compiled to a call of memset, which may be out of range.)
    """
    a, b = i, i + size
    if not apart:
        a, b = numbers[i], numbers[i + size]
    value = hashes[b] - hashes[a] * hashes[powers + b - a]
    value = (value ^ (value >> _SHIFT)) * _MIX
    slot = np.int64(value >> _SHIFT) & (n - 1)
    while numbers[table + slot] > above:
        before = numbers[table + slot] - above - 1
        if _same(i, before, size, words, apart, flat, numbers):
            return before
        slot = (slot + 1) & (n - 1)
    numbers[table + slot] = above + 1 + i
    return i


def _flag_beginnings(n: Any, m: Any, hashes: Any, powers: Any, numbers: Any, table: Any, slots: Any) -> None:
    """Flags each word whose next `_BEGINNING` characters may also occur at another word.

    Runs with the same characters, and that many of them, begin the same: a run that is not flagged occurs only once.
    """
    for i in range(n):
        numbers[n + 1 + i] = 0
        if numbers[i] + _BEGINNING > m:
            continue
        value = hashes[numbers[i] + _BEGINNING] - hashes[numbers[i]] * hashes[powers + _BEGINNING]
        slot = np.int64((value * _MIX) >> _SHIFT) & (slots - 1)
        while numbers[table + slot] > 0:
            a = numbers[numbers[table + slot] - 1]
            if hashes[a + _BEGINNING] - hashes[a] * hashes[powers + _BEGINNING] == value:
                break
            slot = (slot + 1) & (slots - 1)
        if numbers[table + slot] > 0:
            numbers[n + numbers[table + slot]] = 1
            numbers[n + 1 + i] = 1
        else:
            numbers[table + slot] = i + 1


@native("void(int64*, int64, int64*, uint32*, int64, uint32*, uint64*, int64*, int64, int64*, int64, int64, int64*)")
def _count(
    words: Any, n: int, begins: Any, points: Any, m: int, flat: Any, hashes: Any, numbers: Any, n_slots: int,
    sizes: Any, n_sizes: int, how: int, found: Any,
) -> None:  # fmt: skip
    """Fills `found` with the counts for each size, followed by the characters of all words.

    Args:
        words: (n,) the words of the text by numbers.
        begins, points: where in `points` the characters of each word begin; it ends where the next begins.
        m: the number of units that runs are compared by: words, for _GREEDY characters.
        flat: room for m + 1: the characters, for _GREEDY.
        hashes: room for 2 * (m + 1): prefix hashes of the units, then the powers of the base.
        numbers: 4 * (n + 1) + n_slots zeros: where each word begins among all characters; how often the run that
            begins with it occurs, or whether it is flagged; its first occurrence; whether it occurred twice in the
            size before; the hash table.
        n_slots: a power of two, above 2 * n.
        sizes: (n_sizes,)
    """
    powers = m + 1
    starts = numbers
    size = 0
    hashes[0] = np.uint64(0)
    hashes[powers] = np.uint64(1)
    for word in range(n):
        starts[word] = size
        if how != _GREEDY:
            size += begins[words[word] + 1] - begins[words[word]]
            hashes[word + 1] = hashes[word] * _BASE + np.uint64(words[word] + 1)
            hashes[powers + word + 1] = hashes[powers + word] * _BASE
            continue
        for at in range(begins[words[word]], begins[words[word] + 1]):
            flat[size] = points[at]
            hashes[size + 1] = hashes[size] * _BASE + np.uint64(points[at] + 1)
            hashes[powers + size + 1] = hashes[powers + size] * _BASE
            size += 1
    starts[n] = size
    found[n_sizes] = size

    counts = n + 1
    firsts = 2 * (n + 1)
    again = 3 * (n + 1)
    table = 4 * (n + 1)
    if how == _GREEDY:
        _flag_beginnings(n, size, hashes, powers, numbers, table, n_slots)
    for k in range(n_sizes):
        length = sizes[k]
        runs = n - length + 1
        if runs < 1:
            continue
        above = (k + 1) * (n + 1)
        longer = k > 0 and length > sizes[k - 1]  # a run that occurs twice contains a shorter one that does
        total = 0
        if how == _GREEDY:
            i = 0
            while i < runs:
                if numbers[counts + i] == 0 and starts[i + length] - starts[i] >= _BEGINNING:
                    i += 1
                elif _first(i, length, words, False, flat, hashes, powers, numbers, table, n_slots, above) != i:
                    total += starts[i + length] - starts[i]
                    i += length
                else:
                    i += 1
        else:
            most = 0
            for i in range(runs):
                numbers[counts + i] = 0
                first = i
                if not longer or numbers[again + i]:
                    first = _first(i, length, words, True, flat, hashes, powers, numbers, table, n_slots, above)
                numbers[firsts + i] = first
                numbers[counts + first] += 1
                most = max(most, numbers[counts + first])
            for i in range(runs):
                numbers[again + i] = numbers[counts + numbers[firsts + i]] > 1
            if how == _COVERED:
                done = 0
                for i in range(runs):
                    if numbers[counts + numbers[firsts + i]] > 1:
                        begin = max(done, i)
                        total += starts[i + length] - starts[begin]
                        done = i + length
            else:
                longest = -1
                for i in range(runs):
                    if numbers[counts + i] == most and (how == _TOP_LONGEST or longest < 0):
                        longest = max(longest, starts[i + length] - starts[i])
                if how == _TOP:
                    total = (longest + length - 1) * most
                elif most > 1:
                    total = longest * most
        found[k] = total
