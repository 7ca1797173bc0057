"""Counts passages: every key that a level claims, and the texts and places of a drawn sample.

Two passes: the first takes 16 bytes of memory per passage and per atom, and up to four times as much while sorting; the
second reads only the pages that hold drawn passages again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any, NamedTuple

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
    """How often passages and their atoms (lines, sentences) occur in some pages."""

    keys: U64  # [passages] ascending
    counts: NDArray[np.int64]  # [passages]
    most: NDArray[np.int64]  # [passages] the count of the most frequent atom of each
    atoms: U64  # [atoms] ascending
    atom_counts: NDArray[np.int64]  # [atoms]

    @property
    def buckets(self) -> NDArray[np.int64]:
        """See `shards.passages.bucket_of`."""
        return (BUCKETS_A_DOUBLING * np.log2(self.counts) + 1e-9).astype(np.int64)

    def of(self, keys: U64) -> NDArray[np.int64]:
        """The counts of other passages, 0 for those not here."""
        return _looked_up(self.keys, self.counts, keys)

    def most_of(self, atoms: U64) -> int:
        """The count of the most frequent one of some atoms."""
        return int(_looked_up(self.atoms, self.atom_counts, atoms).max(initial=0))


def _looked_up(keys: U64, values: NDArray[np.int64], asked: U64) -> NDArray[np.int64]:
    """The values of ascending keys at other keys, 0 if absent."""
    if not len(keys):
        return np.zeros(len(asked), np.int64)
    at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[at] == asked, values[at], 0)


class Claimed(NamedTuple):
    """The claims of a page."""

    page: ReadPage
    hashes: U64  # the hashes of its atoms
    keys: U64
    firsts: NDArray[np.int64]  # the number of each passage's first atom


def claimed(pages: Iterable[ReadPage], level: TextLevel) -> Iterator[Claimed]:
    """Each page with the keys of its passages."""
    left = iter(pages)
    while batch := [*islice(left, PAGES_AT_ONCE)]:
        atoms = Atoms.of([level.atoms(page.text) for page in batch], np.zeros(len(batch), np.uint64))
        found = claims(atoms, level.width, np.ones(len(batch), bool))
        edges = np.cumsum([0, *atoms.counts])  # the atoms of each page are between two edges
        bounds = np.searchsorted(found.rows, edges)
        for number, page in enumerate(batch):
            mine, (begin, end) = slice(*bounds[number : number + 2]), edges[number : number + 2]
            firsts = found.rows[mine].astype(np.int64) - begin
            yield Claimed(page, atoms.hashes[begin:end], found.keys[mine], firsts)


def count_passages(pages: Iterable[ReadPage], level: TextLevel) -> PassageCounts:
    """How often each passage occurs in the pages."""
    hashes, keys, firsts, done = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)], [np.empty(0, np.int64)], 0
    for one in claimed(pages, level):
        hashes.append(one.hashes)
        keys.append(one.keys)
        firsts.append(one.firsts + done)
        done += len(one.hashes)
    atoms, of_place, atom_counts = np.unique(np.concatenate(hashes), return_inverse=True, return_counts=True)
    found, first, counts = np.unique(np.concatenate(keys), return_index=True, return_counts=True)
    begins, often = np.concatenate(firsts)[first], atom_counts[of_place]  # its atoms are the same at every occurrence
    most = np.max([often[begins + place] for place in range(level.width)], axis=0, initial=0)
    return PassageCounts(found, counts.astype(np.int64), most.astype(np.int64), atoms, atom_counts.astype(np.int64))


def drawn(counts: PassageCounts, each: int, least: int = 1, alone: bool = False) -> U64:
    """At most so many keys of each bucket: always the same ones, and a larger number draws all that a smaller one does.

    Only passages with `least` occurrences; with `alone`, only those without an atom that occurs more often.
    """
    chosen = (counts.counts >= least) & ((counts.most == counts.counts) if alone else True)
    keys, buckets = counts.keys[chosen], counts.buckets[chosen]
    order = np.lexsort((keys * _SHUFFLE, buckets))
    buckets = buckets[order]
    place = np.arange(len(order)) - np.searchsorted(buckets, buckets)  # the place in its bucket
    return np.sort(keys[order[place < each]])


def found_again(
    pages: Iterable[ReadPage],
    level: TextLevel,
    keys: U64,
    counts: PassageCounts,
    known: Mapping[int, str] = MappingProxyType({}),
    with_places: bool = True,
) -> pa.Table:
    """The table of these ascending keys: with the text of each and, if requested, its places.

    `known` are texts of keys that may not occur in the pages.
    """
    texts = dict(known)
    places: dict[int, list[dict[str, object]]] = {key: [] for key in keys.tolist()}
    for page, _, mine, firsts in claimed(pages, level):
        there = np.flatnonzero(np.isin(mine, keys))
        if not len(there):
            continue
        bounds = level.places(page.text)
        for key, atom in zip(mine[there].tolist(), firsts[there].tolist(), strict=True):
            start, end = bounds[atom][0], bounds[atom + level.width - 1][1]
            texts.setdefault(key, page.text[start:end].strip())
            if with_places:
                places[key].append({"shard": page.file, "row": page.row, "start": start})
    return table_of(keys, texts, places, counts, level)


def table_of(
    keys: U64, texts: Mapping[int, str], places: Mapping[int, Sequence[Any]], counts: PassageCounts, level: TextLevel
) -> pa.Table:
    """The rows of passages with these texts, which may not occur in the counted pages."""
    rows = [
        {
            "key": key,
            "count": count,
            "most": counts.most_of(np.array(level.atoms(texts[key]), np.uint64)),
            "text": texts[key],
            "places": places[key],
        }
        for count, key in sorted(zip(counts.of(keys).tolist(), keys.tolist(), strict=True))
    ]
    return pa.Table.from_pylist(rows, PASSAGES_SCHEMA)
