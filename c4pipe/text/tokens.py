"""The words of a text as hashes, for levels that compare texts by words: in every script, identical on all machines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.native import native
from c4pipe.text.characters import BLANKLESS_RUNS, LOWER_RUNS, MARK_RUNS, WORD_RUNS, points_of
from c4pipe.text.murmur import fmix64

# The table's layout is here, not next to its data, because machine code is rebuilt when this file changes.
CHARTED = 0x20000  # code points in the table: two planes
RARE_HAN = 0x40000  # the two planes up to here hold rare Chinese characters; no word contains anything beyond
KIND = 24  # bits of a code point; above them is its kind
NONE, LETTER, MARK, BY_ITSELF = 0, 1, 2, 3  # not in a word; begins or continues one; continues one; is one
BASIS, PRIME = 0xCBF29CE484222325, 0x100000001B3  # FNV-1a, here over code points instead of bytes

_CHARACTER = (1 << KIND) - 1
_BASIS, _PRIME = np.uint64(BASIS), np.uint64(PRIME)


class Words(NamedTuple):
    """The words of a text in their order, in three arrays of the same length."""

    hashes: NDArray[np.uint64]  # of each word in lower case
    starts: NDArray[np.int64]  # the offset of its first character in the text
    ends: NDArray[np.int64]  # the offset behind its last


def word_hashes(text: str) -> Words:
    """The words of a text, and where they are.

    A word is a run of letters, marks and numbers that does not begin with a mark; in scripts without blanks between
    words every character is one. Case and whatever is between words make no difference.

    >>> words = word_hashes("To be, TO BE! 東京")
    >>> list(zip(words.starts.tolist(), words.ends.tolist()))
    [(0, 2), (3, 5), (7, 9), (10, 12), (14, 15), (15, 16)]
    >>> bool(words.hashes[0] == words.hashes[2])
    True
    """
    code_points = text.encode("utf-32-le", "surrogatepass")
    room = np.empty((3, len(text)), np.uint64)  # one array: taking an address costs as much as reading 100 words
    hashes, row = room.ctypes.data, room.strides[0]
    found = find_words(code_points, len(text), _address(), hashes, hashes + row, hashes + 2 * row)
    return Words(room[0, :found], room[1, :found].view(np.int64), room[2, :found].view(np.int64))


@cache
def _address() -> int:
    return int(characters().ctypes.data)


@cache
def characters() -> NDArray[np.uint32]:
    """(CHARTED,) For each character, its kind in the high bits and its lower case in the low ones."""
    points = np.arange(CHARTED, dtype=np.uint32)
    for changes in LOWER_RUNS.split():
        sign = "+" if "+" in changes else "-"
        run, _, by = changes.rpartition(sign)
        for place in _places(run):
            points[place] += np.uint32(int(f"{sign}{by}", 16) % 2**32)
    kinds = np.zeros(CHARTED, np.uint32)
    for place in _places(WORD_RUNS):
        kinds[place] = LETTER
    for place in _places(MARK_RUNS):
        kinds[place] = MARK
    for place in _places(BLANKLESS_RUNS):
        block = kinds[place]
        block[block != NONE] = BY_ITSELF
    return points | kinds << np.uint32(KIND)


def _places(runs: str) -> Iterator[slice]:
    return (slice(points.start, points.stop, points.step) for points in points_of(runs))


def _entry(point: Any, of_point: Any) -> Any:
    """The entry of a code point: from the table, or what it would be there."""
    if point < CHARTED:
        return of_point[point]
    return np.uint32(BY_ITSELF << KIND if point < RARE_HAN else NONE) | np.uint32(point)


@native("int64(uint32*, int64, uint32*, uint64*, int64*, int64*)")
def find_words(points: Any, n: int, of_point: Any, hashes: Any, starts: Any, ends: Any) -> int:
    """Fills the three arrays, each with room for `n`, with the words of a text of `n` code points.

    Args:
        points: (n,) the text.
        of_point: (CHARTED,) `characters()`.

    Returns:
        How many there are.
    """
    count = 0
    at = 0
    while at < n:
        entry = _entry(points[at], of_point)
        kind = entry >> KIND
        if kind in (NONE, MARK):
            at += 1
            continue
        starts[count] = at
        value = (_BASIS ^ np.uint64(entry & _CHARACTER)) * _PRIME
        at += 1
        while kind != BY_ITSELF and at < n:  # a separate loop: it takes half the time
            entry = _entry(points[at], of_point)
            kind = entry >> KIND
            if kind != LETTER and kind != MARK:
                break
            value = (value ^ np.uint64(entry & _CHARACTER)) * _PRIME
            at += 1
        hashes[count] = fmix64(value)
        ends[count] = at
        count += 1
    return count
