"""Models of n-grams of bytes, of a corpus and of any of its parts, by counts that add up.

What a context was followed by is mixed with what the context less its first byte says, down to the single byte:

    p(byte | context) = (count(context + byte) + e * p(byte | shorter context)) / (count(context) + e)
    e = ESCAPE * sqrt(count(context))

Witten and Bell (1991) take for e how many different bytes have followed the context. That number is no sum over parts,
and it grows as the root of the count does on the pages of a crawl; the root itself reads unseen text better, because a
crawl repeats itself: `python -m bench.smoothing` prints both.
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
CORPUS_PARTS = 32  # of a corpus; what its pages are spread over by the hash of their site

_ALPHABET = 256

SitedText = tuple[str, str]  # the site whose page it is, and its text; a page of no site has its own text there


class GramCounts(NamedTuple):
    """What was counted of a corpus, a row a part."""

    counts: NDArray[np.uint32]  # (CORPUS_PARTS, nodes) how often each string of the table stands in the part
    bytes: NDArray[np.int64]  # (CORPUS_PARTS,)
    pages: NDArray[np.int64]  # (CORPUS_PARTS,)


def no_counts(strings: Strings) -> GramCounts:
    """Of a corpus of which nothing has been read."""
    rows = np.zeros((CORPUS_PARTS, len(strings.last)), np.uint32)
    return GramCounts(rows, np.zeros(CORPUS_PARTS, np.int64), np.zeros(CORPUS_PARTS, np.int64))


def count_grams(strings: Strings, pages: Iterable[SitedText]) -> GramCounts:
    """Reads a corpus once. The order of its pages is of no account."""
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
    """(bytes of the texts,) What each byte of the test texts costs the model of these counts (nodes,), in bits."""
    chances = np.empty(len(counts))
    _chances(
        strings.prefix.ctypes.data, strings.suffix.ctypes.data, counts.ctypes.data, len(counts), chances.ctypes.data
    )
    bits: NDArray[np.float64] = -np.log2(chances)[strings.longest]
    return bits


@native("void(int32*, int32*, int64*, int64, float64*)")
def _chances(prefix: Any, suffix: Any, counts: Any, nodes: int, chances: Any) -> None:
    """Fills `chances` with the probability of the last byte of each string behind the others."""
    chances[0] = 1 / _ALPHABET
    for node in range(1, nodes):
        seen = float(counts[prefix[node]])
        shorter = chances[suffix[node]]
        if seen == 0:
            chances[node] = shorter
        else:
            escape = ESCAPE * seen**0.5
            chances[node] = (counts[node] + escape * shorter) / (seen + escape)
