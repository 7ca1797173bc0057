"""Counting passages: every key that a level claims, and the texts and places of those that are drawn.

Two walks: the first takes 16 bytes of memory a passage, and as much again while keys are sorted; the second looks again
at the pages alone that hold what was drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from c4pipe.dedup import TextLevel
from c4pipe.dedup.claims import U64, Atoms, claims
from c4pipe.passages.reading import ReadPage
from c4pipe.shards.passages import BUCKETS_A_DOUBLING, PASSAGES_SCHEMA

PAGES_AT_ONCE = 256
_SHUFFLE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no two keys get one number: 2**64 over the golden ratio


class PassageCounts(NamedTuple):
    """Keys in ascending order, and how often each is claimed. [passages] both."""

    keys: U64
    counts: NDArray[np.int64]

    @property
    def buckets(self) -> NDArray[np.int64]:
        """See `shards.passages.bucket_of`."""
        return (BUCKETS_A_DOUBLING * np.log2(self.counts) + 1e-9).astype(np.int64)

    def of(self, keys: U64) -> NDArray[np.int64]:
        """The counts of other keys, 0 of what is not here."""
        at = np.minimum(np.searchsorted(self.keys, keys), max(len(self.keys) - 1, 0))
        if not len(self.keys):
            return np.zeros(len(keys), np.int64)
        return np.where(self.keys[at] == keys, self.counts[at], 0)


class Claimed(NamedTuple):
    """What a page claims: keys, and the atom that each begins with."""

    page: ReadPage
    keys: U64
    atoms: NDArray[np.int64]


def claimed(pages: Iterable[ReadPage], level: TextLevel) -> Iterator[Claimed]:
    """Each page with the keys of its passages."""
    left = iter(pages)
    while batch := [*islice(left, PAGES_AT_ONCE)]:
        rows = [level.atoms(page.text) for page in batch]
        atoms = Atoms.of(rows, np.zeros(len(batch), np.uint64))
        found = claims(atoms, level.width, np.ones(len(batch), bool))
        firsts = np.cumsum(atoms.counts) - atoms.counts
        bounds = np.searchsorted(found.rows, np.append(firsts, atoms.counts.sum()))
        for page, first, begin, end in zip(
            batch, firsts.tolist(), bounds[:-1].tolist(), bounds[1:].tolist(), strict=True
        ):
            yield Claimed(page, found.keys[begin:end], found.rows[begin:end].astype(np.int64) - first)


def count_passages(pages: Iterable[ReadPage], level: TextLevel) -> PassageCounts:
    """How often each passage stands in the pages."""
    keys = [np.empty(0, np.uint64), *(one.keys for one in claimed(pages, level))]
    found, counts = np.unique(np.concatenate(keys), return_counts=True)
    return PassageCounts(found, counts.astype(np.int64))


def drawn(counts: PassageCounts, each: int, least: int = 1) -> U64:
    """At most so many keys of each bucket, of passages that stand there `least` times: always the same ones, and of a
    larger number all that a smaller one draws."""
    keys, buckets = counts.keys[counts.counts >= least], counts.buckets[counts.counts >= least]
    order = np.lexsort((keys * _SHUFFLE, buckets))
    buckets = buckets[order]
    place = np.arange(len(order)) - np.searchsorted(buckets, buckets)  # in its bucket
    return np.sort(keys[order[place < each]])


def found_again(
    pages: Iterable[ReadPage], level: TextLevel, keys: U64, counts: PassageCounts, with_places: bool
) -> pa.Table:
    """The table of these ascending keys: with the text of each and, where they are asked for, its places."""
    texts: dict[int, str] = {}
    places: dict[int, list[dict[str, object]]] = {key: [] for key in keys.tolist()}
    for page, mine, atoms in claimed(pages, level):
        there = np.flatnonzero(np.isin(mine, keys))
        if not len(there):
            continue
        bounds = level.places(page.text)
        for key, atom in zip(mine[there].tolist(), atoms[there].tolist(), strict=True):
            start, end = bounds[atom][0], bounds[atom + level.width - 1][1]
            texts.setdefault(key, page.text[start:end].strip())
            if with_places:
                places[key].append({"shard": page.file, "row": page.row, "start": start})
    every = sorted(zip(counts.of(keys).tolist(), keys.tolist(), strict=True))
    rows = [{"key": key, "count": n, "text": texts.get(key, ""), "places": places[key]} for n, key in every]
    return pa.Table.from_pylist(rows, PASSAGES_SCHEMA)
