"""What machine code needs to know of the cleaning steps: C4's leading steps, and the needs of the others."""

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

# What `str.strip` removes, and what beyond ASCII has an ASCII letter in its lower case: a test walks Unicode.
BLANKS = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000"
BLANKS += "".join(map(chr, range(0x2000, 0x200B)))
ASCII_IN_SMALL = "\u0130\u212a"


class Leading(NamedTuple):
    """C4's leading steps, and all steps after them."""

    longest: MaxWordLength
    citations: StripCitations
    end: EndMark
    others: Sequence[LineStep]


class Others(NamedTuple):
    """The requirements of the later steps on a line."""

    words: int  # at least so many; 0 if that is not their first requirement
    strings: Sequence[bytes]  # in lower case: a clearly kept line without any of them only walks `asked`
    asked: Sequence[LineStep]


def leading_of(steps: Sequence[LineStep]) -> Leading | None:
    """The first three steps if they are C4's.

    A user's subclass of one of them may judge otherwise.
    """
    match tuple(steps[:3]):
        case (MaxWordLength() as longest, StripCitations() as citations, EndMark() as end) if all(end.marks):
            if [type(step) for step in steps[:3]] == [MaxWordLength, StripCitations, EndMark]:
                return Leading(longest, citations, end, steps[3:])
    return None


def others_of(steps: Sequence[LineStep]) -> Others:
    """The requirements of the steps after the leading ones.

    `asked` are those without declared needs, and all after an edit, which may create what they need.
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
    """The arguments of `sift` for these steps: `of_byte` and `known`."""
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
    """The table of `sift` for these strings, or for their ends if they have more letters than it has bits: C4's phrases
    differ from prose there, and some of them end alike."""
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
    """The ASCII strings without one of which no line breaks the rule; none if it declares none itself.

    A user's subclass may have inherited them.
    """
    if isinstance(step, LineEdit) or "needs" not in vars(type(step)):
        return ()
    return step.needs if all(string and string.isascii() for string in step.needs) else ()
