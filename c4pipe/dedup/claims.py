"""Packed claims on lines and spans, and who wins them. Pure numpy, 20 bytes per claim.

Collisions: keys are 64 bits, so among n different lines about n**2 / 2**65 pairs share a key by chance: 27 pairs for a
crawl of 3e10 lines, each of which loses one line. A page's priority is 64 of the 128 bits of the MD5 of its URL, or
of its stand-in. Two pages with the same priority (n**2 / 2**65 again) that claim the same line are ordered by their
place in the input.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CLAIM = np.dtype([("key", "<u8"), ("priority", "<u8"), ("row", "<u4")])
# A losing row, the priority of the winning page, and whether that page belongs to an earlier corpus.
LOSS = np.dtype([("row", "<u4"), ("owner", "<u8"), ("old", "?")])
INSIDE = np.dtype([*LOSS.descr[:2], ("winner", "<u4")])  # a row that loses to one of its own group
U64 = NDArray[np.uint64]
Places = NDArray[np.int64]
Blob = tuple[int, bytes]  # group number, packed rows of one partition


class Atoms(NamedTuple):
    """The lines or sentences of a group of inputs, page after page, as hashes."""

    hashes: U64  # [atoms]
    counts: NDArray[np.int64]  # [pages] atoms of each page
    priorities: U64  # [pages] the smaller wins

    @classmethod
    def of(cls, rows: Sequence[Sequence[int] | U64], priorities: U64) -> Atoms:
        """From one row of atoms per page."""
        counts = np.array([len(row) for row in rows], np.int64)
        return cls(np.fromiter(chain.from_iterable(rows), np.uint64, int(counts.sum())), counts, priorities)


class Owned(NamedTuple):
    """Keys in ascending order, each once, and the priorities of the pages that own them."""

    keys: U64
    owners: U64

    def places_of(self, keys: U64) -> tuple[NDArray[np.bool_], Places]:
        """Which of other ascending keys are among them, [keys], and the place of each, or of the next larger key."""
        places = np.searchsorted(self.keys, keys)
        there = places < len(self.keys)
        there[there] = self.keys[places[there]] == keys[there]
        return there, places


NOTHING_OWNED = Owned(np.empty(0, np.uint64), np.empty(0, np.uint64))


class Claims(NamedTuple):
    """Claims in columns, which numpy reads ten times as fast as the fields of packed rows."""

    keys: U64
    priorities: U64
    rows: NDArray[np.uint32]

    @classmethod
    def unpack(cls, blobs: Iterable[bytes]) -> Claims:
        """From packed rows, one blob after the other."""
        parts = [np.frombuffer(data, CLAIM) for data in blobs] or [np.empty(0, CLAIM)]
        return cls(*(np.concatenate([part[name] for part in parts]) for name in ("key", "priority", "row")))

    def sorted(self) -> Claims:
        """The same by key; claims on one key keep their order."""
        keys, places = sort_keys(self.keys)
        return Claims(keys, self.priorities[places], self.rows[places])

    def pack(self, start: int, stop: int) -> bytes:
        """The claims from `start` to `stop` as packed rows."""
        rows = np.empty(stop - start, CLAIM)
        rows["key"], rows["priority"], rows["row"] = (column[start:stop] for column in self)
        return rows.tobytes()


def page_priority(name: str) -> int:
    """A page's claim on its lines: the smallest MD5 of the URL as crawled wins (c4_utils.remove_duplicate_text), or of
    its stand-in (`text.urls.stand_in`)."""
    return int.from_bytes(hashlib.md5(name.encode(), usedforsecurity=False).digest()[:8], "big")


def claims(atoms: Atoms, width: int, alive: NDArray[np.bool_]) -> Claims:
    """A claim for every run of `width` atoms within one page that is alive, in order; its row is the number of its
    first atom."""
    counts = np.where(alive, np.maximum(atoms.counts - (width - 1), 0), 0)  # claims of each page
    starts = np.cumsum(atoms.counts) - atoms.counts
    rows = np.arange(counts.sum())
    rows += np.repeat(starts - (np.cumsum(counts) - counts), counts)
    priorities = np.repeat(atoms.priorities, counts)
    return Claims(_combined(atoms.hashes, rows, width), priorities, rows.astype(np.uint32))


def _combined(hashes: U64, rows: NDArray[np.int64], width: int) -> U64:
    """One order-dependent hash for the `width` hashes from each row on: MurmurHash3's finaliser (fmix64) over the
    running sum."""
    mixed = hashes[rows]
    for i in range(1, width):
        _fmix64(mixed)
        mixed += hashes[i:][rows]
    if width > 1:
        _fmix64(mixed)
    return mixed


def _fmix64(x: U64) -> None:
    """In place, because a group has millions."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        x ^= x >> np.uint64(33)
        x *= np.uint64(factor)
    x ^= x >> np.uint64(33)


def sort_keys(keys: U64) -> tuple[U64, Places]:
    """The keys sorted, and the former place of each; equal keys keep their order.

    numpy sorts numbers six times as fast as it argsorts, so during sorting a key carries its place in its low bits. The
    few keys that differ in no other bits are put in order afterwards.
    """
    low = np.uint64((1 << len(keys).bit_length()) - 1)
    packed = keys & ~low
    packed |= np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    places = (packed & low).view(np.int64)
    ordered = keys[places]
    wrong = np.flatnonzero(ordered[1:] < ordered[:-1])
    if len(wrong):
        packed |= low
        high = np.unique(packed[wrong])
        for start, stop in zip(np.searchsorted(packed, high), np.searchsorted(packed, high, "right"), strict=True):
            run = np.argsort(ordered[start:stop], kind="stable")
            ordered[start:stop], places[start:stop] = ordered[start:stop][run], places[start:stop][run]
    return ordered, places


class Contest(NamedTuple):
    """Who wins which key; claims are numbered by their places in the input."""

    keys: U64  # [claims] sorted
    places: Places  # [claims] the places of the claims on them
    lost: Places  # [losers] indices of the losers in these two, ascending
    winners: Places  # [losers] the winners of their keys


def contest(keys: U64, priorities: U64) -> Contest:
    """Of the claims on a key the smallest priority wins; of equal ones, the first."""
    keys, places = sort_keys(keys)
    again = np.zeros(len(keys), bool)  # the key equals the one before
    np.equal(keys[1:], keys[:-1], out=again[1:])
    shared = again.copy()
    shared[:-1] |= again[1:]
    rivals = np.flatnonzero(shared)  # most claims have none
    if not len(rivals):
        return Contest(keys, places, rivals, rivals)
    first = ~again[rivals]
    number = np.cumsum(first) - 1  # number of their key
    theirs = priorities[places[rivals]]
    best = np.flatnonzero(theirs == np.minimum.reduceat(theirs, np.flatnonzero(first))[number])
    won = best[np.diff(number[best], prepend=-1) > 0]  # for each key the first of the best
    lost = np.ones(len(rivals), bool)
    lost[won] = False
    return Contest(keys, places, rivals[lost], places[rivals[won]][number[lost]])


def collapse(found: Claims) -> tuple[Claims, NDArray[np.void]]:
    """The best claim on each key, sorted by key, and as `INSIDE` the rows that already lost inside the group, in the
    order of their keys. Of claims with one priority the first wins: they are in the order of their rows."""
    keys, places, losers, winners = contest(found.keys, found.priorities)
    lost = np.empty(len(losers), INSIDE)
    lost["row"] = found.rows[places[losers]]
    lost["owner"], lost["winner"] = found.priorities[winners], found.rows[winners]
    kept = np.ones(len(keys), bool)
    kept[losers] = False
    places = places[kept]
    return Claims(keys[kept], found.priorities[places], found.rows[places]), lost


def cuts(keys: U64, partitions: int) -> Iterator[tuple[int, int, int]]:
    """(partition, start, stop) of the runs of sorted keys with the same top bits; `partitions` is a power of two."""
    shift = np.uint64(64 - (partitions.bit_length() - 1))
    bounds = (np.arange(1, partitions, dtype=np.uint64) << shift) if partitions > 1 else np.empty(0, np.uint64)
    edges = [0, *np.searchsorted(keys, bounds).tolist(), len(keys)]
    for partition, (start, stop) in enumerate(pairwise(edges)):
        if stop > start:
            yield partition, start, stop


def scatter(best: Claims, partitions: int) -> Iterator[tuple[int, bytes]]:
    """Claims sorted by key as (partition, packed rows)."""
    return ((partition, best.pack(start, stop)) for partition, start, stop in cuts(best.keys, partitions))


class Resolved(NamedTuple):
    """The result for the claims of a partition."""

    losses: dict[int, NDArray[np.void]]  # the losing rows by group, as `LOSS`
    owned: Owned  # every key without an earlier owner


def losers(blobs: Iterable[Blob]) -> dict[int, NDArray[np.void]]:
    """The losing rows among all claims of a partition, as `LOSS`, by group. The order of the blobs does not matter."""
    return resolve(blobs).losses


def resolve(blobs: Iterable[Blob], before: Owned = NOTHING_OWNED) -> Resolved:
    """The same, with the keys owned from then on. Claims on keys that were owned `before` all lose."""
    blobs = sorted(blobs)
    if not blobs:
        return Resolved({}, NOTHING_OWNED)
    found = Claims.unpack(data for _, data in blobs)
    keys, all_places, lost, winners = contest(found.keys, found.priorities)
    places = all_places[lost]
    owners, old = np.empty(len(found.rows), np.uint64), np.zeros(len(found.rows), bool)
    owners[places] = found.priorities[winners]
    known, where = before.places_of(keys)
    owners[all_places[known]], old[all_places[known]] = before.owners[where[known]], True
    new = ~known
    new[lost] = False
    owned = Owned(keys[new], found.priorities[all_places[new]])
    fallen = old.copy()
    fallen[places] = True
    places = np.flatnonzero(fallen)  # so that they are sorted by group
    losses = np.empty(len(places), LOSS)
    losses["row"], losses["owner"], losses["old"] = found.rows[places], owners[places], old[places]
    groups, first = np.unique([group for group, _ in blobs], return_index=True)
    starts = np.cumsum([0, *(len(data) // CLAIM.itemsize for _, data in blobs)])[first]
    parts = np.split(losses, np.searchsorted(places, starts[1:]))
    by_group = {group: part for group, part in zip(groups.tolist(), parts, strict=True) if len(part)}
    return Resolved(by_group, owned)


def all_losses(inside: NDArray[np.void], outside: NDArray[np.void]) -> NDArray[np.void]:
    """What a group lost to itself and to others, as `LOSS`, sorted by row. If a row lost to one of its own group that
    in turn lost to another group, the latter owns it. A row is only in one of the two."""
    numbers = (inside["row"], inside["winner"], outside["row"])
    end = 1 + max((int(rows.max()) for rows in numbers if len(rows)), default=-1)
    owners, lost, old = np.zeros(end, np.uint64), np.zeros(end, bool), np.zeros(end, bool)
    owners[outside["row"]], lost[outside["row"]], old[outside["row"]] = outside["owner"], True, outside["old"]
    moved = lost[inside["winner"]]
    owners[inside["row"]] = np.where(moved, owners[inside["winner"]], inside["owner"])
    lost[inside["row"]], old[inside["row"]] = True, old[inside["winner"]]
    losses = np.empty(np.count_nonzero(lost), LOSS)
    losses["row"], losses["owner"], losses["old"] = np.flatnonzero(lost), owners[lost], old[lost]
    return losses


def by_input(losses: NDArray[np.void], sizes: Sequence[int]) -> list[NDArray[np.void]]:
    """Losses of a group, sorted by row, split by its inputs, which have `sizes` rows each."""
    ends = np.cumsum(sizes)
    parts = [part.copy() for part in np.split(losses, np.searchsorted(losses["row"], ends[:-1]))]
    for part, end, size in zip(parts, ends, sizes, strict=True):
        part["row"] -= np.uint32(end - size)
    return parts


class LostAtoms(NamedTuple):
    """Which atoms of a run of pages are lost. [atoms] each."""

    flags: NDArray[np.bool_]
    owners: U64  # for lost atoms: the priority of the page that owns them
    old: NDArray[np.bool_]  # for lost atoms: whether that page belongs to an earlier corpus

    def of(self, start: int, stop: int) -> LostAtoms:
        """A part of them."""
        return LostAtoms(self.flags[start:stop], self.owners[start:stop], self.old[start:stop])


def lost_atoms(total: int, losses: NDArray[np.void], width: int) -> LostAtoms:
    """Which atoms of a group, `total` in all, are lost when these claims of it are lost."""
    lost, owners, old = np.zeros(total, bool), np.zeros(total, np.uint64), np.zeros(total, bool)
    for i in reversed(range(width)):  # of several claims on an atom, the last one to begin determines the owner
        lost[losses["row"] + i] = True
        owners[losses["row"] + i], old[losses["row"] + i] = losses["owner"], losses["old"]
    return LostAtoms(lost, owners, old)


def owner_of(priority: int) -> str:
    """A page's name by its claim: the first 16 hex digits of the MD5 of its URL, in SQL `left(md5(url), 16)`.

    >>> owner_of(page_priority("http://a.example/"))
    'b30d4f59eb97517b'
    """
    return f"{priority:016x}"
