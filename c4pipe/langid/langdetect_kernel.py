"""langdetect's two loops in numba: over the characters of a text, and over its random trials.

Bit for bit: the package's operations in its order on the same doubles. `fastmath` stays off, so LLVM neither
reorders a sum nor joins a product and a sum into one rounding.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

NON_LATIN = 0x300  # a character from here on is not Latin: langdetect 1.0.9 detector.py Detector.cleaning_text
TRIALS = 7  # detector.py Detector.n_trial
CERTAIN = 0.99999  # a trial ends when a language is above it: Detector.CONV_THRESHOLD
LAST_DRAW = 1_000  # ... or at this draw, counted from 0: Detector.ITERATION_LIMIT
STEP = 5  # draws between normalisations: "i % 5" in Detector._detect_block
# From Python 3.12 on `sum`, with which the package normalises, carries the rounding error along.
COMPENSATED = sys.version_info >= (3, 12)

# The layout of the tables that are handed in. It stands here and not beside the code that fills them, for numba's
# cache looks at this file alone to see whether what it compiled is out of date.
CODE_BITS = 21  # of a code point: an n-gram's key is its code points one behind the other, last one lowest
HASH_BITS = 18  # the hash table has 262,144 homes for 87,598 keys: a third full
HASH_FACTOR = 0x9E3779B97F4A7C15  # 2**64 / golden ratio, Fibonacci hashing (Knuth, TAOCP 3, 6.4)
CHARACTERS = 0x20000  # no character beyond is changed by langdetect, or is a capital
CAPITAL = 1 << 31  # set in the table of characters where the character it becomes is a capital
GAUSS_WORDS = 4  # 32-bit words that `random.gauss` reads for a pair of numbers, two for each uniform one

BLANK = ord(" ")
SHIFT = np.uint64(CODE_BITS)
HOME_SHIFT = np.uint64(64 - HASH_BITS)
FACTOR = np.uint64(HASH_FACTOR)
CODE = np.uint32(CAPITAL - 1)

Function = Callable[..., Any]


def compiled(signature: str) -> Callable[[Function], Function]:
    """Compile now, or take what an earlier process left in numba's cache.

    numba keeps its cache beside this file, else in the user's cache folder; NUMBA_CACHE_DIR names another. Where
    none can be written (a worker without a home), each process compiles for itself, which takes seconds.
    """

    def compile_it(function: Function) -> Function:
        try:
            made: Function = numba.njit(signature, nogil=True, cache=True)(function)
        except (RuntimeError, OSError):  # "no locator available", or a full disk
            made = numba.njit(signature, nogil=True)(function)
        return made

    return compile_it


@compiled("uint32[::1](uint32[::1], uint32[::1], uint64[::1], uint32[::1])")
def find_rows(points: Any, characters: Any, keys: Any, rows: Any) -> npt.NDArray[np.uint32]:
    """Rows (n,) of the n-grams of a text that the profiles know, in the package's order.

    Args:
        points: (m,) code points of the text.
        characters: (CHARACTERS,) what each becomes.
        keys, rows: the hash table, see `NGramTable`.
    """
    latin = 0
    others = 0
    for point in points:
        if ord("A") <= point <= ord("z"):
            latin += 1
        elif point >= NON_LATIN:
            # Not even the block Latin Extended Additional is spared. The package means to, but compares the name of
            # the block with a number (utils/unicode_block.py), and so loses the plain letters of some Vietnamese.
            others += 1
    skips_latin = 2 * latin < others

    found = np.empty(3 * len(points), np.uint32)
    n = 0
    before, last = np.uint64(0), np.uint64(BLANK)  # the two characters so far, 0 for none
    after_capital = shouting = False
    for point in points:
        if skips_latin and ord("A") <= point <= ord("z"):
            continue
        mark = characters[point] if point < CHARACTERS else point
        character = np.uint64(mark & CODE)
        capital = mark > CODE
        if last == BLANK:
            before = np.uint64(0)
            if character == BLANK:
                continue
        # From the second capital in a row on, up to the next character that is none, nothing is taken.
        shouting = capital and after_capital
        after_capital = capital
        if not shouting:
            pair = (last << SHIFT) | character
            triple = (before << (SHIFT + SHIFT)) | pair
            for key in (character, pair, triple if before else np.uint64(BLANK)):
                if key == BLANK:  # no n-gram: the package leaves out the lone blank, and a word's start has no third
                    continue
                place = (key * FACTOR) >> HOME_SHIFT
                while keys[place] != 0 and keys[place] != key:
                    place += np.uint64(1)
                if keys[place] == key:
                    found[n] = rows[place]
                    n += 1
        before, last = last, character
    return found[:n]


@compiled("float64(float64[::1])")
def total(values: Any) -> float:
    """`sum(values)` of this Python version, for finite floats."""
    result = 0.0
    error = 0.0
    for value in values:
        t = result + value
        if COMPENSATED:
            error += (result - t) + value if abs(result) >= abs(value) else (value - t) + result
        result = t
    return result + error


@compiled(
    "float64[::1](uint32[::1], uint32[::1], uint8[::1], float64[::1], int64, uint32[::1], float64[:, ::1])",
)
def run_trials(
    found: Any, starts: Any, columns: Any, shares: Any, languages: int, words: Any, weights: Any
) -> npt.NDArray[np.float64]:
    """Mean probability of each language (L,), 0..1, over the trials.

    A trial starts with all languages equally likely, multiplies in n-grams drawn at random, and normalises after the
    first draw and every fifth from there on, until one language is all but certain.

    Args:
        found: (n,) rows of the text's n-grams, n > 0.
        starts, columns, shares: see `NGramTable`.
        languages: L.
        words, weights: see `Stream`.
    """
    n = len(found)
    bits = 0
    while n >> bits:
        bits += 1
    mean = np.zeros(languages)
    chances = np.empty(languages)
    factors = np.empty(languages)
    place = 0  # in the stream
    pair = 0  # where the weights of this trial and its neighbour lie
    for trial in range(TRIALS):
        if trial % 2 == 0:
            pair = place
            place += GAUSS_WORDS
        weight = weights[pair, trial % 2]
        chances[:] = 1.0 / languages
        draw = 0
        while True:
            # random.choice: the upper bits of a word, as many as n has, and the next word while that is n or more.
            pick = words[place] >> (32 - bits)
            while pick >= n:
                place += 1
                pick = words[place] >> (32 - bits)
            place += 1
            factors[:] = weight
            row = found[pick]
            for i in range(starts[row], starts[row + 1]):
                factors[columns[i]] = weight + shares[i]
            for i in range(languages):
                chances[i] *= factors[i]
            if draw % STEP == 0:
                whole = total(chances)
                most = 0.0
                for i in range(languages):
                    chances[i] /= whole
                    most = max(most, chances[i])
                if most > CERTAIN or draw >= LAST_DRAW:
                    break
            draw += 1
        for i in range(languages):
            mean[i] += chances[i] / TRIALS
    return mean
