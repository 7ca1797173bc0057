"""The walk over the bytes of a page that finds the sentences of its plain lines, and hashes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from c4pipe.native import native
from c4pipe.text.murmur import murmur
from c4pipe.text.plain.marks import (
    APOSTROPHE,
    AT_SIGN,
    BEGINS_NOTHING,
    BYTE_BITS,
    CAPITAL_SIGMA,
    CLOSES,
    DOUBLE_QUOTE,
    ENDS,
    ONE_BLANK,
    OPENS,
    RIGHT_QUOTE,
    STOPS,
    THREE_BYTES,
    TWO_BYTES,
    UNKNOWN,
    byte_kind,
    closer_of,
    is_digit,
    is_greek,
    is_item,
    is_letter,
    is_wide_letter,
    point_at,
    point_width,
    quote_at,
    stands_within,
)
from c4pipe.text.plain.stops import DOUBT, next_sentence

# Of a line that is not plain: where it begins, in bytes and in characters; where it ends; the sentences before it.
DOUBTFUL_ROW = 4
TOO_MANY = -1  # sentences, or lines that are not plain, for the arrays
_NEWLINE, _SMALL_SIGMA, _OTHER = 0x0A, 0x3C3, 1 << BYTE_BITS


def put_point(lower: Any, at: int, kind: int, point: int) -> None:
    """Writes a character of two bytes or three."""
    if kind == TWO_BYTES:
        lower[at], lower[at + 1] = 0xC0 | point >> 6, 0x80 | (point & 0x3F)
    elif kind == THREE_BYTES:
        lower[at], lower[at + 1], lower[at + 2] = 0xE0 | point >> 12, 0x80 | (point >> 6 & 0x3F), 0x80 | (point & 0x3F)


def hash_stripped(data: Any, hashes: Any, first: int, count: int, end: Any) -> None:
    """Replaces the offsets of sentences, of which the last one ends at `end`, by hashes."""
    for i in range(count - 1, first - 1, -1):
        start: Any = np.int64(hashes[i])
        following = start
        while end > start and data[end - 1] == ONE_BLANK:
            end -= 1
        while start < end and data[start] == ONE_BLANK:
            start += 1
        hashes[i] = murmur(data, start, end)
        end = following


@native("int64(uint8*, int64, uint16*, uint16*, int64*, uint8*, int64*, uint64*, int64*, int64)")
def hash_plain(
    text: Any, size: int, of_byte: Any, of_point: Any, words: Any, lower: Any, starts: Any, hashes: Any,
    doubtful: Any, room: int,
) -> int:  # fmt: skip
    """Finds the sentences of plain lines; returns their number, or TOO_MANY.

    Args:
        text: (size + 1,) UTF-8, and a 0 behind it.
        of_byte, of_point, words: (256,), (2**16,), (WORD_SLOTS,) see `marks` and `stops`.
        lower: (size,) receives plain lines in lower case.
        starts, hashes: (room,) receive where each begins, in characters, and its hash, stripped and in lower case.
        doubtful: (1 + DOUBTFUL_ROW * room,) receives the number of lines that are not plain, and a row for each.
    """
    count = doubts = at = chars = 0
    while at < size:
        if doubts == room:
            return TOO_MANY
        line, first, begun, begun_char = at, count, at, chars
        follow = 0  # continuation bytes of the line so far
        quote, bracket = 0, False
        within = True  # the bracket is inside the quote
        mailed = joined = False  # it may hold an address; a sentence begins without a blank, as if in one
        plain = True
        while plain:
            entry = of_byte[text[at]]
            while entry < _OTHER:
                lower[at] = entry
                at += 1
                entry = of_byte[text[at]]
            kind = entry >> BYTE_BITS
            if kind == ENDS:
                plain = at == size or text[at] == _NEWLINE
                break
            if kind == TWO_BYTES:  # a letter as a rule, which is all that there is to say of it
                letter = of_point[point_at(text, at, kind)]
                if letter > CAPITAL_SIGMA:
                    put_point(lower, at, kind, letter)
                    at += 2
                    follow += 1
                    continue
            before: Any = text[at - 1] if at > line else np.uint8(ONE_BLANK)
            lower[at] = text[at]
            if kind == STOPS:
                end = at + 1
                while byte_kind(text[end], of_byte) == STOPS:
                    lower[end] = text[end]
                    end += 1
                begins = next_sentence(text, line, at, end, quote, bracket, of_byte, of_point, words)
                plain = begins != DOUBT
                if count + 1 == room:
                    return TOO_MANY
                if begins > 0:
                    starts[count], hashes[count] = begun_char, begun
                    count += 1
                    begun, begun_char = begins, chars + begins - line - follow
                    if quote != 0:  # the closing mark is in between
                        begun_char -= point_width(byte_kind(text[end], of_byte)) - 1
                    joined |= begins == end
                at = end
                continue
            if kind in (TWO_BYTES, THREE_BYTES, DOUBLE_QUOTE):
                mark = quote_at(text, at, kind, of_point)
                if mark == 0:
                    point = of_point[point_at(text, at, kind)]
                    if point <= BEGINS_NOTHING:
                        plain = point != UNKNOWN and stands_within(text, line, at, kind, point, of_byte)
                        point = point_at(text, at, kind)
                    elif point == CAPITAL_SIGMA:
                        plain, point = is_greek(text, at + 2), _SMALL_SIGMA
                    put_point(lower, at, kind, point)
                else:
                    put_point(lower, at, kind, mark)
                    if mark == quote:
                        quote, plain = 0, not (bracket and within)
                    elif quote == 0 and closer_of(mark) != 0:
                        quote, within = closer_of(mark), not bracket
                    else:
                        plain = mark == RIGHT_QUOTE
                at += point_width(kind)
                follow += point_width(kind) - 1
                continue
            if kind == OPENS:
                bracket = True
            elif kind == CLOSES:
                plain = not is_item(text, line, at) and (within or quote == 0 or not bracket)
                bracket = False
            elif kind == APOSTROPHE:
                plain = is_letter(before) or is_digit(before) or (at > line + 1 and is_wide_letter(text, at - 2))
            elif kind == AT_SIGN:
                mailed = mailed or before > ONE_BLANK
            else:
                plain = False
            at += 1
        if not plain or quote != 0 or bracket or (mailed and joined):
            at, count = line, first
            while at < size and text[at] != _NEWLINE:
                at += 1
            follow = 0
            for i in range(line, at):
                follow += text[i] >> 6 == 2
            row = 1 + DOUBTFUL_ROW * doubts
            doubtful[row], doubtful[row + 1], doubtful[row + 2], doubtful[row + 3] = line, chars, at, count
            doubts += 1
        elif at > line:
            starts[count], hashes[count] = begun_char, begun
            count += 1
            hash_stripped(lower, hashes, first, count, at)
        chars += at - line - follow + 1
        at += 1
    doubtful[0] = doubts
    return count
