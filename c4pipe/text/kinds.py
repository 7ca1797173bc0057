"""What texts and their lines consist of, counted in one walk over the characters, as machine code.

The kind of each character is Python's: blanks, letters and line breaks are those of `str.isspace`, `str.isalpha` and
`str.splitlines`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.native import native
from c4pipe.text.breaks import count_lines

_PLANE, _PLANES = 1 << 16, 17
BLANK_BIT, _LETTER, _LETTER_OR_DIGIT, _FASTTEXT, _BREAK, _UPPER, _DIGIT = 1, 2, 4, 8, 16, 32, 64  # bits of a character
_RETURN, _NEWLINE = 0x0D, 0x0A  # together they end one line
FASTTEXT_BLANKS = " \n\r\t\v\f\0"  # dictionary.cc, readWord

CHARACTER_BITS = np.zeros(_PLANES * _PLANE, np.uint8)  # of each character, for planes seen so far
_known: set[int] = set()  # planes of Unicode that are filled in


def known_points(text: str) -> NDArray[np.uint32]:
    """The characters of a text; fills in the kinds of those on new planes."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    if len(points) and not (_known and points.max() < _PLANE):
        for plane in {0, *np.unique(points // _PLANE).tolist()} - _known:
            chars = map(chr, range(plane * _PLANE, (plane + 1) * _PLANE))
            CHARACTER_BITS[plane * _PLANE : (plane + 1) * _PLANE] = list(map(_kind, chars))
            _known.add(plane)
    return points


def _kind(char: str) -> int:
    return (
        char.isspace() * BLANK_BIT
        | char.isalpha() * _LETTER
        | char.isalnum() * _LETTER_OR_DIGIT
        | (char in FASTTEXT_BLANKS) * _FASTTEXT
        | (char.isspace() and len(f"a{char}a".splitlines()) > 1) * _BREAK
        | char.isupper() * _UPPER
        | char.isdigit() * _DIGIT
    )


class RunCounts(NamedTuple):
    """Counts of the runs between blanks of any kind, and between those of ASCII."""

    runs: int
    chars: int  # of all runs
    letterless: int  # runs
    begun: int  # words, between fastText's blanks, that begin with a letter or a digit


@lru_cache(maxsize=4)
def counted_runs(text: str) -> RunCounts:
    """Counts of the runs of a text; cached for the most recent texts.

    >>> counted_runs("Don't stop (ever) - 3.5")
    RunCounts(runs=5, chars=19, letterless=2, begun=3)
    """
    points = known_points(text)
    found = np.zeros(len(RunCounts._fields), np.int64)
    _count(points.ctypes.data, len(points), CHARACTER_BITS.ctypes.data, found.ctypes.data)
    return RunCounts(*found.tolist())


class LineCounts(NamedTuple):
    """The lines of a text as `str.splitlines` cuts them, without the blanks at their ends: (lines,) of each."""

    starts: NDArray[np.int64]  # its offset in the text
    ends: NDArray[np.int64]
    words: NDArray[np.int64]  # runs between blanks
    longest: NDArray[np.int64]  # characters of the longest of these
    upper: NDArray[np.int64]  # characters that are capitals
    digits: NDArray[np.int64]

    @property
    def chars(self) -> NDArray[np.int64]:
        """The length of each."""
        return self.ends - self.starts


def line_counts(text: str) -> LineCounts:
    """Counts of the lines of a text.

    >>> lines = line_counts(" Read it \\n\\n3 LIKES")
    >>> lines.starts.tolist(), lines.ends.tolist(), lines.words.tolist(), lines.upper.tolist()
    ([1, 10, 11], [8, 10, 18], [2, 0, 2], [1, 0, 5])
    """
    points = known_points(text)
    found = np.empty((count_lines(text) + 1, len(LineCounts._fields)), np.int64)
    lines = _count_lines(points.ctypes.data, len(points), CHARACTER_BITS.ctypes.data, found.ctypes.data, found.shape[1])
    return LineCounts(*np.ascontiguousarray(found[:lines].T))


@native("void(uint32*, int64, uint8*, int64*)")
def _count(points: Any, size: int, kinds: Any, found: Any) -> None:
    """Fills `found` as `RunCounts`."""
    runs = chars = lettered = begun = 0
    inside = inside_fasttext = letter = False
    for at in range(size):
        kind = kinds[points[at]]
        if kind & BLANK_BIT:
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


@native("int64(uint32*, int64, uint8*, int64*, int64)")
def _count_lines(points: Any, size: int, kinds: Any, found: Any, width: int) -> int:
    """Fills `found` with a row of `LineCounts` for each line; returns their number.

    Args:
        found: (lines, width)
    """
    lines = at = 0
    while at < size:
        start = end = at
        words = longest = upper = digits = word = 0
        while at < size:
            kind = kinds[points[at]]
            if kind & _BREAK:
                break
            at += 1
            if kind & BLANK_BIT:
                word = 0
                continue
            if word == 0:
                words += 1
                if words == 1:
                    start = at - 1
            word += 1
            end = at
            longest = max(longest, word)
            upper += kind & _UPPER != 0
            digits += kind & _DIGIT != 0
        row = lines * width
        found[row], found[row + 1] = start, max(start, end)
        found[row + 2], found[row + 3], found[row + 4], found[row + 5] = words, longest, upper, digits
        lines += 1
        if at + 1 < size and points[at] == _RETURN and points[at + 1] == _NEWLINE:
            at += 1
        at += 1
    return lines
