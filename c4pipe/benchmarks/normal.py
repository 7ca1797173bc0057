"""The words of a text after the usual normalisation: Unicode NFKC, lower case, nothing between words."""

from __future__ import annotations

import ctypes
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import cache, partial
from typing import Any
from unicodedata import combining, decomposition, normalize

import numpy as np
from numpy.typing import NDArray

from c4pipe.native import native
from c4pipe.text.tokens import BY_ITSELF, CHARTED, KIND, LETTER, MARK, NONE, Words, characters, word_hashes

_BLANK, _PIECES = re.compile(r"[ \n]"), re.compile(r"[^ \n]+|[ \n]+")
_MOST = 32  # characters that may change words; with more, the whole text is normalised
_Places = ctypes.c_int64 * _MOST
_JAMO = (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))  # vowels and finals of Hangul, which compose by rule


def normal_words(text: str) -> tuple[str, Words]:
    """A text as it is compared, and its words with their offsets in it.

    A text in which NFKC changes no word is compared unchanged: checking for possible changes takes a fraction of the
    time.

    >>> text, words = normal_words("Ｆｕｌｌ wi\\N{LATIN SMALL LIGATURE FF}th!")
    >>> text, len(words.hashes)
    ('Full wiffth!', 2)
    """
    text = normal(text)
    return text, word_hashes(text)


def normal(text: str) -> str:
    """The text after NFKC, as far as that changes its words. If there is little to change, each piece between blanks is
    normalised separately, which takes a tenth of the time."""
    places = _changing_places(text)
    if len(places) == _MOST:
        return normalize("NFKC", text)
    pieces, done = [], 0
    for place in places:
        if place < done:
            continue
        start = max(text.rfind(" ", done, place), text.rfind("\n", done, place), done - 1) + 1
        end = blank.start() if (blank := _BLANK.search(text, place)) else len(text)
        pieces += [text[done:start], normalize("NFKC", text[start:end])]
        done = end
    return "".join([*pieces, text[done:]]) if pieces else text


def places_in(text: str, compared: str) -> Callable[[int, int], tuple[int, int]]:
    """Maps offsets in a text as it is compared to offsets in the text itself.

    NFKC changes each piece between blanks separately: an offset in a changed piece maps to the whole piece.
    """
    if compared == text:
        return lambda start, end: (start, end)
    behind = normal if compared != normalize("NFKC", text) else partial(normalize, "NFKC")
    ours, theirs, same = [0], [0], []
    for piece in _PIECES.findall(text):
        new = behind(piece)
        ours.append(ours[-1] + len(piece))
        theirs.append(theirs[-1] + len(new))
        same.append(new == piece)

    def place(start: int, end: int) -> tuple[int, int]:
        i, j = bisect_right(theirs, start) - 1, bisect_left(theirs, end) - 1
        begin = ours[i] + (start - theirs[i] if same[i] else 0)
        return begin, ours[j] + end - theirs[j] if same[j] else ours[j + 1]

    return place


def _changing_places(text: str) -> list[int]:
    """The offsets of the characters that NFKC may change, the first `_MOST` of them."""
    if text.isascii():
        return []
    places = _Places()  # taking the address of a numpy array would take longer than the whole text
    points = text.encode("utf-32-le", "surrogatepass")
    return places[: find_marked(points, len(text), _address(), places, _MOST)]


@cache
def _address() -> int:
    return int(changing().ctypes.data)


@cache
def changing() -> NDArray[np.uint8]:
    """(CHARTED,) Whether NFKC may change the words of a text with this character."""
    found = np.zeros(CHARTED, np.uint8)
    kinds = (characters() >> KIND).tolist()
    for point in range(0x80, CHARTED):
        character = chr(point)
        if combining(character):  # it may compose with the character before it, or be reordered
            found[point] = 1
            continue
        new = normalize("NFKC", character)
        if new != character:
            of_new = [kinds[ord(c)] if ord(c) < CHARTED else BY_ITSELF for c in new]
            found[point] = kinds[point] != NONE or of_new[0] == MARK or LETTER in of_new or BY_ITSELF in of_new
        parts = decomposition(character).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            found[int(parts[1], 16)] = 1  # a composing character, whatever its class
    found[[*_JAMO]] = 1
    return found


@native("int64(uint32*, int64, uint8*, int64*, int64)")
def find_marked(points: Any, n: int, marked: Any, places: Any, most: int) -> int:
    """Fills `places` with the offsets of those of `n` code points that are marked or beyond the table; returns how
    many."""
    count = 0
    for at in range(n):
        point = points[at]
        if point >= 0x80 and (point >= CHARTED or marked[point]):
            places[count] = at
            count += 1
            if count == most:
                break
    return count
