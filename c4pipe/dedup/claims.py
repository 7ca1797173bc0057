"""Packed claims on lines and spans, and who wins them. Pure numpy, 20 bytes a claim.

Collisions: keys are 64 bits, so among n different lines about n**2 / 2**65 pairs share a key by chance: 27 pairs for a
crawl of 3e10 lines, each of which costs one line. A page's priority is 64 of the 128 bits of its URL's MD5; two pages
that tie there (n**2 / 2**65 again) and claim the same line are told apart by their place in the input.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CLAIM = np.dtype([("key", "<u8"), ("priority", "<u8"), ("row", "<u4")])
U64 = NDArray[np.uint64]
Blob = tuple[int, bytes]  # group number, packed rows of one partition


class Atoms(NamedTuple):
    """The lines or sentences of a group of shards, page after page, as hashes."""

    hashes: U64  # [atoms]
    counts: NDArray[np.int64]  # [pages] atoms of each page
    priorities: U64  # [pages] the smaller wins


def page_priority(url: str) -> int:
    """A page's claim on its lines: the smallest MD5 of the URL as crawled wins (c4_utils.remove_duplicate_text)."""
    return int.from_bytes(hashlib.md5(url.encode(), usedforsecurity=False).digest()[:8], "big")


def claims(atoms: Atoms, width: int, alive: NDArray[np.bool_]) -> NDArray[np.void]:
    """A claim for every run of `width` atoms within one page that is alive; its row is the number of its first atom."""
    pages = np.repeat(np.arange(len(atoms.counts)), atoms.counts)
    last = len(pages) - width + 1
    if last <= 0:
        return np.empty(0, CLAIM)
    rows = np.flatnonzero((pages[:last] == pages[width - 1 :]) & alive[pages[:last]])
    found = np.empty(len(rows), CLAIM)
    found["key"] = _combine([atoms.hashes[rows + i] for i in range(width)])
    found["priority"] = atoms.priorities[pages[rows]]
    found["row"] = rows
    return found


def _combine(hashes: list[U64]) -> U64:
    """One hash from several, order mattering: MurmurHash3's finaliser (fmix64) over the running sum."""
    mixed = hashes[0]
    for following in hashes[1:]:
        mixed = _fmix64(mixed) + following
    return _fmix64(mixed) if len(hashes) > 1 else mixed


def _fmix64(x: U64) -> U64:
    x = (x ^ (x >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    x = (x ^ (x >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return x ^ (x >> np.uint64(33))


def collapse(found: NDArray[np.void]) -> tuple[NDArray[np.void], NDArray[np.uint32]]:
    """The best claim on each key, sorted by key, and the rows that lost already inside the group."""
    ordered = found[np.lexsort((found["row"], found["priority"], found["key"]))]
    first = np.ones(len(ordered), bool)
    first[1:] = ordered["key"][1:] != ordered["key"][:-1]
    return ordered[first], ordered["row"][~first]


def scatter(ordered: NDArray[np.void], partitions: int) -> Iterator[tuple[int, bytes]]:
    """Rows sorted by key, cut into (partition, packed rows) by the top bits of the key; `partitions` a power of two."""
    shift = np.uint64(64 - (partitions.bit_length() - 1))
    bounds = (np.arange(1, partitions, dtype=np.uint64) << shift) if partitions > 1 else np.empty(0, np.uint64)
    cuts = [0, *np.searchsorted(ordered["key"], bounds).tolist(), len(ordered)]
    for partition, (start, stop) in enumerate(pairwise(cuts)):
        if stop > start:
            yield partition, ordered[start:stop].tobytes()


def losers(blobs: Iterable[Blob]) -> dict[int, NDArray[np.uint32]]:
    """Of all claims of a partition, the rows that lose, by group. The order of the blobs does not matter."""
    blobs = sorted(blobs)
    found = [np.frombuffer(data, CLAIM) for _, data in blobs]
    if not found:
        return {}
    everything = np.concatenate(found)
    groups = np.repeat(np.array([group for group, _ in blobs], np.uint32), [len(rows) for rows in found])
    order = np.lexsort((everything["row"], groups, everything["priority"], everything["key"]))
    keys = everything["key"][order]
    lost = order[1:][keys[1:] == keys[:-1]]
    return by_group(groups[lost], everything["row"][lost])


def by_group(groups: NDArray[np.uint32], rows: NDArray[np.uint32]) -> dict[int, NDArray[np.uint32]]:
    """The rows of each group, sorted."""
    order = np.lexsort((rows, groups))
    numbers, starts = np.unique(groups[order], return_index=True)
    return dict(zip(numbers.tolist(), np.split(rows[order], starts[1:]), strict=True)) if len(numbers) else {}


def by_shard(rows: NDArray[np.uint32], sizes: Sequence[int]) -> list[NDArray[np.uint32]]:
    """Sorted rows of a group as rows of its shards, which have `sizes` rows each."""
    ends = np.cumsum(sizes)
    parts = np.split(rows, np.searchsorted(rows, ends[:-1]))
    return [part - np.uint32(end - size) for part, end, size in zip(parts, ends, sizes, strict=True)]


def lost_atoms(total: int, rows: NDArray[np.uint32], width: int) -> NDArray[np.bool_]:
    """Which atoms of a group fall when the claims that begin at `rows` are lost. Shape [total]."""
    lost = np.zeros(total, bool)
    for i in range(width):
        lost[rows + i] = True
    return lost
