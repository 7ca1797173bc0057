"""Which pages change when others are removed, dedup by dedup, as in a rebuild.

Each text dedup runs twice, with the listed pages and without them. A page that loses the same parts of the same text
both times keeps its outcome. The others continue on both sides: their old counts are subtracted from the ledger, and
they are counted again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from c4pipe.corpus.plan import Plan
from c4pipe.dedup import LinkLevel, TextLevel
from c4pipe.dedup.claims import U64, Atoms, Owned, page_priority
from c4pipe.removal.pages import CorpusPages, Numbers
from c4pipe.removal.sides import Dedupped, End, Side
from c4pipe.removal.worlds import LegKeys, World, beaten, dedup, outside, sharing


class LegOwned(NamedTuple):
    """The owners of a dedup's keys from now on: replayed pages, and outside of them the previous owners."""

    keys: LegKeys
    inside: U64  # the priorities of the replayed pages
    owned: Owned

    def pieces(self) -> Iterator[tuple[U64, U64]]:
        """All keys, ascending."""
        for first, last in self.keys.ranges():
            theirs = outside(Owned(*self.keys.own.between(first, last)), self.inside)
            start, stop = (
                int(np.searchsorted(self.owned.keys, np.uint64(end), side))  # type: ignore[call-overload]
                for end, side in ((first, "left"), (last, "right"))
            )
            keys = np.concatenate([theirs.keys, self.owned.keys[start:stop]])
            order = np.argsort(keys)
            yield keys[order], np.concatenate([theirs.owners, self.owned.owners[start:stop]])[order]


class Replay:
    """The text dedups of one corpus, with some pages and without them: `then` and `now`."""

    def __init__(self, pages: CorpusPages, plan: Plan, keys: Mapping[str, LegKeys]):
        """`keys` are those of each dedup of text, by stage. The preset must not drop small languages."""
        self.pages, self._plan, self._keys = pages, plan, keys
        self.then, self.now = Side(plan), Side(plan)
        self.moved: set[int] = set()  # pages that lose the same parts to other owners
        self.owned: dict[str, LegOwned] = {}
        pages.take_asked()
        self.now.out.update(self.asked.tolist())
        for leg in range(len(plan.texts)):
            self._leg(leg)
        if not plan.texts:
            self.then.ends = {number: End(page, "", None, 1, ()) for number, page in pages.read(self.asked)}

    @property
    def asked(self) -> Numbers:
        """The removed pages."""
        return np.flatnonzero(self.pages.stored.asked)

    def _leg(self, leg: int) -> None:
        level, stage = self._plan.legs[leg].level, self._plan.names()[self._plan.texts[leg]]
        assert level is not None
        keys = self._keys[stage]
        if isinstance(level, LinkLevel) and not level.smallest_stays:
            self.pages.take(sharing(self._outside(level), keys))
        while True:
            inside = self.pages.stored.priorities
            worlds = [self._world(leg, side, level) for side in (self.then, self.now)]
            missing = np.concatenate([beaten(world, level, keys, inside) for _, world in worlds])
            if not len(missing):
                break
            self.pages.take(missing)
        for side, (numbers, world) in zip((self.then, self.now), worlds, strict=True):
            side.legs.append(Dedupped.of(numbers, world.atoms.counts, dedup(world, level, keys, inside)))
        self.owned[stage] = LegOwned(keys, inside, self.now.legs[leg].lost.owned)
        self._compare(leg, level)

    def _world(self, leg: int, side: Side, level: TextLevel) -> tuple[Numbers, World]:
        """The pages that reach a leg, by number, and what they claim."""
        stored = self.pages.stored
        comes = stored.legs > leg
        comes[[*side.comes]] = True
        comes[[*side.ends, *side.out]] = False
        numbers = np.flatnonzero(comes)
        if leg == 0 and not level.links:
            return numbers, self._as_stored(comes, level)
        rows, ranks, sketches, evidence = [], [], [], []
        for number, page in self.pages.read(numbers):
            page = (side.comes.get(number) or self.then.came(leg, number, page)).page
            if isinstance(level, LinkLevel):
                atoms, sketch = level.signature(page.text)
                ranks.append(level.rank(page))
                sketches.append(sketch)
                evidence.append(level.evidence(page.text) if level.confirmed else b"")
            else:
                atoms = level.atoms(page.text)
            rows.append(np.array(atoms, np.uint64))
        found = Atoms.of(rows, stored.priorities[numbers])
        return numbers, World(found, np.array(ranks, np.uint64), sketches, evidence)

    def _outside(self, level: TextLevel) -> Atoms:
        """What the unnumbered pages claim."""
        rows, priorities = [], []
        for url, text in self.pages.outside():
            rows.append(np.array(level.atoms(text), np.uint64))
            priorities.append(page_priority(url))
        return Atoms.of(rows, np.array(priorities, np.uint64))

    def _as_stored(self, comes: np.ndarray, level: TextLevel) -> World:
        """What pages claim at the first dedup, as their files record it."""
        priorities = self.pages.stored.priorities
        taken = Atoms.of([level.atoms(page.text) for page in self.pages.taken], priorities[self.pages.restored :])
        hashes, counts = (np.concatenate(pair) for pair in zip(self.pages.atoms, taken[:2], strict=True))
        atoms = Atoms(hashes[np.repeat(comes, counts)], counts[comes], priorities[comes])
        return World(atoms, np.empty(0, np.uint64), (), ())

    def _compare(self, leg: int, level: TextLevel) -> None:
        """Pages that change here, or that lose other parts, pass through the leg on both sides."""
        flags, owners = differing(self.then.legs[leg], self.now.legs[leg])
        self.moved |= owners
        walked = {*self.then.comes, *self.now.comes, *flags, *(owners if level.links else ())}
        if leg == 0:
            walked |= self.now.out
        for number, page in self.pages.read(np.array(sorted(walked), np.int64)):
            for side in (self.then, self.now):
                if number not in side.ends and number not in side.out:
                    side.walk(leg, number, side.comes.get(number) or side.story(number, page, leg))


def differing(then: Dedupped, now: Dedupped) -> tuple[set[int], set[int]]:
    """Of pages with the same number of atoms on both sides, those that lose other atoms, and those that lose the same
    atoms to other owners, at least in part."""
    common, ours, theirs = np.intersect1d(then.numbers, now.numbers, assume_unique=True, return_indices=True)
    counts = np.diff(then.first_rows)[ours]
    alike = counts == np.diff(now.first_rows)[theirs]
    common, ours, theirs, counts = common[alike], ours[alike], theirs[alike], counts[alike]
    rows, other_rows = (_rows(side.first_rows[places], counts) for side, places in ((then, ours), (now, theirs)))
    pages = np.repeat(common, counts)
    mine, others = then.lost.atoms, now.lost.atoms
    flags = mine.flags[rows] != others.flags[other_rows]
    owners = ~flags & mine.flags[rows] & (mine.owners[rows] != others.owners[other_rows])
    changed = set(pages[flags].tolist())
    return changed, set(pages[owners].tolist()) - changed


def _rows(starts: Numbers, counts: Numbers) -> Numbers:
    """The rows of runs that begin at `starts`, concatenated."""
    ends = np.cumsum(counts)
    rows: Numbers = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - counts), counts)
    return rows
