"""Small fastText models with any loss, written byte by byte in the library's format."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

SOFTMAX, HIERARCHICAL, ONE_VS_ALL = 3, 1, 4  # args.h loss_name
WORDS = ("</s>", "one", "two", "\u00e9t\u00e9", "three", "four")
LABELS = ("en", "fr", "no")


def model_bytes(
    loss: int = SOFTMAX,
    word_ngrams: int = 1,
    buckets: int = 50,
    longest: int = 3,
    words: Sequence[str] = WORDS,
    labels: Sequence[str] = LABELS,
    seed: int | None = None,
    quantised: bool = False,
    kept: int | None = None,
) -> bytes:
    """A model of four dimensions; with weights from a formula, or drawn with a seed.

    `quantised` keeps codes of centroids, and of the buckets the first `kept` alone, if that is a number.
    """
    entries = [(name, 9 - i, 0) for i, name in enumerate(words)]
    entries += [(f"__label__{name}", 30 - i, 1) for i, name in enumerate(labels)]
    head = struct.pack("<2i12id", 793712314, 12, 4, 5, 5, 1, 5, word_ngrams, loss, 3, buckets, 2, longest, 100, 1e-4)
    head += struct.pack("<3i2q", len(entries), len(words), len(labels), 99, -1 if kept is None else kept)
    names = b"".join(name.encode() + b"\0" + struct.pack("<qb", count, kind) for name, count, kind in entries)
    pruned = b"" if kept is None else np.array([(buckets - 1 - i, i) for i in range(kept)], np.int32).tobytes()
    rows = len(words) + (buckets if kept is None else kept)
    draw = np.random.default_rng(seed)
    if quantised:
        inputs = b"\1" + _quantised(draw, rows)
    else:
        flat = np.sin(np.arange(rows * 4)) if seed is None else draw.normal(size=rows * 4)
        inputs = b"\0" + _dense(flat.reshape(-1, 4))
    flat = np.cos(np.arange(4 * len(labels))) if seed is None else draw.normal(size=4 * len(labels))
    return head + names + pruned + inputs + b"\0" + _dense(flat.reshape(-1, 4))


def _dense(matrix: np.ndarray) -> bytes:
    return struct.pack("<2q", *matrix.shape) + matrix.astype(np.float32).tobytes()


def _quantised(draw: np.random.Generator, rows: int) -> bytes:
    """QMatrix::save: two codes a row, and one of its norm."""
    codes, norms = draw.integers(0, 256, (rows, 2), np.uint8), draw.integers(0, 256, rows, np.uint8)
    found = b"\1" + struct.pack("<2qi", rows, 4, codes.size) + codes.tobytes()
    found += struct.pack("<4i", 4, 2, 2, 2) + draw.normal(size=4 * 256).astype(np.float32).tobytes()
    return found + norms.tobytes() + struct.pack("<4i", 1, 1, 1, 1) + draw.random(256, np.float32).tobytes()
