"""What stands between the blanks of a text, counted in one walk over its characters, as machine code."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from c4pipe.native import native

_PLANE, _PLANES = 1 << 16, 17
_BLANK, _LETTER, _LETTER_OR_DIGIT, _FASTTEXT = 1, 2, 4, 8  # bits of a character
FASTTEXT_BLANKS = " \n\r\t\v\f\0"  # dictionary.cc, readWord

_kinds = np.zeros(_PLANES * _PLANE, np.uint8)
_known: set[int] = set()  # planes of Unicode of which it says something


class RunCounts(NamedTuple):
    """What stands between blanks of any kind, and between those of ASCII."""

    runs: int
    chars: int  # of all
    letterless: int  # runs
    begun: int  # words between the blanks that fastText knows that begin with a letter or a digit


@lru_cache(maxsize=4)
def counted_runs(text: str) -> RunCounts:
    """What the runs of a text are like; remembered for the texts asked about last.

    >>> counted_runs("Don't stop (ever) - 3.5")
    RunCounts(runs=5, chars=19, letterless=2, begun=3)
    """
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    if not len(points):
        return RunCounts(0, 0, 0, 0)
    _know(points)
    found = np.zeros(len(RunCounts._fields), np.int64)
    _count(points.ctypes.data, len(points), _kinds.ctypes.data, found.ctypes.data)
    return RunCounts(*found.tolist())


def _know(points: Any) -> None:
    """Sees to it that the kind of each character is known, as Python tells it."""
    if _known and points.max() < _PLANE:
        return
    for plane in {0, *np.unique(points // _PLANE).tolist()} - _known:
        for point, char in enumerate(map(chr, range(plane * _PLANE, (plane + 1) * _PLANE)), plane * _PLANE):
            _kinds[point] = char.isspace() * _BLANK | char.isalpha() * _LETTER | char.isalnum() * _LETTER_OR_DIGIT
        if plane == 0:
            _kinds[list(map(ord, FASTTEXT_BLANKS))] |= _FASTTEXT
        _known.add(plane)


@native("void(uint32*, int64, uint8*, int64*)")
def _count(points: Any, size: int, kinds: Any, found: Any) -> None:
    """Fills `found` as `RunCounts`."""
    runs = chars = lettered = begun = 0
    inside = inside_fasttext = letter = False
    for at in range(size):
        kind = kinds[points[at]]
        if kind & _BLANK:
            inside = False
        else:
            if not inside:
                runs += 1
                letter = False
                inside = True
            chars += 1
            if kind & _LETTER and not letter:
                letter = True
                lettered += 1
        if kind & _FASTTEXT:
            inside_fasttext = False
        elif not inside_fasttext:
            inside_fasttext = True
            if kind & _LETTER_OR_DIGIT:
                begun += 1
    found[0], found[1], found[2], found[3] = runs, chars, runs - lettered, begun
