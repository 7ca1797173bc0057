"""The stream of training rows: which row stands at which number, and how any share of them is made.

    number g --> lane g % lanes, entry by the mixture --Lane--> tokens --Objective, keyed by (seed, g)--> row g

Row g is a function of the corpora and of the recipe. Who makes it is of no account: a process makes the rows of the
lanes that are its own, and the rows of all lanes, in order of their numbers, are the stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from c4pipe.mixture import derive_key
from model.corpus import Entry, Reader
from model.lane import Cursor, Encoder, Lane
from model.mixing import Mixing
from model.objectives import Objective, Vocabulary
from model.order import Shuffled
from model.rows import Packed, RowBuilder, Rows, Single

LANES = 16  # a batch mixes so many row groups, and so many processes can share the work without doing any of it twice

LaneKey = tuple[int, int]  # (entry, lane)


class StreamTokenizer(Encoder, Protocol):
    """What the stream needs of `model.tokens.Tokenizer`."""

    @property
    def vocabulary(self) -> Vocabulary: ...

    @property
    def fingerprint(self) -> str: ...


@dataclass(frozen=True)
class Recipe:
    """All that the rows depend on."""

    entries: tuple[Entry, ...]
    rates: tuple[float, ...]  # of rows, one an entry
    tokenizer: StreamTokenizer
    objective: Objective
    inputs_length: int
    seed: int = 0
    lanes: int = LANES
    pack: bool = False  # several short documents a row, with segments to keep them apart

    def rule(self, seed: int) -> RowBuilder[Any]:
        """How rows are made; `seed` is that of the corruption."""
        return (Packed if self.pack else Single)(self.objective, self.tokenizer.vocabulary, self.inputs_length, seed)


class Share(NamedTuple):
    """What one of `workers` processes of one of `ranks` trainers makes: of every `ranks`-th row, those of its lanes.

    Where `ranks` divides the number of lanes, a rank's rows are all the rows of some lanes, and no two ranks tokenise
    the same. Otherwise every rank passes through all lanes to find its rows.
    """

    rank: int = 0
    ranks: int = 1
    worker: int = 0
    workers: int = 1

    def lanes(self, lanes: int) -> list[int]:
        """The lanes that this process follows."""
        own = [lane for lane in range(lanes) if lanes % self.ranks or lane % self.ranks == self.rank]
        return own[self.worker :: self.workers]


class StreamSlice(NamedTuple):
    """A share of a stretch of the stream."""

    numbers: NDArray[np.int64]  # of its rows
    rows: Rows
    moved: dict[LaneKey, Cursor]  # where the lanes stand that it went on in


class Stream:
    """Makes the rows of a share, from the places where its lanes stand; a lane that has no place is at its start."""

    def __init__(self, recipe: Recipe, share: Share, cursors: Mapping[LaneKey, Cursor]) -> None:
        self._recipe = recipe
        self._share = share
        self._own = frozenset(share.lanes(recipe.lanes))
        self._rule = recipe.rule(recipe.seed)
        self._mixing = Mixing(recipe.rates, derive_key(recipe.seed, "mixture"))
        self._orders = [Shuffled(entry, recipe.seed, recipe.lanes) for entry in recipe.entries]
        self._reader = Reader()
        self._cursors = dict(cursors)
        self._lanes: dict[LaneKey, Lane] = {}

    def part(self, start: int, stop: int) -> StreamSlice:
        """The share's rows from `start` to `stop` - 1. To be called for one stretch after the other, without a gap."""
        numbers, drawn, moved = [], [], {}
        for number, entry in enumerate(self._mixing.entries(start, stop).tolist(), start):
            place = entry, number % self._recipe.lanes
            if place[1] not in self._own:
                continue
            lane = self._lane(place)
            row = self._rule.draw(lane, number)
            moved[place] = lane.cursor
            if number % self._share.ranks == self._share.rank:
                numbers.append(number)
                drawn.append(row)
        return StreamSlice(np.array(numbers, np.int64), self._rule.finish(numbers, drawn), moved)

    def _lane(self, place: LaneKey) -> Lane:
        if place not in self._lanes:
            entry, lane = place
            cursor = self._cursors.get(place, Cursor(lane, 0, 0))
            self._lanes[place] = Lane(
                self._orders[entry], self._reader, self._recipe.tokenizer, cursor, self._recipe.lanes
            )
        return self._lanes[place]
