"""Repeats a text dedup among the pages of restore files, against what all other pages own.

A *world* is the set of pages that take part. Their claims are compared with each other, with what pages outside the
world own according to the corpus's keys, and with what earlier corpora own. Pages kept unchanged lose nothing and stay
outside. If a page claims what such a page owns with a better right, the owner joins the world.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.dedup import LinkLevel, TextLevel
from c4pipe.dedup.claims import (
    LOSS,
    U64,
    Atoms,
    Claims,
    LostAtoms,
    Owned,
    Places,
    all_losses,
    claims,
    collapse,
    lost_atoms,
    resolve,
)
from c4pipe.dedup.components import components
from c4pipe.dedup.linked import (
    FIRST_NODE,
    KNOWN_KEY,
    LIKE,
    Member,
    elect,
    links_of_claims,
    most_shared,
    page_claims,
    pages_at,
)
from c4pipe.keys import KeyReader, merged, ranges, united

RANGE_KEYS = 1 << 20  # keys held in memory at a time


class LegKeys(NamedTuple):
    """The key files of one dedup."""

    own: KeyReader
    earlier: Sequence[KeyReader]  # of corpora that this one was built against

    def ranges(self) -> Iterator[tuple[int, int]]:
        return ranges([self.own, *self.earlier], RANGE_KEYS)


class World(NamedTuple):
    """The pages that reach a dedup. [pages], except the hashes."""

    atoms: Atoms
    ranks: U64  # of a level that links pages; None for another
    sketches: Sequence[bytes]
    evidence: Sequence[bytes]


class Lost(NamedTuple):
    """What the pages lose."""

    atoms: LostAtoms
    likeness: dict[int, float]  # likeness of linked pages, by their first atom
    owned: Owned  # the keys that they own


def outside(keys: Owned, inside: U64) -> Owned:
    """The keys whose owners are not among these pages."""
    stays = ~np.isin(keys.owners, inside)
    return Owned(keys.keys[stays], keys.owners[stays])


def beaten(world: World, level: TextLevel, keys: LegKeys, inside: U64) -> U64:
    """The outside pages that a world affects: its pages claim their keys with a better right or, if the level links
    pages, at all."""
    found = _claims(world, level)
    named = []
    for first, last in keys.ranges():
        mine = _between(found, first, last)
        theirs = outside(Owned(*keys.own.between(first, last)), inside)
        known, places = theirs.places_of(mine.keys)
        owners = theirs.owners[places[known]]
        named.append(owners if level.links else owners[mine.priorities[known] < owners])
    return np.unique(np.concatenate([np.empty(0, np.uint64), *named]))


def sharing(found: Atoms, keys: LegKeys) -> U64:
    """The outside pages that claim a key owned by another page, for a level that links pages. A kept page has such keys
    if its cluster kept a page other than the one with the smallest hash, or if the comparison of texts found it
    different."""
    claimed = page_claims(found, np.ones(len(found.counts), bool)).sorted()
    others = [np.empty(0, np.uint64)]
    for first, last in keys.ranges():
        mine = _between(claimed, first, last)
        owned = Owned(*keys.own.between(first, last))
        known, places = owned.places_of(mine.keys)
        theirs = mine.priorities.copy()
        theirs[known] ^= owned.owners[places[known]]
        others.append(mine.priorities[theirs != 0])
    return np.unique(np.concatenate(others))


def dedup(world: World, level: TextLevel, keys: LegKeys, inside: U64) -> Lost:
    """What the pages of a world lose. `inside` has the priorities of all pages whose entries in the key files are void:
    those of this world, and removed pages."""
    if isinstance(level, LinkLevel):
        return _linked(world, level, keys)
    best, lost_inside = collapse(claims(world.atoms, level.width, _all(world)))
    losses, owned = [np.empty(0, LOSS)], []
    for first, last in keys.ranges():
        mine = _between(best, first, last)
        theirs = outside(Owned(*keys.own.between(first, last)), inside)
        earlier = Owned(*merged(keys.earlier, first, last))
        before = Owned(*united(*(np.concatenate(pair) for pair in zip(theirs, earlier, strict=True))))
        found = resolve([(0, mine.pack(0, len(mine.keys)))], before)
        rows = found.losses.get(0, losses[0])
        rows["old"] &= ~np.isin(rows["owner"], theirs.owners)
        losses.append(rows)
        owned.append(found.owned)
    lost = all_losses(lost_inside, np.concatenate(losses))
    return Lost(lost_atoms(len(world.atoms.hashes), lost, level.width), {}, _joined(owned))


def _linked(world: World, level: LinkLevel, keys: LegKeys) -> Lost:
    atoms = world.atoms
    found, links, owned, known = _claims(world, level), [], [], [np.empty(0, KNOWN_KEY)]
    for first, last in keys.ranges():
        mine = _between(found, first, last)
        blob = (0, mine.pack(0, len(mine.keys)))
        linked = links_of_claims([blob], Owned(*merged(keys.earlier, first, last)))
        links.append(linked.links)
        owned.append(linked.owned)
        known += linked.known.values()
    every = np.concatenate(links)
    labels = components([every[_confirmed(every, world, level)] if level.confirmed else every])
    fallen = _elected(world, level, labels[labels["node"] >= FIRST_NODE], np.concatenate(known))
    losses = np.empty(len(fallen), LOSS)
    for name in LOSS.names or ():
        losses[name] = fallen[name]
    likeness = dict(zip(fallen["row"].tolist(), fallen["similarity"].tolist(), strict=True))
    return Lost(lost_atoms(len(atoms.hashes), losses, 1), likeness, _joined(owned))


def _elected(world: World, level: LinkLevel, labels: NDArray[np.void], known: NDArray[np.void]) -> NDArray[np.void]:
    """The pages that are dropped, as `LIKE`, sorted by row."""
    atoms = world.atoms
    owners, counts = (column.tolist() for column in most_shared(atoms.hashes, atoms.counts, known))
    ranks, priorities = world.ranks.tolist(), atoms.priorities.tolist()
    labels = np.sort(labels, order=["label", "node"])
    pages = _pages_of(labels["node"], world).tolist()
    told = [np.empty(0, LIKE)]
    members = zip(labels["label"].tolist(), labels["node"].tolist(), pages, strict=True)
    for label, group in groupby(members, lambda member: member[0]):
        ranked = (
            Member(ranks[page], priorities[page], node, world.sketches[page], owners[page], counts[page])
            for _, node, page in group
        )
        told += elect(label, ranked, level).values()
    rows: NDArray[np.void] = np.sort(np.concatenate(told), order="row")
    fallen: NDArray[np.void] = rows[rows["size"] == 0]
    return fallen


def _confirmed(links: NDArray[np.void], world: World, level: LinkLevel) -> NDArray[np.bool_]:
    """Which links the texts of both pages confirm. Links to pages of earlier corpora are kept."""
    stands = links["to"] < np.uint64(FIRST_NODE)
    asked = np.flatnonzero(~stands)
    ones, others = (_pages_of(links[name][asked], world).tolist() for name in ("node", "to"))
    stands[asked] = [
        level.confirms(world.evidence[one], world.evidence[other]) for one, other in zip(ones, others, strict=True)
    ]
    return stands


def _pages_of(nodes: U64, world: World) -> Places:
    first_rows = np.cumsum(world.atoms.counts) - world.atoms.counts
    return pages_at(first_rows, (nodes & np.uint64(0xFFFFFFFF)).astype(np.int64))


def _all(world: World) -> NDArray[np.bool_]:
    return np.ones(len(world.atoms.counts), bool)


def _claims(world: World, level: TextLevel) -> Claims:
    """The claims, sorted by key; for a level with owners, the best claim on each key."""
    if not level.links:
        return collapse(claims(world.atoms, level.width, _all(world)))[0]
    return page_claims(world.atoms, _all(world)).sorted()


def _between(found: Claims, first: int, last: int) -> Claims:
    start = int(np.searchsorted(found.keys, np.uint64(first)))
    stop = int(np.searchsorted(found.keys, np.uint64(last), "right"))
    return Claims(found.keys[start:stop], found.priorities[start:stop], found.rows[start:stop])


def _joined(owned: Sequence[Owned]) -> Owned:
    return Owned(*(np.concatenate([np.empty(0, np.uint64), *column]) for column in zip(*owned, strict=True)))
