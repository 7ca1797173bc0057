"""What stops do in a plain line: where the next sentence begins, if any. Compiled into the kernel.

Each function returns a place in the bytes of the page, NO_BREAK, or DOUBT if the line is not plain.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from c4pipe.text.plain.marks import (
    APOSTROPHE,
    BEGINS_NOTHING,
    CLOSES,
    COMMA,
    DASH_BYTE,
    DOT,
    DOUBLE_QUOTE,
    ENDS,
    MOST_BLANKS,
    ONE_BLANK,
    OPENS,
    OTHER_BYTE,
    SLASH,
    SQUARE,
    STOPS,
    TWO_BYTES,
    WIDE_BLANK_BYTES,
    byte_kind,
    closer_of,
    is_capital,
    is_digit,
    is_letter,
    is_small,
    past_blanks,
    point_at,
    point_width,
    quote_at,
)

NO_BREAK, DOUBT = 0, -1  # the sentence continues; the line is not plain
# The table of words: an entry is a word's key, its first letters with 5 bits each, and its flags. 0: empty.
WORD_LETTERS, LETTER_BITS = 6, 5
WORD_SLOTS, SLOT_FACTOR, SLOT_SHIFT = 1024, 2654435761, 15  # the product of its key selects the slot, or one behind
SHORTENED = 1 << 32  # "." behind it is mostly not a stop
UNIT, UNIT_OF_DIGITS = 1 << 33, 1 << 34  # it may be one; only behind a digit
UNIT_BEHIND_DOT = 1 << 35  # its last word or its last two letters: "p.m", "M.Sc"
OWN_STOP = 1 << 36  # has a stop in its name
STARTER, STARTER_PERHAPS = 1 << 37, 1 << 38  # starts sentences; has the first letters of such a word
_KEY, _M, _I = (1 << WORD_LETTERS * LETTER_BITS) - 1, 13, ord("I")
_FLAGS = SHORTENED | UNIT | UNIT_OF_DIGITS | UNIT_BEHIND_DOT | OWN_STOP
_WIDE_1, _WIDE_2 = WIDE_BLANK_BYTES


def entry_of(key: int, words: Any) -> int:
    """The entry of a word, 0 if it is not listed."""
    slot = key * SLOT_FACTOR >> SLOT_SHIFT & (WORD_SLOTS - 1)
    while words[slot] != 0 and words[slot] & _KEY != key:
        slot = (slot + 1) & (WORD_SLOTS - 1)
    return int(words[slot])


def word_before(text: Any, line: int, stop: int) -> tuple[int, int]:
    """Where the letters in front of a stop begin, as many as a key holds, and their key."""
    key, at = 0, stop
    while at > line and is_letter(text[at - 1]) and stop - at < WORD_LETTERS:
        at -= 1
        key = key << LETTER_BITS | (text[at] & 31)
    return at, key


def starts_sentence(text: Any, at: int, of_byte: Any, words: Any) -> int:
    """1 if a word that starts sentences is there, 0 if not, or DOUBT."""
    if not is_capital(text[at]):
        return 0
    key, size, small = 0, 0, True
    while size < WORD_LETTERS and is_letter(text[at + size]):
        key |= (text[at + size] & 31) << LETTER_BITS * size
        small = small and (size == 0 or is_small(text[at + size]))
        size += 1
    entry = entry_of(key, words)
    if entry & (STARTER | STARTER_PERHAPS) == 0:
        return 0
    behind = text[at + size]
    kind = byte_kind(behind, of_byte)
    whole = kind in (STOPS, ENDS) or behind in (ONE_BLANK, COMMA)
    return 1 if entry & STARTER and whole and small else DOUBT


def behind_dot(text: Any, line: int, stop: int, following: int, begins: int, of_byte: Any, words: Any) -> int:
    """What a single "." does behind which a sentence may begin; `following` is the first byte behind it and blanks."""
    at, key = word_before(text, line, stop)
    entry = entry_of(key, words) if key else 0
    if entry & _FLAGS == 0:
        return begins
    if entry & OWN_STOP:
        return DOUBT
    before = text[at - 1] if at > line else np.uint8(ONE_BLANK)
    if before == DOT:
        return behind_dotted(text, line, at, key, entry, following, begins, of_byte, words)
    if is_digit(before):
        return DOUBT if entry & (UNIT | UNIT_OF_DIGITS) else begins
    if before == _WIDE_2 and text[at - 2] == _WIDE_1:
        return DOUBT
    if before != ONE_BLANK and before != SLASH:  # part of a longer word
        return begins
    if entry & UNIT:
        return DOUBT
    front = at
    while front > line and text[front - 1] == ONE_BLANK:
        front -= 1
    last = text[front - 1] if front > line else np.uint8(ONE_BLANK)
    if entry & UNIT_OF_DIGITS:
        return DOUBT if is_digit(last) else begins
    if entry & SHORTENED == 0:
        return begins
    if last == DOT and key == _M:  # "a. m." and "p. m."
        return DOUBT
    starts = starts_sentence(text, following, of_byte, words)
    if starts != 1:
        return DOUBT if starts else NO_BREAK
    if is_capital(text[at]):
        return begins
    for i in range(at, stop):
        if is_capital(text[i]):
            return DOUBT
    return begins if stop - at > 1 else NO_BREAK


def behind_dotted(
    text: Any, line: int, at: int, key: int, entry: int, following: int, begins: int, of_byte: Any, words: Any
) -> int:
    """The same behind a word that follows a "." itself, as in "U.S."."""
    if entry & SHORTENED == 0:
        return DOUBT if entry & UNIT_BEHIND_DOT else begins
    if is_small(text[following]):
        return NO_BREAK
    pair = key << LETTER_BITS | (text[at - 2] & 31) if at - 2 >= line else key
    if (entry | entry_of(pair, words)) & UNIT_BEHIND_DOT:
        return DOUBT
    return DOUBT if starts_sentence(text, following, of_byte, words) else NO_BREAK


def behind_quote(text: Any, end: int, of_byte: Any) -> int:
    """Where a sentence begins after a quote that closes directly after a stop."""
    at = past_blanks(text, end)
    if byte_kind(text[at], of_byte) == ENDS:
        return NO_BREAK
    if at == end or at - end > MOST_BLANKS:
        return DOUBT
    if is_capital(text[at]):
        return at
    return NO_BREAK if is_small(text[at]) or is_digit(text[at]) else DOUBT


def may_begin(text: Any, at: int, kind: int, quote: int, bracket: bool, of_point: Any) -> bool:
    """Whether the text behind a stop begins a sentence, or continues inside a bracket or a quote."""
    if kind in (STOPS, APOSTROPHE, OTHER_BYTE) or (text[at] == SQUARE and is_digit(text[at + 1])):
        return False
    if kind == CLOSES:
        return bracket
    mark = quote_at(text, at, kind, of_point)
    if mark == 0:
        return kind < TWO_BYTES or of_point[point_at(text, at, kind)] > BEGINS_NOTHING
    return quote == 0 and closer_of(mark) != 0 and (kind != DOUBLE_QUOTE or is_letter(text[at + 1]))


def next_sentence(
    text: Any, line: int, stop: int, end: int, quote: int, bracket: bool, of_byte: Any, of_point: Any, words: Any
) -> int:
    """Where the sentence after the run of stops from `stop` to `end` begins.

    `quote` closes the open quote, 0 if there is none; `bracket`: one is open.
    """
    at = past_blanks(text, end)
    byte, kind = text[at], byte_kind(text[at], of_byte)
    if kind == ENDS:
        return NO_BREAK
    single, dot = end - stop == 1, text[stop] == DOT
    spaced = stop > line and text[stop - 1] == ONE_BLANK
    inside = quote != 0 or bracket
    goes_on = is_small(byte) or is_digit(byte)
    begins = at
    if at - end > MOST_BLANKS:
        return DOUBT
    if byte == COMMA:
        return NO_BREAK if single else DOUBT
    if at == end:
        if goes_on:
            return NO_BREAK if single or (stop > line and not spaced) else DOUBT
        if kind == CLOSES and bracket:
            return NO_BREAK
        if quote != 0 and quote_at(text, at, kind, of_point) == quote:
            begins, inside = behind_quote(text, at + point_width(kind), of_byte), bracket
            if begins <= 0:
                return begins
        elif is_capital(byte):
            if stop > line and is_digit(text[stop - 1]):
                return DOUBT
        elif spaced or (kind != OPENS and byte != DASH_BYTE) or not may_begin(text, at, kind, quote, bracket, of_point):
            return DOUBT
    elif goes_on:
        if not single or (spaced and not dot):
            return NO_BREAK
    elif (
        not may_begin(text, at, kind, quote, bracket, of_point)
        or (single and spaced and not is_capital(byte))
        or (not single and byte == _I and not is_letter(text[at + 1]))
    ):
        return DOUBT
    if inside:
        return NO_BREAK
    if single and dot:
        return DOUBT if spaced else behind_dot(text, line, stop, at, begins, of_byte, words)
    while stop > line and text[stop - 1] == ONE_BLANK:
        stop -= 1
    key = word_before(text, line, stop)[1]
    return DOUBT if key and entry_of(key, words) & OWN_STOP else begins
