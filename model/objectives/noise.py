"""Which tokens are noise, and what becomes of runs of them. Every array is (N, L): a row an example."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.objectives.base import Ids, KeptIds, Mask, Rngs, Vocabulary


def draws(rngs: Rngs, count: int) -> NDArray[np.float64]:
    """(N, count) numbers in [0, 1), a row from each generator."""
    return np.array([rng.random(count) for rng in rngs]).reshape(len(rngs), count)


def span_noise(rngs: Rngs, clean: int, noise: int, spans: int) -> Mask:
    """Where noise is, in rows of `spans` clean spans and `spans` noise spans in turn, the first clean, the last noise.

    The lengths of either kind are a random way to write its number of tokens as an ordered sum of `spans` positive
    numbers, all ways equally likely.
    """
    numbers = draws(rngs, clean - 1 + noise - 1)
    lengths = np.stack([_parts(numbers[:, : clean - 1], spans), _parts(numbers[:, clean - 1 :], spans)], axis=2)
    in_turn = np.tile([False, True], len(rngs) * spans)
    return np.repeat(in_turn, lengths.ravel()).reshape(len(rngs), clean + noise)


def _parts(numbers: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """The lengths (N, count) of the parts of T tokens, from random `numbers` (N, T - 1).

    A number stands for the gap after a token, and the count - 1 smallest of a row are its cuts.
    """
    rows, gaps = numbers.shape
    ends = np.full((rows, count), gaps + 1)
    if count > 1:
        ends[:, :-1] = np.sort(np.argpartition(numbers, count - 2, axis=1)[:, : count - 1], axis=1) + 1
    return np.diff(ends, axis=1, prepend=0)


def iid_noise(rngs: Rngs, length: int, density: float) -> Mask:
    """Each token is noise with probability `density`; where none is, the one that came nearest."""
    numbers = draws(rngs, length)
    noise: Mask = numbers <= np.maximum(density, numbers.min(axis=1, keepdims=True))
    return noise


def run_starts(mask: Mask) -> Mask:
    """Where a run of true values begins."""
    starts = mask.copy()
    starts[:, 1:] &= ~mask[:, :-1]
    return starts


def runs_to_sentinels(tokens: Ids, mask: Mask, vocabulary: Vocabulary) -> KeptIds:
    """Each run of true values becomes one sentinel, numbered from 0 in each row; the other tokens stay."""
    starts = run_starts(mask)
    numbered = vocabulary.size - np.cumsum(starts, axis=1, dtype=np.int32)
    return KeptIds(np.where(starts, numbered, tokens), ~mask | starts)
