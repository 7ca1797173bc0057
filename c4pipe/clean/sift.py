"""The lines of a page that plainly fall and those that plainly stand, told apart in one walk over its bytes.

Machine code, for the ends of the lines of a crawl are what cleaning is busy with. What is not plain is left to the
rules themselves: nothing here says no where they might say yes, or the other way round.
"""

from __future__ import annotations

from typing import Any

from c4pipe.native import native

# What is to be known of each byte: the first half for bytes that end a line, the second for all.
FALLS, STANDS, ASK = 0, 1, 2  # a line that ends with it has no end mark, has one, or may have one
CITED = 3  # has none, or has it in front of a citation, and no mark is a blank
ANY = 256  # where the second half begins
LOOK, BLANK = 1, 2  # bits: newlines and what `cut_inside` and `wide_blank` know; blanks inside a line

# What is to be known of the strings that a plain line must not hold, for Shift-And (Baeza-Yates and Gonnet 1992): a bit
# a letter; for each byte the bits of the letters that it may be, then the bits of first letters and of last ones.
FIRST, LAST, LETTERS = 256, 257, 63

NOWHERE = -1  # to stop at
FULL = -1  # there are more lines to ask about than there is room for
# The report: lines that fell for their end and for their words, the characters of both, and how many there are to ask
# about; then a row for each of these: where it begins, where it ends, where it belongs in what is kept, and the first
# four of the counts so far.
BY_END, BY_WORDS, END_CHARS, WORD_CHARS, ASKED, ROWS = range(6)
ROW = 7
_NEWLINE, _OPENS, _CLOSES, _ASCII, _ZERO, _NINE = 0x0A, 0x5B, 0x5D, 0x80, 0x30, 0x39
_EDIT, _NEEDED = tuple(b"edit]"), tuple(b"citation needed]")
_FOLLOWS = 0b10  # how a byte begins within a character


def line_end(text: Any, at: int, size: int, of_byte: Any) -> tuple[int, bool, bool]:
    """Where the line ends; whether `str.splitlines` cuts it further, and whether it has blanks beyond ASCII."""
    odd = wide = False
    while at < size:
        if of_byte[ANY + text[at]] & LOOK:
            if text[at] == _NEWLINE:
                break
            odd = odd or cut_inside(text, at)
            wide = wide or wide_blank(text, at)
        at += 1
    return at, odd, wide


def cut_inside(text: Any, at: int) -> bool:
    """Whether a character begins here behind which `str.splitlines` cuts, among those that are looked at."""
    byte = text[at]
    if byte == 0xC2:
        return bool(text[at + 1] == 0x85)
    if byte == 0xE2:
        return bool(text[at + 1] == 0x80 and (text[at + 2] == 0xA8 or text[at + 2] == 0xA9))
    return bool(byte < _ASCII)


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


def read(text: Any, start: int, end: int, of_byte: Any, strings: Any) -> tuple[int, bool]:
    """The number of words, by blanks of ASCII, and whether one of the strings stands in the line. Without branches."""
    words, before, state, found = 0, BLANK, 0, 0
    for at in range(start, end):
        bits = of_byte[ANY + text[at]]
        words += (before & ~bits & BLANK) // BLANK
        before = bits
        state = (state << 1 | strings[FIRST]) & strings[text[at]]
        found |= state & strings[LAST]
    return words, found != 0


def may_end_blank(text: Any, start: int, end: int) -> bool:
    """Whether the last character may be a blank beyond ASCII, which has two bytes or three."""
    return wide_blank(text, end - 2) or (start <= end - 3 and wide_blank(text, end - 3))


def longest_word(text: Any, start: int, end: int, of_byte: Any) -> int:
    """Its bytes, by blanks of ASCII."""
    longest, word = 0, start
    for at in range(start, end):
        if of_byte[ANY + text[at]] & BLANK:
            longest = max(longest, at - word)
            word = at + 1
    return max(longest, end - word)


def plain_words(text: Any, start: int, end: int, of_byte: Any) -> int:
    """Words that begin with a byte of ASCII: these are words whatever other blanks there are."""
    words, before = 0, BLANK
    for at in range(start, end):
        words += before & BLANK and text[at] < _ASCII and not of_byte[ANY + text[at]] & BLANK
        before = of_byte[ANY + text[at]]
    return words


def uncited(text: Any, start: int, end: int, of_byte: Any) -> int:
    """The verdict on a line that ends with the bracket of what may be a citation: the same with it and without."""
    at = end - 1
    while at > start and text[at] != _OPENS:
        at -= 1
    if at == start or of_byte[text[at - 1]] == FALLS or of_byte[ANY + text[at - 1]] & BLANK:
        return FALLS
    return ASK


def unindented(text: Any, start: int, end: int, of_byte: Any, wide: bool) -> int:
    """Where the line begins behind its blanks; `wide`: it has some beyond ASCII."""
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
    """Whether the word stands there."""
    same = 0
    while same < len(word) and at + same < end and text[at + same] == word[same]:
        same += 1
    return same == len(word)


def citations(text: Any, start: int, end: int) -> int:
    """The characters that `StripCitations` takes out of a line; FULL where that is not plain."""
    taken, at = 0, start
    while at < end:
        if text[at] == _OPENS:
            closes, wide = at + 1, False  # there are digits beyond ASCII
            while closes < end and (_ZERO <= text[closes] <= _NINE or text[closes] >= _ASCII):
                wide |= text[closes] >= _ASCII
                closes += 1
            if closes < end and text[closes] == _CLOSES:
                if wide:
                    return FULL
                taken += closes + 1 - at
                at = closes
            elif stands_there(text, at + 1, end, _EDIT):
                taken += 1 + len(_EDIT)
            elif stands_there(text, at + 1, end, _NEEDED):
                taken += 1 + len(_NEEDED)
        at += 1
    return taken


def code_points(text: Any, start: int, end: int) -> tuple[int, bool]:
    """How many there are, and whether one opens a bracket. Without branches."""
    follow = opens = 0
    for at in range(start, end):
        follow += text[at] >> 6 == _FOLLOWS
        opens |= text[at] == _OPENS
    return end - start - follow, opens != 0


def ends_with(text: Any, start: int, end: int, cut: Any, size: int) -> bool:
    """Whether the line ends so."""
    same = 0
    while same < size and end - size + same >= start and text[end - size + same] == cut[same]:
        same += 1
    return same == size


@native("int64(uint8*, int64, uint8*, int64, uint8*, int64, int64, int64*, uint8*, int64*, int64, int64)")
def sift(
    text: Any, size: int, of_byte: Any, chars: int, cut: Any, cut_size: int, words: int,
    strings: Any, kept: Any, report: Any, room: int, stop: int,
) -> int:  # fmt: skip
    """Copies the lines that plainly stand, each with a newline, to `kept`; returns how many bytes those are, or FULL.

    Args:
        text: UTF-8, `size` bytes; surrogates may stand in it.
        of_byte: (2 * ANY,) see above.
        chars: a longer word may not stand.
        cut: a line that ends so falls.
        words: a line with fewer falls.
        strings: (258,) see above.
        kept: (size + 1,)
        report: (ROWS + ROW * room,) see above.
        stop: the walk ends at the line that would begin there in `kept`, or NOWHERE.
    """
    done = by_end = by_words = end_chars = word_chars = asked = at = 0
    while at < size:
        start = at
        end, odd, wide = line_end(text, start, size, of_byte)
        at = end + 1
        verdict = of_byte[text[end - 1]] if start < end else FALLS
        if verdict == CITED:
            verdict = uncited(text, start, end, of_byte)
        if odd or (wide and may_end_blank(text, start, end)):
            verdict = ASK
        if end - start > chars and longest_word(text, start, end, of_byte) > chars:
            verdict = ASK
        begun = 0
        if verdict == STANDS:
            begun, held = read(text, start, end, of_byte, strings)
            indented = of_byte[ANY + text[start]] & BLANK or (wide and wide_blank(text, start))
            if held or indented or (wide and plain_words(text, start, end, of_byte) < words):
                verdict = ASK
            elif ends_with(text, start, end, cut, cut_size):
                verdict = FALLS
        chars_here = taken = 0
        if verdict == FALLS or (verdict == STANDS and begun < words):
            start = unindented(text, start, end, of_byte, wide)
            chars_here, opens = code_points(text, start, end)
            taken = citations(text, start, end) if opens else 0
            chars_here -= taken
        if taken == FULL:
            verdict = ASK
        if verdict == FALLS:
            by_end += 1
            end_chars += chars_here
        elif verdict == STANDS and begun < words:
            by_words += 1
            word_chars += chars_here
        elif verdict == STANDS:
            if done == stop:
                break
            for i in range(start, end):
                kept[done + i - start] = text[i]
            done += end - start + 1
            kept[done - 1] = _NEWLINE
        elif asked == room:
            return FULL
        else:
            row = ROWS + ROW * asked
            report[row], report[row + 1], report[row + 2] = start, end, done
            report[row + 3], report[row + 4], report[row + 5], report[row + 6] = by_end, by_words, end_chars, word_chars
            asked += 1
    report[BY_END], report[BY_WORDS], report[END_CHARS], report[WORD_CHARS] = by_end, by_words, end_chars, word_chars
    report[ASKED] = asked
    return done
