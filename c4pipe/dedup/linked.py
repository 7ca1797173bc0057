"""Pages that share keys: from the claims of a `LinkLevel` to links, and to the one page of each component that stays.

A page is identified by the number of its first atom in its group, and as a node by both numbers, offset by FIRST_NODE.
Pages of earlier corpora are nodes, too, by their priorities, all of them smaller: so a label shows whether one is
linked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.dedup.base import LinkLevel
from c4pipe.dedup.claims import LOSS, NOTHING_OWNED, U64, Atoms, Blob, Claims, Owned, Places, contest
from c4pipe.dedup.components import NODE_LABEL, Links, links_between

# 2**11 groups of 2**32 rows. A page of an earlier corpus whose priority is not among the smaller numbers, one in two
# million, counts as the one with the largest.
FIRST_NODE = 2**64 - 2**43
# A loss, and the similarity of the loser and the page that stays. For a page that stays, which is not a loss, `size` is
# the number of pages in its cluster, else 0.
LIKE = np.dtype([*LOSS.descr, ("similarity", "<f4"), ("size", "<u4")])
KNOWN_KEY = np.dtype([("key", "<u8"), ("owner", "<u8")])  # a key of a page of an earlier corpus


class Member(NamedTuple):
    """A page of a component with several pages."""

    rank: int  # the smallest stays
    priority: int  # of equal ranks, the smallest stays
    node: int
    sketch: bytes
    earlier: int  # the priority of the page of an earlier corpus with which it shares the most keys
    shared: int  # how many these are


def page_claims(atoms: Atoms, alive: NDArray[np.bool_]) -> Claims:
    """A claim on each key of each page that is alive; its row is that of the page's first key."""
    counts = np.where(alive, atoms.counts, 0)
    starts = np.cumsum(atoms.counts) - atoms.counts
    theirs = np.repeat(alive, atoms.counts)
    rows = np.repeat(starts, counts).astype(np.uint32)
    return Claims(atoms.hashes[theirs], np.repeat(atoms.priorities, counts), rows)


def nodes_of(group: int, rows: NDArray[np.uint32]) -> U64:
    """The pages of a group as nodes."""
    return np.uint64(FIRST_NODE | group << 32) | rows.astype(np.uint64)


def groups_of(nodes: U64) -> NDArray[np.int64]:
    """The groups of those nodes that are pages of this build."""
    return ((nodes - np.uint64(FIRST_NODE)) >> np.uint64(32)).astype(np.int64)


class Linked(NamedTuple):
    """The result for the claims of a partition."""

    links: Links  # from each claim's page to the owner of its key, also if that owned it before
    owned: Owned  # the keys without an earlier owner
    known: dict[int, NDArray[np.void]]  # for each group the keys with an earlier owner, as `KNOWN_KEY`, ascending


def links_of_claims(blobs: Iterable[Blob], before: Owned = NOTHING_OWNED) -> Linked:
    """The result for all claims of a partition."""
    blobs = sorted(blobs)
    found = Claims.unpack(data for _, data in blobs)
    nodes = np.concatenate([np.empty(0, np.uint64), *(nodes_of(group, _rows(data)) for group, data in blobs)])
    keys, places, lost, winners = contest(found.keys, found.priorities)
    known, where = before.places_of(keys)
    new = ~known
    new[lost] = False
    old = np.minimum(before.owners[where[known]], np.uint64(FIRST_NODE - 1))
    ones, others = (nodes[places[lost]], nodes[places[known]]), (nodes[winners], old)
    links = links_between(np.concatenate(ones), np.concatenate(others))
    owned = Owned(keys[new], found.priorities[places[new]])
    return Linked(links, owned, _known_by_group(groups_of(ones[1]), keys[known], before.owners[where[known]]))


def _known_by_group(groups: NDArray[np.int64], keys: U64, owners: U64) -> dict[int, NDArray[np.void]]:
    known = np.empty(len(keys), KNOWN_KEY)
    known["key"], known["owner"] = keys, owners
    return {group: known[groups == group] for group in np.unique(groups).tolist()}


def most_shared(keys: U64, counts: NDArray[np.int64], known: NDArray[np.void]) -> tuple[U64, NDArray[np.int64]]:
    """For each of the pages, with `counts` keys in sequence: the page of an earlier corpus that shares the most keys
    with it, of equal ones that with the smaller priority, and the number of these keys. 0 and 0 if none is shared.

    `known` lists all pairs of these pages' keys and such owners, in any order, as `KNOWN_KEY`.
    """
    known = np.unique(known)
    owned = Owned(known["key"], known["owner"])
    there, places = owned.places_of(keys)
    pages = np.repeat(np.arange(len(counts)), counts)[there]
    pairs = np.stack([pages.astype(np.uint64), owned.owners[places[there]]])
    (pages, owners), shared = np.unique(pairs, axis=1, return_counts=True)
    best = np.lexsort((owners, -shared, pages))
    first = best[np.diff(pages[best].astype(np.int64), prepend=-1) > 0]
    earlier, most = np.zeros(len(counts), np.uint64), np.zeros(len(counts), np.int64)
    earlier[pages[first].astype(np.int64)], most[pages[first].astype(np.int64)] = owners[first], shared[first]
    return earlier, most


def _rows(data: bytes) -> NDArray[np.uint32]:
    return Claims.unpack([data]).rows


def labels_by_group(labels: NDArray[np.void]) -> Iterator[tuple[int, bytes]]:
    """(group, packed labels) for the nodes of each group."""
    labels = np.sort(labels[labels["node"] >= FIRST_NODE], order="node")
    groups = groups_of(labels["node"])
    numbers, starts = np.unique(groups, return_index=True)
    for number, (start, stop) in zip(numbers.tolist(), pairwise([*starts.tolist(), len(labels)]), strict=True):
        yield number, labels[start:stop].tobytes()


def labels_of(pieces: Iterable[bytes]) -> NDArray[np.void]:
    """The inverse for one group, each node once."""
    return np.unique(np.frombuffer(b"".join(pieces), NODE_LABEL))


def pages_at(first_rows: Places, rows: Places) -> Places:
    """The places of pages by the rows of their first atoms. `first_rows` ascend; a page without atoms shares its row
    with the next one, which is the one meant."""
    return np.searchsorted(first_rows, rows, "right") - 1


def elect(label: int, members: Iterable[Member], level: LinkLevel) -> dict[int, NDArray[np.void]]:
    """The result for the pages of a component, by group, as `LIKE` sorted by row: all but one are lost, or all if the
    label is that of a page of an earlier corpus. Then the owner is the earlier page that shares the most keys. If a
    page is only linked to earlier ones through others, the owner is that of the label, and the similarity of the two
    is not given."""
    ranked = sorted(members)
    stays = None if label < FIRST_NODE else ranked[0]
    losses: dict[int, list[tuple[int, int, bool, float, int]]] = {}
    for one in ranked:
        group, row = divmod(one.node - FIRST_NODE, 1 << 32)
        if stays is None:
            alike = level.similarity_by_keys(one.shared) if one.shared else nan
            loss = (row, one.earlier if one.shared else label, True, alike, 0)
        else:
            alike, size = level.similarity(one.sketch, stays.sketch), len(ranked) if one is stays else 0
            loss = (row, stays.priority, False, alike, size)
        losses.setdefault(group, []).append(loss)
    return {group: np.array(sorted(rows), LIKE) for group, rows in losses.items()}
