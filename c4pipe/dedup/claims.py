"""Packed claims on lines and spans, and who wins them. Pure numpy, 20 bytes a claim.

Collisions: keys are 64 bits, so among n different lines about n**2 / 2**65 pairs share a key by chance: 27 pairs for a
crawl of 3e10 lines, each of which costs one line. A page's priority is 64 of the 128 bits of its URL's MD5; two pages
that tie there (n**2 / 2**65 again) and claim the same line are told apart by their place in the input.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

CLAIM = np.dtype([("key", "<u8"), ("priority", "<u8"), ("row", "<u4")])
LOSS = np.dtype([("row", "<u4"), ("owner", "<u8")])  # a row that loses, and the priority of the page that wins
INSIDE = np.dtype([*LOSS.descr, ("winner", "<u4")])  # one that loses to a row of its own group
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


def collapse(found: NDArray[np.void]) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """The best claim on each key, sorted by key, and as `INSIDE` the rows that lost already inside the group."""
    ordered = found[np.lexsort((found["row"], found["priority"], found["key"]))]
    first = np.ones(len(ordered), bool)
    first[1:] = ordered["key"][1:] != ordered["key"][:-1]
    best = ordered[first]
    won = best[np.cumsum(first)[~first] - 1]
    lost = np.empty(len(won), INSIDE)
    lost["row"], lost["owner"], lost["winner"] = ordered["row"][~first], won["priority"], won["row"]
    return best, lost


def scatter(ordered: NDArray[np.void], partitions: int) -> Iterator[tuple[int, bytes]]:
    """Rows sorted by key, cut into (partition, packed rows) by the top bits of the key; `partitions` a power of two."""
    shift = np.uint64(64 - (partitions.bit_length() - 1))
    bounds = (np.arange(1, partitions, dtype=np.uint64) << shift) if partitions > 1 else np.empty(0, np.uint64)
    cuts = [0, *np.searchsorted(ordered["key"], bounds).tolist(), len(ordered)]
    for partition, (start, stop) in enumerate(pairwise(cuts)):
        if stop > start:
            yield partition, ordered[start:stop].tobytes()


def losers(blobs: Iterable[Blob]) -> dict[int, NDArray[np.void]]:
    """Of all claims of a partition, as `LOSS` the rows that lose, by group. The order of the blobs does not matter."""
    blobs = sorted(blobs)
    found = [np.frombuffer(data, CLAIM) for _, data in blobs]
    if not found:
        return {}
    everything = np.concatenate(found)
    groups = np.repeat(np.array([group for group, _ in blobs], np.uint32), [len(rows) for rows in found])
    order = np.lexsort((everything["row"], groups, everything["priority"], everything["key"]))
    keys = everything["key"][order]
    first = np.ones(len(order), bool)
    first[1:] = keys[1:] != keys[:-1]
    owners = everything["priority"][order[first][np.cumsum(first)[~first] - 1]]
    lost = order[~first]
    losses = np.empty(len(lost), LOSS)
    losses["row"], losses["owner"] = everything["row"][lost], owners
    return by_group(groups[lost], losses)


def all_losses(inside: NDArray[np.void], outside: NDArray[np.void]) -> NDArray[np.void]:
    """What a group lost to itself and to others, as `LOSS`, sorted by row. A row that lost to one of its own group
    which lost to another group in turn is owned there. A row is in one of the two."""
    outside = outside[np.argsort(outside["row"])]
    losses = np.empty(len(inside), LOSS)
    losses["row"], losses["owner"] = inside["row"], inside["owner"]
    if len(outside):
        at = np.minimum(np.searchsorted(outside["row"], inside["winner"]), len(outside) - 1)
        moved = outside["row"][at] == inside["winner"]
        losses["owner"][moved] = outside["owner"][at][moved]
    together = np.concatenate([losses, outside])
    return together[np.argsort(together["row"])]


def by_group(groups: NDArray[np.uint32], losses: NDArray[Any]) -> dict[int, NDArray[Any]]:
    """The rows of each group, or the losses, sorted by row."""
    order = np.lexsort((losses["row"] if losses.dtype.names else losses, groups))
    numbers, starts = np.unique(groups[order], return_index=True)
    return dict(zip(numbers.tolist(), np.split(losses[order], starts[1:]), strict=True)) if len(numbers) else {}


def by_shard(rows: NDArray[np.uint32], sizes: Sequence[int]) -> list[NDArray[np.uint32]]:
    """Sorted rows of a group as rows of its shards, which have `sizes` rows each."""
    ends = np.cumsum(sizes)
    parts = np.split(rows, np.searchsorted(rows, ends[:-1]))
    return [part - np.uint32(end - size) for part, end, size in zip(parts, ends, sizes, strict=True)]


def lost_atoms(total: int, losses: NDArray[np.void], width: int) -> tuple[NDArray[np.bool_], U64]:
    """Which atoms of a group fall when these claims of it are lost, and who owns them. Shapes [total]."""
    lost, owners = np.zeros(total, bool), np.zeros(total, np.uint64)
    for i in reversed(range(width)):  # of several claims on an atom the last one that begins there names the owner
        lost[losses["row"] + i] = True
        owners[losses["row"] + i] = losses["owner"]
    return lost, owners


def owner_of(priority: int) -> str:
    """A page by its claim: the first 16 hex digits of the MD5 of its URL, in SQL `left(md5(url), 16)`.

    >>> owner_of(page_priority("http://a.example/"))
    'b30d4f59eb97517b'
    """
    return f"{priority:016x}"
