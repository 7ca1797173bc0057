"""What machine code is to know of the steps of cleaning: those that C4 begins with, and what those behind them want."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from typing import NamedTuple

from c4pipe.clean.loop import LineStep
from c4pipe.clean.sift import (
    ANY,
    ASK,
    BLANK,
    CITED,
    CUT_BYTES,
    FIRST,
    FOLLOWS,
    KNOWN_NUMBERS,
    LAST,
    LEAST_WORDS,
    LETTERS,
    LONGEST_STRING,
    LOOK,
    STANDS,
    WORD_LIMIT,
)
from c4pipe.rules.base import LineEdit
from c4pipe.rules.lines import EndMark, MaxWordLength, MinWords, StripCitations

# What `str.strip` takes away, and what beyond ASCII holds a letter of ASCII in lower case: a test walks Unicode.
BLANKS = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"
BLANKS += "".join(map(chr, range(0x2000, 0x200B)))
ASCII_IN_SMALL = "\u0130\u212a"


class Leading(NamedTuple):
    """The steps that C4 begins with, and all behind them."""

    longest: MaxWordLength
    citations: StripCitations
    end: EndMark
    others: Sequence[LineStep]


class Others(NamedTuple):
    """What the steps behind the leading ones want of a line."""

    words: int  # at least so many; 0 where that is not the first thing they want
    strings: Sequence[bytes]  # in lower case: a line that plainly stands and holds none of them need only walk `asked`
    asked: Sequence[LineStep]


def leading_of(steps: Sequence[LineStep]) -> Leading | None:
    """The first three if they are those that C4 begins with.

    A class of the user's own that stands on one of them may judge otherwise.
    """
    match tuple(steps[:3]):
        case (MaxWordLength() as longest, StripCitations() as citations, EndMark() as end) if all(end.marks):
            if [type(step) for step in steps[:3]] == [MaxWordLength, StripCitations, EndMark]:
                return Leading(longest, citations, end, steps[3:])
    return None


def others_of(steps: Sequence[LineStep]) -> Others:
    """What the steps behind the leading ones want.

    To be asked are those that do not say what they need, and all behind an edit, which may make what they need.
    """
    words, asked = 0, []
    match steps:
        case (MinWords() as first, *rest) if type(first) is MinWords:
            words, steps = first.words, rest
    strings, edited = list(map(str.encode, ASCII_IN_SMALL)), False
    for step in steps:
        needs = [string.encode() for string in _needs(step)]
        edited = edited or isinstance(step, LineEdit)
        if needs and not edited and len(strings) + len(needs) <= LETTERS:
            strings += needs
        else:
            asked.append(step)
    return Others(words, strings, asked)


def arguments_of(leading: Leading, others: Others) -> tuple[bytes, bytes]:
    """What `sift` wants to know of the steps: `of_byte` and `known`."""
    of_byte = bytearray(2 * ANY)
    of_byte[ord("]")] = ASK if any(mark[-1].isspace() for mark in leading.end.marks) else CITED
    for mark in leading.end.marks:
        of_byte[mark.encode(errors="surrogatepass")[-1]] = STANDS if len(mark.encode()) == 1 else ASK
    for blank in filter(str.isascii, BLANKS):
        of_byte[ord(blank)] = ASK
    for blank in BLANKS:
        of_byte[ANY + blank.encode()[0]] |= BLANK if blank.isascii() and len(f"a{blank}a".splitlines()) == 1 else LOOK
    of_byte[ANY + ord("[")] |= LOOK
    of_byte[ANY + 0x80 : ANY + 0xC0] = bytes([FOLLOWS]) * 0x40
    cut = leading.end.cut.encode(errors="surrogatepass")
    known = _shift_and(others.strings)
    known[WORD_LIMIT], known[LEAST_WORDS], known[CUT_BYTES] = (
        min(leading.longest.chars, sys.maxsize),
        others.words,
        len(cut),
    )
    return bytes(of_byte) + cut, known.tobytes()


def _shift_and(strings: Sequence[bytes]) -> array[int]:
    """The table of `sift` for these strings, or for their ends where they have more letters than it has bits: there the
    phrases of C4 differ from prose, and some of them end alike."""
    longest = max(map(len, strings))
    while sum(map(len, ends := {string[-longest:]: None for string in strings})) > LETTERS:
        longest -= 1
    known, bit = array("q", bytes(8 * KNOWN_NUMBERS)), 1
    known[LONGEST_STRING] = longest
    for string in ends:
        known[FIRST] |= bit
        for letter in string:
            for written in {letter, *bytes([letter]).upper()}:
                known[written] |= bit
            bit <<= 1
        known[LAST] |= bit >> 1
    return known


def _needs(step: LineStep) -> tuple[str, ...]:
    """The strings of ASCII without one of which no line breaks the rule; none where it names none itself.

    A class of the user's own may have inherited them.
    """
    if isinstance(step, LineEdit) or "needs" not in vars(type(step)):
        return ()
    return step.needs if all(string and string.isascii() for string in step.needs) else ()
