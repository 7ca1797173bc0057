"""langdetect's two loops as machine code: over the characters of a text, and over its random trials.

Bit for bit: the package's operations in its order on the same doubles. Nothing is compiled with `fastmath`, so LLVM
neither reorders a sum nor fuses a product and a sum into one rounding.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from c4pipe.native import native

NON_LATIN = 0x300  # a character from here on is not Latin: langdetect 1.0.9 detector.py Detector.cleaning_text
TRIALS = 7  # detector.py Detector.n_trial
CERTAIN = 0.99999  # a trial ends when a language is above it: Detector.CONV_THRESHOLD
LAST_DRAW = 1_000  # ... or at this draw, counted from 0: Detector.ITERATION_LIMIT
DRAWS = 5  # draws between normalisations: "i % 5" in Detector._detect_block
# From Python 3.12 on `sum`, which the package uses to normalise, compensates its rounding error.
COMPENSATED = sys.version_info >= (3, 12)

# The layout of the tables passed in. It is here, not next to the code that fills them, because compiled code counts
# as out of date when this file changes.
CHARACTERS = 0x20000  # no character beyond is changed by langdetect, or is a capital
CAPITAL = 1 << 15  # set in the table of characters if the normalised character is a capital
NO_SYMBOL, BLANK_SYMBOL, OTHER_SYMBOL = (
    0,
    1,
    2,
)  # symbols: no character; a blank; a character in no n-gram of any profile
SYMBOL_BITS = 12  # 3,162 symbols in langdetect 1.0.9
ROW_BITS = 17  # 87,598 n-grams in langdetect 1.0.9
NEAR_BITS = 7  # n-grams of the first 128 symbols (ASCII, the commonest letters of others) also have a direct table
HASH_BITS = 18  # the hash table has 262,144 slots for 87,598 keys: a third full
HASH_FACTOR = 0x9E3779B97F4A7C15  # 2**64 / golden ratio, Fibonacci hashing (Knuth, TAOCP 3, 6.4)
GAUSS_WORDS = 4  # 32-bit words that `random.gauss` reads for a pair of numbers, two for each uniform one

_SYMBOL = CAPITAL - 1
_NEAR = 1 << NEAR_BITS
_NEAR_PAIR = (1 << 2 * NEAR_BITS) - 1
_FACTOR = np.uint64(HASH_FACTOR)
_HOME_SHIFT = np.uint64(64 - HASH_BITS)
_ROW_SHIFT = np.uint64(ROW_BITS)
_ROW = np.uint64((1 << ROW_BITS) - 1)
_END = np.uint64(0)


@native("int64(uint32*, int64, uint16*, uint32*, uint64*, uint32*)")
def find_rows(points: Any, m: int, characters: Any, near: Any, far: Any, found: Any) -> int:
    """Fills `found` with the rows of the n-grams of a text that the profiles have, in the package's order.

    Args:
        points: (m,) code points of the text.
        characters: (CHARACTERS,) the symbol that each becomes.
        near, far: where to find the row of an n-gram, see `NGramTable`.
        found: room for 3 * m.

    Returns:
        The number of rows.
    """
    latin = 0
    others = 0
    for i in range(m):
        latin += ord("A") <= points[i] <= ord("z")
        # Not even the block Latin Extended Additional is spared. The package means to keep it, but compares the block's
        # name with a number (utils/unicode_block.py), and so loses the plain letters of some Vietnamese.
        others += points[i] >= NON_LATIN
    skips_latin = 2 * latin < others

    n = 0
    before, last = NO_SYMBOL, BLANK_SYMBOL  # the two symbols so far
    after_capital = False
    for i in range(m):
        point = points[i]
        if skips_latin and ord("A") <= point <= ord("z"):
            continue
        mark: Any = np.int64(characters[point]) if point < CHARACTERS else OTHER_SYMBOL
        symbol = mark & _SYMBOL
        capital = mark > _SYMBOL
        if last == BLANK_SYMBOL:
            before = NO_SYMBOL
            if symbol == BLANK_SYMBOL:
                continue
        # From the second capital in a row on, n-grams are dropped, up to the next character that is not a capital.
        if not (capital and after_capital):
            if (before | last | symbol) < _NEAR:
                place = (before << 2 * NEAR_BITS) | (last << NEAR_BITS) | symbol
                for key in (symbol, place & _NEAR_PAIR, place):
                    row = near[key]
                    found[n] = row
                    n += row != 0
                if before == NO_SYMBOL:  # no third symbol at a word's start: that would repeat the second
                    n -= row != 0
            else:
                pair = (last << SYMBOL_BITS) | symbol
                triple = (before << 2 * SYMBOL_BITS) | pair
                for key in (symbol, pair, triple if before else NO_SYMBOL):
                    wanted = np.uint64(key)
                    home = (wanted * _FACTOR) >> _HOME_SHIFT
                    while far[home] != _END and far[home] >> _ROW_SHIFT != wanted:
                        home += np.uint64(1)
                    if far[home] != _END:
                        found[n] = np.uint32(far[home] & _ROW)
                        n += 1
        after_capital = capital
        before, last = last, symbol
    return n


@native(
    "int64(uint32*, int64, float64*, int64, uint32*, uint8*, float64*, int64, uint32*, float64*, float64*, float64*,"
    " float64*)"
)
def run_trials(
    found: Any,
    n: int,
    common: Any,
    n_common: int,
    starts: Any,
    columns: Any,
    shares: Any,
    languages: int,
    words: Any,
    weights: Any,
    mean: Any,
    chances: Any,
    factors: Any,
) -> int:
    """Fills `mean` with the mean probability of each language, 0..1, over the trials; returns the first of the best.

    A trial starts with all languages equally likely, multiplies in n-grams drawn at random, and normalises after the
    first draw and every fifth from there on, until one language is all but certain.

    Args:
        found: (n,) rows of the text's n-grams, n > 0.
        common, starts, columns, shares: see `NGramTable`; n_common is C.
        languages: L.
        words, weights: see `RandomStream`.
        mean: room for L.
        chances, factors: room for L and DRAWS * L.
    """
    for i in range(languages):
        mean[i] = 0.0
    bits = 0
    while n >> bits:
        bits += 1
    place = 0  # position in the stream
    pair = 0  # where the weights of this trial and its neighbour are
    for trial in range(TRIALS):
        if trial % 2 == 0:
            pair = place
            place += GAUSS_WORDS
        weight = weights[2 * pair + trial % 2]
        for i in range(languages):
            chances[i] = 1.0 / languages
        last = 0  # draw before the next normalisation
        while True:
            drawn = DRAWS if last else 1
            for k in range(drawn):
                # random.choice: the upper bits of a word, as many as n has; repeated with the next word while that is n
                # or more.
                pick = words[place] >> (32 - bits)
                while pick >= n:
                    place += 1
                    pick = words[place] >> (32 - bits)
                place += 1
                row = found[pick]
                if row < n_common:
                    for i in range(languages):
                        factors[k * languages + i] = weight + common[row * languages + i]
                else:
                    for i in range(languages):
                        factors[k * languages + i] = weight
                    for j in range(starts[row], starts[row + 1]):
                        factors[k * languages + columns[j]] = weight + shares[j]
            if drawn == 1:
                for i in range(languages):
                    chances[i] *= factors[i]
            else:
                for i in range(languages):  # one factor after the other: their product might round differently
                    chance = chances[i] * factors[i]
                    chance *= factors[languages + i]
                    chance *= factors[2 * languages + i]
                    chance *= factors[3 * languages + i]
                    chances[i] = chance * factors[4 * languages + i]

            whole = error = 0.0
            for i in range(languages):
                t = whole + chances[i]
                if COMPENSATED:
                    if abs(whole) >= abs(chances[i]):
                        error += (whole - t) + chances[i]
                    else:
                        error += (chances[i] - t) + whole
                whole = t
            whole += error
            certain = 0
            for i in range(languages):
                chances[i] /= whole
                certain += chances[i] > CERTAIN
            if certain or last >= LAST_DRAW:
                break
            last += DRAWS
        for i in range(languages):
            mean[i] += chances[i] / TRIALS
    best = 0
    for i in range(languages):
        if mean[i] > mean[best]:
            best = i
    return best
