"""Byte n-gram models of a corpus and of any of its parts, from counts that add up.

The bytes that followed a context are mixed with the prediction of the context less its first byte, down to the single
byte:

    p(byte | context) = (count(context + byte) + e * p(byte | shorter context)) / (count(context) + e)
    e = ESCAPE * sqrt(count(context))

Witten and Bell (1991) take for e the number of distinct bytes that followed the context. That number is not a sum over
parts, and on crawled pages it grows as the square root of the count. The root itself predicts unseen text better,
because a crawl repeats itself: `python -m bench.smoothing` prints both.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.compare.strings import PAGE_END, Strings, add_endings, count_longest
from c4pipe.native import native
from c4pipe.text import hash64

ESCAPE = 4.0
CORPUS_PARTS = 32  # of a corpus; pages are distributed by the hash of their site

_ALPHABET = 256

SitedText = tuple[str, str]  # a page's site and text; a page without a site uses its text


class GramCounts(NamedTuple):
    """Counts of a corpus, one row per part."""

    counts: NDArray[np.uint32]  # (CORPUS_PARTS, nodes) how often each string of the table occurs in the part
    bytes: NDArray[np.int64]  # (CORPUS_PARTS,)
    pages: NDArray[np.int64]  # (CORPUS_PARTS,)


def no_counts(strings: Strings) -> GramCounts:
    """The counts of a corpus before anything is read."""
    rows = np.zeros((CORPUS_PARTS, len(strings.last)), np.uint32)
    return GramCounts(rows, np.zeros(CORPUS_PARTS, np.int64), np.zeros(CORPUS_PARTS, np.int64))


def count_grams(strings: Strings, pages: Iterable[SitedText]) -> GramCounts:
    """Reads a corpus once. The order of its pages does not matter."""
    counted = no_counts(strings)
    table = [array.ctypes.data for array in (strings.first, strings.last, strings.suffix)]
    rows = [row.ctypes.data for row in counted.counts]
    for site, text in pages:
        part = hash64(site) % CORPUS_PARTS
        data = text.encode("utf-8", "surrogatepass")
        count_longest(data + PAGE_END, len(data) + 1, *table, strings.deep, rows[part])
        counted.bytes[part] += len(data)
        counted.pages[part] += 1
    for row in rows:
        add_endings(table[2], len(strings.last), row)
    return counted


def byte_bits(strings: Strings, counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(bytes of the texts,) The cost of each byte of the test texts in bits, by the model of these counts (nodes,)."""
    chances = np.empty(len(counts))
    _chances(
        strings.prefix.ctypes.data, strings.suffix.ctypes.data, counts.ctypes.data, len(counts), chances.ctypes.data
    )
    bits: NDArray[np.float64] = -np.log2(chances)[strings.longest]
    return bits


@native("void(int32*, int32*, int64*, int64, float64*)")
def _chances(prefix: Any, suffix: Any, counts: Any, nodes: int, chances: Any) -> None:
    """Fills `chances` with the probability of the last byte of each string after the others."""
    chances[0] = 1 / _ALPHABET
    for node in range(1, nodes):
        seen = float(counts[prefix[node]])
        shorter = chances[suffix[node]]
        if seen == 0:
            chances[node] = shorter
        else:
            escape = ESCAPE * seen**0.5
            chances[node] = (counts[node] + escape * shorter) / (seen + escape)
