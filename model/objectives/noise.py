"""Which tokens are noise, and what becomes of runs of them.

Masks are (N, L) where nothing else is said: a row an example, and false in its padding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.objectives.base import Chunks, KeptIds, Mask, Rngs, RowCounts, Vocabulary


def draws(rngs: Rngs, counts: RowCounts, width: int) -> NDArray[np.float64]:
    """(N, width): `counts[n]` numbers in [0, 1) from generator n, and on their right 1, which is above them all."""
    numbers = np.ones((len(rngs), width))
    for row, rng, count in zip(numbers, rngs, counts.tolist(), strict=True):
        rng.random(out=row[:count])
    return numbers


def span_noise(rngs: Rngs, clean: RowCounts, noise: RowCounts, spans: RowCounts, text: Mask) -> Mask:
    """Where noise is, in rows of `spans` clean spans and `spans` noise spans in turn, the first clean, the last noise.

    The lengths of either kind are a random way to write its number of tokens as an ordered sum of `spans` positive
    numbers, all ways equally likely. `clean`, `noise` and `spans` are (N,); `text` has `clean + noise` tokens a row.
    """
    lengths = np.stack([_parts(rngs, clean, spans), _parts(rngs, noise, spans)], axis=1)
    mask = np.zeros_like(text)
    mask[text] = np.repeat(np.tile([False, True], len(lengths)), lengths.ravel())
    return mask


def _parts(rngs: Rngs, tokens: RowCounts, counts: RowCounts) -> NDArray[np.int64]:
    """Row n's tokens in `counts[n]` parts: the lengths of all parts, those of a row after those of the one before.

    A number is drawn for the gap after each token but the last, and the smallest of a row are its cuts.
    """
    numbers = draws(rngs, tokens - 1, int(tokens.max(initial=0)))
    numbers[np.arange(len(tokens)), tokens - 1] = -1  # after the last token there is always a cut
    smallest = np.arange(numbers.shape[1]) < counts[:, None]
    cuts = np.empty_like(smallest)
    np.put_along_axis(cuts, np.argsort(numbers, axis=1), smallest, axis=1)
    rows, last = np.nonzero(cuts)  # the last token of each part
    return np.diff((np.cumsum(tokens) - tokens)[rows] + last + 1, prepend=0)


def iid_noise(rng: np.random.Generator, size: int, density: float) -> Mask:
    """(size,): each token is noise with probability `density`; where none is, the one that came nearest."""
    numbers = rng.random(size)
    noise: Mask = numbers <= max(density, numbers.min())
    return noise


def run_starts(mask: Mask) -> Mask:
    """Where a run of true values begins, in one row or in many."""
    starts = mask.copy()
    starts[..., 1:] &= ~mask[..., :-1]
    return starts


def runs_to_sentinels(chunks: Chunks, mask: Mask, vocabulary: Vocabulary) -> KeptIds:
    """Each run of true values becomes one sentinel, numbered from 0 in each row; the other tokens stay."""
    starts = run_starts(mask)
    numbered = vocabulary.size - np.cumsum(starts, axis=1, dtype=np.int32)
    return KeptIds(np.where(starts, numbered, chunks.ids), chunks.text & ~mask | starts)
