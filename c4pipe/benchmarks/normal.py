"""The words of a text behind the usual normalisation: Unicode NFKC, lower case, nothing between words."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from unicodedata import combining, decomposition, is_normalized, normalize

import numpy as np
from numpy.typing import NDArray

from c4pipe.native import native
from c4pipe.text.tokens import BY_ITSELF, CHARTED, KIND, LETTER, MARK, NONE, Words, characters, word_hashes

_PIECES = re.compile(r"[^ ]+|[ ]+")
_JAMO = (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))  # vowels and finals of Hangul, which compose by rule


def normal_words(text: str) -> tuple[str, Words]:
    """A text as it is compared, and its words with where they stand in it.

    Text in which NFKC changes no word is compared as it stands: to look for what it would change takes a fraction of
    the time.

    >>> text, words = normal_words("Ｆｕｌｌ wi\\N{LATIN SMALL LIGATURE FF}th!")
    >>> text, len(words.hashes)
    ('Full wiffth!', 2)
    """
    text = normal(text)
    return text, word_hashes(text)


def normal(text: str) -> str:
    """The text behind NFKC, as far as that changes its words."""
    return normalize("NFKC", text) if may_change(text) else text


def places_in(text: str, compared: str) -> Callable[[int, int], tuple[int, int]]:
    """From where something stands in a text as it is compared to where it stands in the text itself.

    NFKC changes what stands between blanks by itself: where it changed such a piece, it is the whole of it.
    """
    if compared == text:
        return lambda start, end: (start, end)
    ours, theirs, same = [0], [0], []
    for piece in _pieces(text):
        new = normalize("NFKC", piece)
        ours.append(ours[-1] + len(piece))
        theirs.append(theirs[-1] + len(new))
        same.append(new == piece)

    def place(start: int, end: int) -> tuple[int, int]:
        i, j = bisect_right(theirs, start) - 1, bisect_left(theirs, end) - 1
        begin = ours[i] + (start - theirs[i] if same[i] else 0)
        return begin, ours[j] + end - theirs[j] if same[j] else ours[j + 1]

    return place


def _pieces(text: str) -> Iterator[str]:
    """Lines, and of those that NFKC changes what stands between blanks."""
    for line in text.splitlines(keepends=True):
        if is_normalized("NFKC", line):
            yield line
        else:
            yield from _PIECES.findall(line)


def may_change(text: str) -> bool:
    """Whether NFKC may change the words of a text."""
    if text.isascii():
        return False
    points = text.encode("utf-32-le", "surrogatepass")
    return bool(any_marked(points, len(text), _address()))


@cache
def _address() -> int:
    return int(changing().ctypes.data)


@cache
def changing() -> NDArray[np.uint8]:
    """(CHARTED,) Whether NFKC may change the words of a text that has the character."""
    found = np.zeros(CHARTED, np.uint8)
    kinds = (characters() >> KIND).tolist()
    for point in range(0x80, CHARTED):
        character = chr(point)
        if combining(character):  # it may compose with what stands in front of it, or change places
            found[point] = 1
            continue
        new = normalize("NFKC", character)
        if new != character:
            of_new = [kinds[ord(c)] if ord(c) < CHARTED else BY_ITSELF for c in new]
            found[point] = kinds[point] != NONE or of_new[0] == MARK or LETTER in of_new or BY_ITSELF in of_new
        parts = decomposition(character).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            found[int(parts[1], 16)] = 1  # what composes, whatever its class
    found[[*_JAMO]] = 1
    return found


@native("int64(uint32*, int64, uint8*)")
def any_marked(points: Any, n: int, marked: Any) -> int:
    """1 where one of `n` code points is marked, or lies beyond the table."""
    for at in range(n):
        point = points[at]
        if point >= 0x80 and (point >= CHARTED or marked[point]):
            return 1
    return 0
