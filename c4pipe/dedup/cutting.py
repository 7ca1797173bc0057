"""Cuts lost pieces out of many texts at once, as machine code.

`SpanLevel.apply` defines the cut for one text. This module does the same for all texts of an Arrow batch, in UTF-8,
without a Python string for each sentence.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from c4pipe.dedup.base import TextBatch
from c4pipe.native import native

Bytes = NDArray[np.uint8]
_STEP = 32  # bytes processed together


class CutTexts:
    """What remains of texts. `pieces` were cut of each, `chars` without the blanks around them: [texts]."""

    def __init__(self, data: Bytes, ends: NDArray[np.int64], pieces: NDArray[np.int64], chars: NDArray[np.int64]):
        self._data, self._ends = memoryview(data), [0, *ends.tolist()]  # type: ignore[arg-type]
        self.pieces, self.chars = (
            pieces.tolist(),
            chars.tolist(),
        )

    def left(self, i: int) -> str:
        """The rest of a text that lost something."""
        return str(self._data[self._ends[i] : self._ends[i + 1]], "utf-8")


def cut_pieces(batch: TextBatch, lost: NDArray[np.bool_]) -> CutTexts:
    """Cuts the lost pieces (atoms) out of texts. A piece ends where the next one begins; text before the first piece is
    cut. A line break within a run of lost pieces stays; blanks around lines and empty lines are cut.

    `lost` has a flag per piece of the batch. ValueError if there are more or fewer.
    """
    texts, size = len(batch.bounds) - 1, int(batch.bounds[-1] - batch.bounds[0])
    if len(lost) != batch.firsts[-1] - batch.firsts[0]:
        raise ValueError(f"{len(lost)} flags for {batch.firsts[-1] - batch.firsts[0]} pieces of {texts} texts")
    _check_ascending(batch)
    left = np.empty(size, np.uint8)
    ends, pieces, chars = (np.empty(texts, np.int64) for _ in range(3))
    lost = np.ascontiguousarray(lost)
    _cut(*_at(*batch, lost), texts, *_at(left, ends, pieces, chars))
    return CutTexts(left, ends, pieces, chars)


def _check_ascending(batch: TextBatch) -> None:
    """ValueError if a piece begins before the one in front of it: machine code would write beyond its buffers."""
    starts = batch.starts[batch.firsts[0] : batch.firsts[-1]]
    falls = np.flatnonzero(starts[1:] < starts[:-1]) + 1  # only where another text begins
    if not np.isin(falls, batch.firsts - batch.firsts[0]).all():
        raise ValueError("the pieces of a text are not in order")


def _at(*tables: NDArray[Any]) -> tuple[int, ...]:
    return tuple(table.ctypes.data for table in tables)


def _blank(data: Any, at: int, end: int) -> int:
    """The bytes of the character at this place if `str.strip` takes it, else 0."""
    byte = data[at]
    if byte < 0x80:
        return 1 if byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31 else 0
    if byte == 0xC2 and at + 1 < end:
        return 2 if data[at + 1] == 0x85 or data[at + 1] == 0xA0 else 0
    if at + 2 >= end or not 0xE1 <= byte <= 0xE3:
        return 0
    point = (byte & 15) << 12 | (data[at + 1] & 63) << 6 | (data[at + 2] & 63)
    if 0x2000 <= point <= 0x200A or point in (0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000):
        return 3
    return 0


def _first(data: Any, at: int, end: int) -> int:
    """The place of the first character that is not blank."""
    while at < end:
        size = _blank(data, at, end)
        if size == 0:
            break
        at += size
    return at


def _last(data: Any, at: int, end: int) -> int:
    """The end of the text without trailing blanks."""
    while end > at:
        start = end - 1
        while start > at and data[start] & 0xC0 == 0x80:
            start -= 1
        if _blank(data, start, end) != end - start:
            break
        end = start
    return end


def _characters(data: Any, at: int, end: int) -> int:
    found = 0
    for i in range(at, end):
        found += (data[i] & 0xC0) != 0x80
    return found


def _stripped(data: Any, at: int, end: int) -> int:
    """The number of characters without the blanks around them."""
    first = _first(data, at, end)
    return _characters(data, first, _last(data, first, end))


def _behind(data: Any, at: int, end: int, points: int, wide: bool) -> int:
    """The place `points` characters further, at most `end`. `wide`: some characters have several bytes."""
    if not wide:
        return min(at + points, end)
    while at + _STEP <= end:
        found = _characters(data, at, at + _STEP)
        if found > points:
            break
        points -= found
        at += _STEP
    while at < end:
        if data[at] & 0xC0 != 0x80:
            if points == 0:
                break
            points -= 1
        at += 1
    return at


def _line_end(data: Any, at: int, end: int) -> int:
    while at + _STEP <= end:
        broken = 0
        for i in range(_STEP):
            broken |= data[at + i] == 10
        if broken:
            break
        at += _STEP
    while at < end and data[at] != 10:
        at += 1
    return at


def _strip_lines(out: Any, start: int, end: int) -> int:
    """Cuts the blanks around lines, and empty lines, from `start` to `end`. Returns the new end."""
    to, at = start, start
    while at < end:
        stop = _line_end(out, at, end)
        first = _first(out, at, stop)
        last = _last(out, first, stop)
        if first < last:
            if to > start:
                out[to] = 10
                to += 1
            if to == first:
                to = last
            else:
                for i in range(first, last):
                    out[to] = out[i]
                    to += 1
        at = stop + 1
    return to


@native("void(uint8*, int32*, uint32*, int32*, uint8*, int64, uint8*, int64*, int64*, int64*)")
def _cut(
    data: Any, bounds: Any, starts: Any, firsts: Any, lost: Any, texts: int, out: Any, ends: Any, gone: Any, chars: Any
) -> None:
    end = 0
    for text in range(texts):
        begin, stop, first, last = bounds[text], bounds[text + 1], firsts[text], firsts[text + 1]
        gone[text], chars[text] = 0, 0
        for piece in range(first, last):
            gone[text] += lost[piece - firsts[0]]
        if gone[text]:
            wide = _characters(data, begin, stop) < stop - begin
            start, broken = end, 0  # `broken`: a line ends in the run of pieces that is lost
            at = _behind(data, begin, stop, starts[first], wide)
            for piece in range(first, last):
                after = stop
                if piece + 1 < last:
                    after = _behind(data, at, stop, starts[piece + 1] - starts[piece], wide)
                if lost[piece - firsts[0]]:
                    chars[text] += _stripped(data, at, after)
                    broken |= _line_end(data, at, after) < after
                else:
                    if broken:
                        out[end] = 10
                        end += 1
                        broken = 0
                    for i in range(after - at):
                        out[end + i] = data[at + i]
                    end += after - at
                at = after
            end = _strip_lines(out, start, end)
        ends[text] = end
