"""Finds texts of test items in the words of a page: runs of words are looked up, and matches extended both ways."""

from __future__ import annotations

from typing import Any

import numpy as np

from c4pipe.native import native

# The fractional part of the golden ratio in 64 bits, odd: each run length of words has its own factor.
MULTIPLIER = 0x9E3779B97F4A7C15
SPARE_BITS = 4  # log2 of the filter's size in bits per stored run; each run sets two bits in a word of 64
PRINT_BITS = 16  # kept of a word's hash: of 65,536 different words one counts as equal
NUMBERS = 5  # numbers per finding: text, first word, word after the last, words that agree, their weight

_MULTIPLIER, _ZERO, _ONE = np.uint64(MULTIPLIER), np.uint64(0), np.uint64(1)
_PRINT = np.uint64((1 << PRINT_BITS) - 1)
_SIX_BITS = np.uint64(63)


def seen_word(value: Any, bits: int) -> Any:
    """For a run of words, the number of the 64-bit word in which two bits are set if an item has the run."""
    return value >> np.uint64(64 + 6 - bits - SPARE_BITS)


def seen_bits(value: Any) -> Any:
    """These two bits: from the last bits of the hash, while the first bits select the word."""
    return _ONE << (value & _SIX_BITS) | _ONE << (value >> np.uint64(6) & _SIX_BITS)


def _same(page: Any, at: int, words: Any, of: int) -> Any:
    return page[at] & _PRINT == words[of]


def _text_of(place: int, starts: Any, texts: int) -> int:
    """The text that has the word with that number."""
    low, high = 0, texts
    while high - low > 1:
        middle = (low + high) >> 1
        if starts[middle] <= place:
            low = middle
        else:
            high = middle
    return low


def _follow(
    page: Any, n: int, at: int, words: Any, low: int, high: int, of: int, way: int, gap: int, worths: Any
) -> Any:
    """From two words on, forwards or backwards, as long as the words agree, or agree again after at most `gap` others
    on each side: the last agreeing word of the page, the number of agreeing words, and their weight."""
    last = at - way
    agreed = 0
    worth = 0
    while 0 <= at < n and low <= of < high:
        if _same(page, at, words, of):
            last = at
            agreed += 1
            worth += worths[words[of]]
            at += way
            of += way
            continue
        again = False
        for others in range(1, 2 * gap + 1):
            for skipped in range(max(0, others - gap), min(others, gap) + 1):
                x = at + way * skipped
                y = of + way * (others - skipped)
                if not (0 <= x < n and 0 <= x + way < n and low <= y < high and low <= y + way < high):
                    continue
                if _same(page, x, words, y) and _same(page, x + way, words, y + way):
                    again = True
                    at = x
                    of = y
                    break
            if again:
                break
        if not again:
            break
    return last, agreed, worth


def _known(found: Any, count: int, text: int, at: int) -> bool:
    """Whether the word of the page is in an earlier finding for that text."""
    for i in range(count):
        if found[NUMBERS * i] == text and found[NUMBERS * i + 1] <= at < found[NUMBERS * i + 2]:
            return True
    return False


@native(
    "int64(uint64*, int64, uint64*, int32*, int32*, int64, uint16*, int32*, int64, int32*, int32*, uint8*,"
    " int64, int64, int64*, int64)"
)
def find_texts(
    page: Any,
    n: int,
    seen: Any,
    first: Any,
    places: Any,
    bits: int,
    words: Any,
    starts: Any,
    texts: int,
    needed: Any,
    worth_needed: Any,
    worths: Any,
    gram: int,
    gap: int,
    found: Any,
    room: int,
) -> int:
    """Fills `found`, NUMBERS numbers each, with the findings in a page of `n` words; returns how many, at most `room`.

    A text of which all words are required is found if they all occur in a row; any other one if as many words agree as
    it requires, with as much weight.
    """
    count = 0
    power = _ONE
    for _ in range(gram - 1):
        power = power * _MULTIPLIER
    shift = np.uint64(64 - bits)
    value = _ZERO
    for end in range(n):
        if end >= gram:
            value = value - page[end - gram] * power
        value = value * _MULTIPLIER + page[end]
        at = end - gram + 1
        wanted = seen_bits(value)
        if at < 0 or seen[seen_word(value, bits)] & wanted != wanted:
            continue
        bucket = value >> shift
        for k in range(first[bucket], first[bucket + _ONE]):
            place = places[k]
            agreed = 0
            worth = 0
            while agreed < gram and _same(page, at + agreed, words, place + agreed):
                worth += worths[words[place + agreed]]
                agreed += 1
            if agreed < gram:
                continue
            text = _text_of(place, starts, texts)
            if _known(found, count, text, at):
                continue
            low = starts[text]
            high = starts[text + 1]
            near = 0 if needed[text] == high - low else gap
            begin, before, worth_before = _follow(page, n, at - 1, words, low, high, place - 1, -1, near, worths)
            last, behind, worth_behind = _follow(page, n, at + gram, words, low, high, place + gram, 1, near, worths)
            agreed += before + behind
            worth += worth_before + worth_behind
            if agreed < needed[text] or worth < worth_needed[text]:
                continue
            if count == room:
                return count
            found[NUMBERS * count] = text
            found[NUMBERS * count + 1] = begin
            found[NUMBERS * count + 2] = last + 1
            found[NUMBERS * count + 3] = agreed
            found[NUMBERS * count + 4] = worth
            count += 1
    return count
