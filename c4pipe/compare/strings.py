"""Every string of up to MOST_GRAM bytes in the test texts, without duplicates: all that a model is ever queried for.

An n-gram model predicts a byte from how often it followed the preceding bytes. So only the strings of the test texts
are counted in a corpus, however large it is, and the counts of two parts add up. While a corpus is read, the longest
string of the table that ends at each byte is followed, as an automaton of Aho and Corasick (1975) does. Only that
string is counted; its suffixes are added up after the last page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.native import native

MOST_GRAM = 6  # bytes of the longest string; a key of 8 bytes holds it completely, so no two strings collide
PAGE_END = b"\xff"  # after each page; it never occurs in UTF-8, so no string spans two pages


class Strings(NamedTuple):
    """The table. Node 0 is the empty string; the others are sorted by length, then by their bytes.

    The children of a node, one byte longer, are `first[node]` to `first[node + 1]`, in the order of that byte.
    """

    levels: tuple[int, ...]  # (MOST_GRAM + 2,) where the strings of each length begin, and where the last end
    first: NDArray[np.int32]  # (nodes + 1,)
    last: NDArray[np.uint8]  # (nodes,) the last byte
    suffix: NDArray[np.int32]  # (nodes,) the string without its first byte
    prefix: NDArray[np.int32]  # (nodes,) the string without its last byte: the context that predicts it
    longest: NDArray[np.int32]  # (bytes of the texts,) the longest string that ends there within its text

    @property
    def deep(self) -> int:
        """The first node without children: a string of MOST_GRAM bytes."""
        return self.levels[MOST_GRAM]


def strings_of(texts: Sequence[bytes]) -> Strings:
    """The strings of these texts; none spans two texts."""
    data = np.frombuffer(b"".join(texts), np.uint8)
    sizes = np.array([len(text) for text in texts], np.int64)
    at = np.arange(len(data)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    levels, none = [0, 1], np.zeros(1, np.int32)
    last, suffix, prefix = [none.astype(np.uint8)], [none], [none]
    longest = np.zeros(len(data), np.int32)
    keys = np.zeros(len(data), np.uint64)  # of the strings that end there, the last byte lowest
    shorter = np.zeros(1, np.uint64)
    for length in range(1, MOST_GRAM + 1):
        keys[length - 1 :] |= data[: max(0, len(data) - length + 1)].astype(np.uint64) << np.uint64(8 * (length - 1))
        ends = at >= length - 1
        found, which = np.unique(keys[ends], return_inverse=True)
        longest[ends] = levels[-1] + which
        tail = found & np.uint64((1 << 8 * (length - 1)) - 1)
        suffix.append((levels[-2] + np.searchsorted(shorter, tail)).astype(np.int32))
        prefix.append((levels[-2] + np.searchsorted(shorter, found >> np.uint64(8))).astype(np.int32))
        last.append(found.astype(np.uint8))
        levels.append(levels[-1] + len(found))
        shorter = found
    parents = np.concatenate(prefix)
    first = 1 + np.searchsorted(parents[1:], np.arange(levels[-1] + 1)).astype(np.int32)
    return Strings(tuple(levels), first, np.concatenate(last), np.concatenate(suffix), parents, longest)


@native("void(uint8*, int64, int32*, uint8*, int32*, int64, uint32*)")
def count_longest(data: Any, size: int, first: Any, last: Any, suffix: Any, deep: int, counts: Any) -> None:
    """Adds 1 to the count of the longest string that ends at each byte; to that of the empty one if there is none."""
    node = 0
    for i in range(size):
        byte = data[i]
        if node >= deep:
            node = suffix[node]
        while True:
            low = first[node]
            end = high = first[node + 1]
            while low < high:
                middle = (low + high) >> 1
                if last[middle] < byte:
                    low = middle + 1
                else:
                    high = middle
            if low < end and last[low] == byte:
                node = low
                break
            if node == 0:
                break
            node = suffix[node]
        counts[node] += 1


@native("void(int32*, int64, uint32*)")
def add_endings(suffix: Any, nodes: int, counts: Any) -> None:
    """Adds the count of each string to those of its suffixes; the empty string is a suffix of all."""
    for node in range(nodes - 1, 0, -1):
        counts[suffix[node]] += counts[node]
