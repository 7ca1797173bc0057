"""Which runs of words of the texts are looked up: of each few consecutive runs, the rarest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.benchmarks.finding import MULTIPLIER, SPARE_BITS, seen_bits, seen_word

_LEAST_BITS = 8


class Seeds(NamedTuple):
    """Where runs begin, by the first bits of their hashes."""

    bits: int  # the number of bits that select a bucket
    seen: NDArray[np.uint64]  # each seed sets two bits of one word; other runs are no seeds
    first: NDArray[np.int32]  # [2**bits + 1] the number of the first seed of each bucket
    places: NDArray[np.int32]  # [seeds] the first word of each, among all words


def choose_seeds(
    hashes: NDArray[np.uint64], starts: NDArray[np.int64], whole: NDArray[np.bool_], gram: int, step: int, crowded: int
) -> Seeds:
    """Of each `step` consecutive runs of `gram` words in a text, the one that is rarest in all texts, of equal ones the
    first; for a text that must occur as a whole, one in all.

    A run that occurs more than `crowded` times is left out if its text has a rarer one: a phrase of thousands of items
    proves nothing, and costs a comparison each.

    Args:
        hashes: [words] of all texts, concatenated.
        starts: [texts + 1] the first word of each text; none has fewer words than `gram`.
        whole: [texts] whether each must occur as a whole.
    """
    keys = run_hashes(hashes, gram)
    sizes = np.diff(starts) - gram + 1  # runs of each text
    places = np.repeat(starts[:-1] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
    text = np.repeat(np.arange(len(sizes)), sizes)
    keys = keys[places]
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    often = counts[inverse].astype(np.int64)
    within = places - starts[text]
    blocks = np.flatnonzero((within == 0) | (~whole[text] & (within % step == 0)))
    chosen = np.minimum.reduceat(often << 32 | np.arange(len(often)), blocks) & 0xFFFFFFFF if len(blocks) else blocks
    own = np.flatnonzero(np.diff(text[chosen], prepend=-1))  # the first seed of each text
    rarest = np.minimum.reduceat(often[chosen] << 32 | chosen, own) & 0xFFFFFFFF if len(own) else own
    chosen = chosen[(often[chosen] <= crowded) | np.isin(chosen, rarest)]
    return _by_bucket(keys[chosen], places[chosen])


def run_hashes(hashes: NDArray[np.uint64], gram: int) -> NDArray[np.uint64]:
    """[words - gram + 1] For each run the sum of its words' hashes times falling powers of a number, modulo 2**64."""
    runs = max(0, len(hashes) - gram + 1)
    total = np.zeros(runs, np.uint64)
    for i in range(gram):
        total = total * np.uint64(MULTIPLIER) + hashes[i : i + runs]
    return total


def _by_bucket(keys: NDArray[np.uint64], places: NDArray[np.int64]) -> Seeds:
    bits = max(_LEAST_BITS, len(keys).bit_length())
    seen = np.zeros(1 << bits + SPARE_BITS - 6, np.uint64)
    np.bitwise_or.at(seen, seen_word(keys, bits), seen_bits(keys))
    buckets = keys >> np.uint64(64 - bits)
    order = np.argsort(buckets, kind="stable")
    first = np.searchsorted(buckets[order], np.arange((1 << bits) + 1, dtype=np.uint64)).astype(np.int32)
    return Seeds(bits, seen, first, places[order].astype(np.int32))
