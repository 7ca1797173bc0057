"""Rough versions of `tangle`'s bounds, in half of the time for most pages: enough to let these pass.

The scan spends nearly all its time on where names and values end, with unpredictable branches. Here blocks of bytes
are tested for what they contain, which the compiler vectorises, and an attribute takes at least two bytes. So only the
end of each tag is needed. A tag ends at `x">`, where x is not a blank or an equals sign: outside a value such a quote
opens none and the ">" ends the tag; in a double-quoted value the quote ends the value and the ">" the tag. Only inside
single quotes can a tag continue. So if a single quote may have opened since, the stretch between tags is walked byte
by byte. Control characters count as blanks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from c4pipe.html.tangle import Tangle
from c4pipe.native import native

_FEW_TAGS = 1_000  # all may be formatting, so it is not counted
_MANY_TAGS = 3_000  # nesting is not counted, so more tags need the scan
_STEPS = 1  # most steps per byte in a byte walk, which restarts at each tag; beyond, the scan is as fast
_TAGS, _FORMATTING, _ATTRIBUTES = range(3)

_BLOCK = 64  # bytes
_LONG = 4096  # bytes without such an end: with more, it is better to examine the tags before it one by one
_LESS, _MORE, _EQUALS, _QUOTE, _APOSTROPHE, _BLANK, _CASE = (np.uint8(byte) for byte in b"<>=\"'  ")  # for the block
_OUTSIDE, _DOUBLE, _SINGLE = 1, 2, 4  # where in a tag a byte may be, as bits: outside a quoted value; inside one
_TURNS = bytes(byte in b">\"'" for byte in range(256))  # whether the next byte may be elsewhere


def most_tags(html: bytes | memoryview) -> int:
    """The number of "<" in a page in UTF-8. (`bytes.count` takes eight times as long for a single byte.)"""
    data = np.frombuffer(html, np.uint8)
    return int(_count(data.ctypes.data, len(data)))


def rough_tangle(html: bytes | memoryview) -> Tangle:
    """The bounds of a page in UTF-8, none below that of `tangle_of`; `gave_up` if only the scan can tell."""
    data, numbers = np.frombuffer(html, np.uint8), np.zeros(3, np.int64)
    told = _bound(data.ctypes.data, len(data), _TURNS, numbers.ctypes.data)
    tags, formatting, attributes = numbers.tolist()
    return Tangle(tags, tags, formatting, attributes, not told)


def opens_value(data: Any, at: int) -> Any:
    """Whether the quote at this place can begin a value: true for all that do, and for some others."""
    return data[at - 1] == _EQUALS or data[at - 1] <= _BLANK


def longest(data: Any, at: int, size: int, turns: Any) -> int:
    """The most bytes that the tag at this place can have: up to its end, wherever its quotes begin."""
    where = _OUTSIDE
    start = at
    while where and at < size:
        while at < size and not turns[data[at]]:
            at += 1
        if at == size:
            break
        if data[at] == _MORE:
            where &= ~_OUTSIDE
        else:
            value = _DOUBLE if data[at] == _QUOTE else _SINGLE
            closed = where & value != 0
            opened = where & _OUTSIDE != 0 and opens_value(data, at)
            where = (where & ~value) | (value if opened else 0) | (_OUTSIDE if closed else 0)
        at += 1
    return at - start


def begins_format(less: Any, first: Any, second: Any) -> Any:
    """Whether three bytes begin a tag of formatting: b, i, s, u, or bi, co, em, fo, no, sm, st, tt; some are others."""
    first, second = first | _CASE, second | _CASE
    one = (first == 98) | (first == 105) | (first == 115) | (first == 117)
    one &= (second < 97) | (second > 122)
    two = ((first == 98) & (second == 105)) | ((first == 99) & (second == 111)) | ((first == 101) & (second == 109))
    two |= ((first == 102) | (first == 110)) & (second == 111)
    two |= (first == 115) & ((second == 109) | (second == 116))
    two |= (first == 116) & (second == 116)
    return (less == _LESS) & (one | two)


def formats(data: Any, size: int) -> int:
    """The number of tags that begin so."""
    count = at = 0
    while at + _BLOCK + 2 <= size:
        found = False
        for i in range(at, at + _BLOCK):
            found |= begins_format(data[i], data[i + 1], data[i + 2])
        if found:
            for i in range(at, at + _BLOCK):
                count += begins_format(data[i], data[i + 1], data[i + 2])
        at += _BLOCK
    for i in range(at, size):
        count += data[i] == _LESS
    return count


@native("int64(uint8*, int64)")
def _count(data: Any, size: int) -> int:
    count = 0
    for i in range(size):
        count += data[i] == _LESS
    return count


@native("int64(uint8*, int64, uint8*, int64*)")
def _bound(data: Any, size: int, turns: Any, numbers: Any) -> int:
    """Fills in the numbers: _TAGS to _ATTRIBUTES. Returns 0 for a page for which they are too low.

    Args:
        data: (size,)
        numbers: (3,), zeros.
    """
    at = tags = attributes = waiting = first = steps = 0
    while at < size:
        end = min(at + _BLOCK, size)
        less, over, doubt = 0, False, at == 0 or end + 1 >= size
        for i in range(at, end):
            less += data[i] == _LESS
        if not doubt:
            for i in range(at, at + _BLOCK):
                plain = (data[i - 1] > _BLANK) & (data[i - 1] != _EQUALS)
                over |= (data[i] == _QUOTE) & (data[i + 1] == _MORE) & plain
            for i in range(at, at + _BLOCK):
                apart = (data[i - 1] <= _BLANK) & ((data[i - 2] <= _BLANK) | (data[i - 2] == _EQUALS))
                doubt |= (data[i] == _APOSTROPHE) & ((data[i - 1] == _EQUALS) | apart)
        tags += less
        if tags > _MANY_TAGS or steps > _STEPS * size:
            return 0
        if over and not doubt:  # all tags that began before this block
            half = (end + 1 - first) // 2
            attributes += waiting * half * half
            waiting = 0
        if less and not waiting:
            first = at
        waiting += less
        if waiting and (doubt or end - first > _LONG):
            for i in range(first, end):
                if data[i] == _LESS:
                    length = longest(data, i, size, turns)
                    attributes += (length // 2) * (length // 2)
                    steps += length
            waiting = 0
        at = end
    numbers[_TAGS], numbers[_ATTRIBUTES] = tags, attributes
    numbers[_FORMATTING] = formats(data, size) if tags > _FEW_TAGS else tags
    return 1
