"""Choosing noise tokens, and replacing runs of them.

Masks are (N, L) unless stated otherwise: one row per example, false in padding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.objectives.base import Chunks, KeptIds, Mask, Rngs, RowCounts, Vocabulary


def draws(rngs: Rngs, counts: RowCounts, width: int) -> NDArray[np.float64]:
    """(N, width): `counts[n]` numbers in [0, 1) from generator n, padded on the right with 1, which is above all of
    them.
    """
    numbers = np.ones((len(rngs), width))
    for row, rng, count in zip(numbers, rngs, counts.tolist(), strict=True):
        rng.random(out=row[:count])
    return numbers


def span_noise(rngs: Rngs, clean: RowCounts, noise: RowCounts, spans: RowCounts, text: Mask) -> Mask:
    """The noise mask of rows of alternating clean and noise spans, `spans` each, from a clean to a noise span.

    The lengths of either kind are a random ordered sum of `spans` positive numbers with the given total, all equally
    likely. `clean`, `noise` and `spans` are (N,); `text` has `clean + noise` tokens per row.
    """
    lengths = np.stack([_parts(rngs, clean, spans), _parts(rngs, noise, spans)], axis=1)
    mask = np.zeros_like(text)
    mask[text] = np.repeat(np.tile([False, True], len(lengths)), lengths.ravel())
    return mask


def _parts(rngs: Rngs, tokens: RowCounts, counts: RowCounts) -> NDArray[np.int64]:
    """The lengths of `counts[n]` parts of row n's tokens, concatenated over rows.

    A number is drawn for the gap after each token except the last; the smallest ones of a row are its cuts.
    """
    numbers = draws(rngs, tokens - 1, int(tokens.max(initial=0)))
    numbers[np.arange(len(tokens)), tokens - 1] = -1  # there is always a cut after the last token
    smallest = np.arange(numbers.shape[1]) < counts[:, None]
    cuts = np.empty_like(smallest)
    np.put_along_axis(cuts, np.argsort(numbers, axis=1), smallest, axis=1)
    rows, last = np.nonzero(cuts)  # the last token of each part
    return np.diff((np.cumsum(tokens) - tokens)[rows] + last + 1, prepend=0)


def iid_noise(rng: np.random.Generator, size: int, density: float) -> Mask:
    """(size,): each token is noise with probability `density`; if none is, the closest one becomes noise."""
    numbers = rng.random(size)
    noise: Mask = numbers <= max(density, numbers.min())
    return noise


def run_starts(mask: Mask) -> Mask:
    """The starts of runs of true values, in one row or many."""
    starts = mask.copy()
    starts[..., 1:] &= ~mask[..., :-1]
    return starts


def runs_to_sentinels(chunks: Chunks, mask: Mask, vocabulary: Vocabulary) -> KeptIds:
    """Each run of true values becomes one sentinel, numbered from 0 in each row; the other tokens stay."""
    starts = run_starts(mask)
    numbered = vocabulary.size - np.cumsum(starts, axis=1, dtype=np.int32)
    return KeptIds(np.where(starts, numbered, chunks.ids), chunks.text & ~mask | starts)
