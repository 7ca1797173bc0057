"""Sorts the lines of a page into clearly dropped, clearly kept and unclear, in one scan of its bytes.

Compiled code, because cleaning spends its time on the ends of lines. Unclear lines are left to the rules themselves;
for the others the result is the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from c4pipe.native import native

# For each byte: the first half is for bytes that end a line, the second for all.
FALLS, STANDS, ASK = 0, 1, 2  # a line that ends so has no end mark (is dropped), has one (is kept), or may have one
CITED = 3  # has no end mark, or has one before a citation, and no mark is a blank
ANY = 256  # where the second half begins
# Bits: newlines, opening brackets, bytes for `cut_inside` and `wide_blank`; blanks inside a line; continuation
# bytes.
LOOK, BLANK, FOLLOWS = 1, 2, 4

# The strings that a plain line must not hold, for Shift-And (Baeza-Yates and Gonnet 1992): a bit for each letter; for
# each byte the bits of the letters that it may be, then the bits of first letters and of last ones, and the length of
# the longest. Then numbers: a longer word is not allowed, a line with fewer words is dropped, and so is one that ends
# in as many bytes as follow the two halves.
FIRST, LAST, LONGEST_STRING, WORD_LIMIT, LEAST_WORDS, CUT_BYTES, KNOWN_NUMBERS = 256, 257, 258, 259, 260, 261, 262
LETTERS = 63

NOWHERE = -1  # no place to stop
FULL = -1  # more unclear lines than there is room for; of one line: it is not plain
# The report: lines dropped for their end and for their words, the characters of both, the number of unclear lines, and
# of all lines; then a row for each unclear line: where it begins, where it ends, its position in what is kept, and the
# first four of the counts so far.
BY_END, BY_WORDS, END_CHARS, WORD_CHARS, ASKED, WALKED, ROWS = range(7)
ROW, ROOM = 7, 256  # numbers of a row, and rows: a page with more unclear lines walks the loop
_NEWLINE, _OPENS, _CLOSES, _ASCII, _ZERO, _NINE = 0x0A, 0x5B, 0x5D, 0x80, 0x30, 0x39
_EDIT, _NEEDED = tuple(b"edit]"), tuple(b"citation needed]")
_SPACE, _LAST_ASCII, _LAST_BYTE = np.uint8(0x20), np.uint8(0x7F), np.uint8(0xFF)


def line_end(text: Any, at: int, size: int, of_byte: Any) -> tuple[int, int, bool, bool, bool]:
    """Where the line ends, and its number of continuation bytes; whether `str.splitlines` cuts it further, whether it
    has blanks beyond ASCII, and whether it has an opening bracket."""
    odd = wide = opens = False
    follow = 0
    while True:
        while at < size and not of_byte[ANY + text[at]] & LOOK:
            follow += of_byte[ANY + text[at]] & FOLLOWS
            at += 1
        if at == size or text[at] == _NEWLINE:
            return at, follow // FOLLOWS, odd, wide, opens
        opens = opens or text[at] == _OPENS
        odd = odd or cut_inside(text, at)
        wide = wide or wide_blank(text, at)
        at += 1


def cut_inside(text: Any, at: int) -> bool:
    """Whether a character begins here behind which `str.splitlines` cuts, among those checked."""
    byte = text[at]
    if byte == 0xC2:
        return bool(text[at + 1] == 0x85)
    if byte == 0xE2:
        return bool(text[at + 1] == 0x80 and (text[at + 2] == 0xA8 or text[at + 2] == 0xA9))
    return bool(byte < _ASCII and byte != _OPENS)


def wide_blank(text: Any, at: int) -> bool:
    """Whether a blank beyond ASCII begins here."""
    byte = text[at]
    if byte == 0xC2:
        return bool(text[at + 1] == 0xA0)
    if byte == 0xE2 and text[at + 1] == 0x80:
        return bool(text[at + 2] <= 0x8A or text[at + 2] == 0xAF)  # U+2000 to U+200A, U+202F
    if byte == 0xE2:
        return bool(text[at + 1] == 0x81 and text[at + 2] == 0x9F)  # U+205F
    if byte == 0xE3:
        return bool(text[at + 1] == 0x80 and text[at + 2] == 0x80)  # U+3000
    return bool(byte == 0xE1 and text[at + 1] == 0x9A and text[at + 2] == 0x80)  # U+1680


def strings_in(text: Any, start: int, end: int, known: Any) -> bool:
    """Whether one of the strings is there. Without branches, in four walks that overlap by the longest string, because
    each step of a walk waits for the step before."""
    size = min(end - start, (end - start) // 4 + known[LONGEST_STRING] + 2)
    apart = (end - start - size) // 3
    second, third, fourth = start + apart, start + 2 * apart, end - size
    a = b = c = d = found = 0
    for at in range(size):
        a = (a << 1 | known[FIRST]) & known[text[start + at]]
        b = (b << 1 | known[FIRST]) & known[text[second + at]]
        c = (c << 1 | known[FIRST]) & known[text[third + at]]
        d = (d << 1 | known[FIRST]) & known[text[fourth + at]]
        found |= a | b | c | d
    return bool(found & known[LAST])


def line_words(text: Any, start: int, end: int, wide: bool) -> int:
    """The number of words of an ordinary line, by ASCII blanks; if it has `wide` blanks, of the words that begin with
    an ASCII byte: these are words whatever other blanks there are. Without branches."""
    most = _LAST_ASCII if wide else _LAST_BYTE
    words = int(start < end and _SPACE < text[start] <= most)
    for at in range(start + 1, end):
        words += (text[at] > _SPACE) & (text[at] <= most) & (text[at - 1] <= _SPACE)
    return words


def may_end_blank(text: Any, start: int, end: int) -> bool:
    """Whether the last character may be a blank beyond ASCII, of two or three bytes."""
    return wide_blank(text, end - 2) or (start <= end - 3 and wide_blank(text, end - 3))


def longest_word(text: Any, start: int, end: int, of_byte: Any) -> int:
    """Its bytes, by ASCII blanks."""
    longest, word = 0, start
    for at in range(start, end):
        if of_byte[ANY + text[at]] & BLANK:
            longest = max(longest, at - word)
            word = at + 1
    return max(longest, end - word)


def uncited(text: Any, start: int, end: int, of_byte: Any) -> int:
    """The verdict on a line that ends with the closing bracket of a possible citation: the same with and without it."""
    at = end - 1
    while at > start and text[at] != _OPENS:
        at -= 1
    if at == start or of_byte[text[at - 1]] == FALLS or of_byte[ANY + text[at - 1]] & BLANK:
        return FALLS
    return ASK


def unindented(text: Any, start: int, end: int, of_byte: Any, wide: bool) -> int:
    """Where the line begins after its blanks; `wide`: it has some beyond ASCII."""
    at = start
    while at < end:
        if of_byte[ANY + text[at]] & BLANK:
            at += 1
        elif wide and wide_blank(text, at):
            at += 2 if text[at] == 0xC2 else 3
        else:
            break
    return at


def stands_there(text: Any, at: int, end: int, word: tuple[int, ...]) -> bool:
    """Whether the word is there."""
    same = 0
    while same < len(word) and at + same < end and text[at + same] == word[same]:
        same += 1
    return same == len(word)


def citation_size(text: Any, at: int, end: int) -> int:
    """The bytes of the citation that `StripCitations` removes here, 0 if there is none, FULL if that is not plain
    because of digits beyond ASCII."""
    closes, wide = at + 1, False
    while closes < end and (_ZERO <= text[closes] <= _NINE or text[closes] >= _ASCII):
        wide |= text[closes] >= _ASCII
        closes += 1
    if closes < end and text[closes] == _CLOSES:
        return FULL if wide else closes + 1 - at
    if stands_there(text, at + 1, end, _EDIT):
        return 1 + len(_EDIT)
    return 1 + len(_NEEDED) if stands_there(text, at + 1, end, _NEEDED) else 0


def without_citations(text: Any, start: int, end: int, left: Any, done: int) -> int:
    """Copies a line to `left`, from `done` on; returns its end there, or FULL if its citations are not plain."""
    at = start
    while at < end:
        taken = citation_size(text, at, end) if text[at] == _OPENS else 0
        if taken == FULL:
            return FULL
        if not taken:
            left[done] = text[at]
            done += 1
        at += max(taken, 1)
    return done


def code_points(text: Any, start: int, end: int, of_byte: Any) -> int:
    """The number of characters."""
    follow = 0
    for at in range(start, end):
        follow += of_byte[ANY + text[at]] & FOLLOWS
    return end - start - follow // FOLLOWS


def ends_with(text: Any, start: int, end: int, of_byte: Any, size: int) -> bool:
    """Whether the line ends so."""
    same = 0
    while same < size and end - size + same >= start and text[end - size + same] == of_byte[2 * ANY + same]:
        same += 1
    return same == size


@native("int64(uint8*, int64, uint8*, int64*, uint8*, int64*, int64)")
def sift(text: Any, size: int, of_byte: Any, known: Any, kept: Any, report: Any, stop: int) -> int:
    """Copies the lines that are clearly kept, without citations and each with a newline, to `kept`; returns their
    number of bytes, or FULL.

    Args:
        text: UTF-8, `size` bytes; it may contain surrogates.
        of_byte: (2 * ANY + known[CUT_BYTES],) see above.
        known: (KNOWN_NUMBERS,) see above.
        kept: (size + 1,)
        report: (ROWS + ROW * ROOM,) see above.
        stop: the walk ends at the line that would begin there in `kept`, or NOWHERE.
    """
    done = by_end = by_words = end_chars = word_chars = asked = at = 0
    walked = 0
    words = known[LEAST_WORDS]
    while at < size:
        start = at
        end, follow, odd, wide, opens = line_end(text, start, size, of_byte)
        at = end + 1
        walked += 1
        verdict = of_byte[text[end - 1]] if start < end else FALLS
        if verdict == CITED:
            verdict = uncited(text, start, end, of_byte)
        if odd or (wide and may_end_blank(text, start, end)):
            verdict = ASK
        if end - start > known[WORD_LIMIT] and longest_word(text, start, end, of_byte) > known[WORD_LIMIT]:
            verdict = ASK
        # As the rules behind the citations see it.
        line, last, chars = text, end, end - start - follow
        first = unindented(text, start, end, of_byte, wide)
        if verdict != ASK and (opens or first > start):
            line, last = kept, without_citations(text, first, end, kept, done)
            first, chars = done, code_points(kept, done, last, of_byte)
            if last == FULL or (verdict == STANDS and text[end - 1] == _CLOSES):
                verdict = ASK
        begun = words
        if verdict == STANDS:
            begun = line_words(line, first, last, wide)
            if strings_in(line, first, last, known) or (wide and begun < words):
                verdict = ASK
            elif ends_with(line, first, last, of_byte, known[CUT_BYTES]):
                verdict = FALLS
        if verdict == FALLS:
            by_end += 1
            end_chars += chars
        elif verdict == STANDS and begun < words:
            by_words += 1
            word_chars += chars
        elif verdict == STANDS:
            if done == stop:
                break
            for i in range(first, last):
                kept[done + i - first] = line[i]
            done += last - first + 1
            kept[done - 1] = _NEWLINE
        elif asked == ROOM:
            return FULL
        else:
            row = ROWS + ROW * asked
            report[row], report[row + 1], report[row + 2] = start, end, done
            report[row + 3], report[row + 4], report[row + 5], report[row + 6] = by_end, by_words, end_chars, word_chars
            asked += 1
    report[BY_END], report[BY_WORDS], report[END_CHARS], report[WORD_CHARS] = by_end, by_words, end_chars, word_chars
    report[ASKED], report[WALKED] = asked, walked
    return done
