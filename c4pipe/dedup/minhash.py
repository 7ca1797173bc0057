"""MinHash (Broder 1997): a few numbers per text, from which the share of common shingles of two texts is estimated.

    words --shingles--> runs of words as 32 bits --minima--> the smallest under each of many permutations
    minima --band_keys--> 64 bits for each few of them, which similar texts have in common
    minima --sketch--> one byte of each, from which similarity is estimated

All numbers are the same on every machine: permutations and sums come from SplitMix64 (Steele, Lea and Flood 2014) with
the seeds below, and may never change, because corpora store results computed with them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from c4pipe.dedup.claims import U64
from c4pipe.native import native

U32 = NDArray[np.uint32]

OF_SHINGLES, OF_PERMUTATIONS, OF_BANDS = 1, 2, 3  # seeds: the factors of words, of permutations, of band keys
BY_CHANCE = 2**-8  # probability that two bytes of a sketch agree although the minima differ

_HALF = np.uint64(32)
_MOST = np.uint32(0xFFFFFFFF)


@cache
def factors(seed: int, count: int) -> U64:
    """The first numbers of SplitMix64 from a seed."""
    z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    z.setflags(write=False)
    return z


def shingle_hashes(words: U64, width: int) -> U32:
    """A hash of every run of `width` words, in order; if there are fewer words, one of all; none without words.

    The upper half of the sum of products of hashes and factors: multilinear hashing (Carter and Wegman 1979).
    """
    width = min(width, len(words))
    sums = np.zeros(len(words) - width + 1 if width else 0, np.uint64)
    for i, factor in enumerate(factors(OF_SHINGLES, width)):
        sums += words[i : i + len(sums)] * factor
    return (sums >> _HALF).astype(np.uint32)


def minima(shingles: U32, count: int) -> U32:
    """(count,) The smallest shingle under each permutation; there is at least one shingle.

    A permutation is the upper half of a * shingle + b in 64 bits: multiply-shift (Dietzfelbinger 1996).
    """
    found = np.empty(count, np.uint32)
    permutations = factors(OF_PERMUTATIONS, 2 * count)
    find_minima(shingles.ctypes.data, len(shingles), permutations.ctypes.data, count, found.ctypes.data)
    return found


def band_keys(least: U32, rows: int) -> U64:
    """(bands,) One key for each `rows` minima, by multilinear hashing again; own factors keep the bands' keys apart."""
    products = (least * factors(OF_BANDS, len(least))).reshape(-1, rows)
    keys: U64 = products.sum(axis=1, dtype=np.uint64)
    return keys


def sketch(least: U32) -> bytes:
    """The lowest byte of each minimum: b-bit minwise hashing (Li and Koenig 2010), b = 8."""
    return least.astype(np.uint8).tobytes()


def estimated(one: bytes, other: bytes) -> float:
    """The Jaccard similarity of the texts behind two sketches of the same length, 0..1: the share of the bytes that
    agree, less what agrees by chance (Li and Koenig 2010, with few shingles compared with 2**32). For n minima the
    error has a standard deviation of sqrt(s * (1 - s) / n), 0.04 for 112 minima and s = 0.8. 0 for empty sketches."""
    if not one or not other:
        return 0.0
    agree = float(np.mean(np.frombuffer(one, np.uint8) == np.frombuffer(other, np.uint8)))
    return max(0.0, (agree - BY_CHANCE) / (1 - BY_CHANCE))


def jaccard(one: U32, other: U32) -> float:
    """The share of the shingles of two texts that both have, 0..1, from their sorted distinct hashes; 0 without any."""
    both = len(np.intersect1d(one, other, assume_unique=True))
    return both / max(len(one) + len(other) - both, 1)


@native("void(uint32*, int64, uint64*, int64, uint32*)")
def find_minima(shingles: Any, n: int, permutations: Any, count: int, found: Any) -> None:
    """Fills `found` (count,) with the smallest of `n` shingles under each permutation, given a and b side by side."""
    for k in range(count):
        a, b = permutations[2 * k], permutations[2 * k + 1]
        least = _MOST
        for i in range(n):  # without branches: as many shingles at once as the processor holds
            least = min(least, np.uint32((a * np.uint64(shingles[i]) + b) >> _HALF))
        found[k] = least
