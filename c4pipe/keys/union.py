"""Several files of keys as one, a range at a time: memory follows the size of the range."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from c4pipe.keys.blocks import BLOCK_KEYS, KeyArray
from c4pipe.keys.file import MOST_KEY, KeyReader


def merged(readers: Sequence[KeyReader], first: int = 0, last: int = MOST_KEY) -> tuple[KeyArray, KeyArray]:
    """The keys from `first` to `last` of several files, each once, with the smallest of its owners. [keys] both.

    The order of the readers does not matter. Raises BuildError if one is damaged.
    """
    parts = [part for reader in readers if len((part := reader.between(first, last))[0])]
    if not parts:
        return np.empty(0, np.uint64), np.empty(0, np.uint64)
    if len(parts) == 1:
        return parts[0]
    keys, owners = zip(*parts, strict=True)
    return united(np.concatenate(keys), np.concatenate(owners))


def united(keys: KeyArray, owners: KeyArray) -> tuple[KeyArray, KeyArray]:
    """The sorted keys, each once, with the smallest of its owners. Runs that already ascend sort quickly."""
    order = np.argsort(keys, kind="stable")
    keys, owners = keys[order], owners[order]
    again = keys[1:] == keys[:-1]
    if not again.any():
        return keys, owners
    starts = np.flatnonzero(np.concatenate([[True], ~again]))
    return keys[starts], np.minimum.reduceat(owners, starts)


def ranges(readers: Sequence[KeyReader], keys: int) -> Iterator[tuple[int, int]]:
    """(first, last) of consecutive ranges that cover all 64-bit numbers; in each, the files have `keys` keys together,
    or up to one block of each file more."""
    firsts = np.sort(np.concatenate([np.empty(0, np.uint64), *(reader.firsts for reader in readers)]))
    step = max(1, keys // BLOCK_KEYS)
    start = 0
    for bound in np.unique(firsts[step::step]).tolist():
        if bound > start:
            yield start, bound - 1
            start = bound
    yield start, MOST_KEY
