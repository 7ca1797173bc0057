"""The stream of training rows: the numbering of rows, and how any share of them is made.

    number g --> lane g % lanes, source by the mixture --Lane--> tokens --its rule, keyed by (seed, g)--> row g

Row g is a function of the corpora and the recipe, whichever process makes it. Each process makes the rows of its own
lanes; the rows of all lanes, in the order of their numbers, are the stream.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from c4pipe.mixture import derive_key
from model.corpus import Entry, Reader
from model.lane import Cursor, Lane
from model.mixing import Mixing
from model.order import Shuffled
from model.rows import Rows, Widths, empty_rows, stacked, widened
from model.source import Source, StreamTokenizer

LANES = 16  # a batch mixes so many row groups, and so many processes can split the work without overlap

LaneKey = tuple[int, int]  # (source, lane)


@dataclass(frozen=True)
class Recipe:
    """Everything the rows depend on."""

    sources: tuple[Source, ...]
    tokenizer: StreamTokenizer
    seed: int = 0
    lanes: int = LANES

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(source.entry for source in self.sources)

    @property
    def widths(self) -> Widths:
        """The widths of rows: the maximum over all sources."""
        every = [source.rule.widths for source in self.sources]
        return Widths(*(max(column) for column in zip(*every, strict=True)))

    @property
    def pack(self) -> bool:
        """Whether a row may hold several examples."""
        return any(source.rule.pack for source in self.sources)

    def check(self) -> None:
        """ConfigError if a rule cannot work with this vocabulary."""
        for source in self.sources:
            source.rule.check(self.tokenizer.vocabulary)


class Share(NamedTuple):
    """The rows made by one of `workers` processes of one of `ranks` trainers: its lanes' part of every `ranks`-th row.

    If `ranks` divides the number of lanes, a rank's rows are all rows of some lanes, and no two ranks tokenise the same
    text. Otherwise every rank reads through all lanes to find its rows.
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
    """A share of a section of the stream."""

    numbers: NDArray[np.int64]  # of its rows, ascending
    rows: Rows
    moved: dict[LaneKey, Cursor]  # positions of the lanes that advanced


class DrawnRow(NamedTuple):
    """The material of a row."""

    number: int
    place: LaneKey
    lane: Lane  # already advanced
    material: Any  # for the rule of its source


class Stream:
    """Makes the rows of a share from given positions of its lanes; a lane without one is at its start."""

    def __init__(
        self, recipe: Recipe, share: Share, cursors: Mapping[LaneKey, Cursor], follow: type[Lane] = Lane
    ) -> None:
        """`follow`: the class of lanes, such as one that records what it reads."""
        self._recipe = recipe
        self._follow = follow
        self._share = share
        self._own = frozenset(share.lanes(recipe.lanes))
        self._widths = recipe.widths
        self._rules = [source.rule.builder(recipe.tokenizer.vocabulary, recipe.seed) for source in recipe.sources]
        self._encoders = [source.rule.encoder(recipe.tokenizer) for source in recipe.sources]
        self._mixing = Mixing([source.rate for source in recipe.sources], derive_key(recipe.seed, "mixture"))
        self._orders = [Shuffled(entry, recipe.seed, recipe.lanes) for entry in recipe.entries]
        self._reader = Reader()
        self._cursors = dict(cursors)
        self._lanes: dict[LaneKey, Lane] = {}

    def part(self, start: int, stop: int) -> StreamSlice:
        """The share's rows from `start` to `stop` - 1. Call it for consecutive sections without gaps."""
        drawn: dict[int, list[tuple[int, Any]]] = {}  # source -> numbers and material of its rows
        moved = {}
        for number, place, lane, material in self.drawn(start, stop):
            moved[place] = lane.cursor
            if number % self._share.ranks == self._share.rank:
                drawn.setdefault(place[0], []).append((number, material))
        numbers = np.array([number for rows in drawn.values() for number, _ in rows], np.int64)
        made = [self._finished(source, rows) for source, rows in drawn.items()]
        order = np.argsort(numbers)
        return StreamSlice(numbers[order], stacked([empty_rows(0, self._widths), *made]).take(order), moved)

    def drawn(self, start: int, stop: int) -> Iterator[DrawnRow]:
        """The material of rows `start` to `stop` - 1 of the share's lanes, in order."""
        for number, source in enumerate(self._mixing.entries(start, stop).tolist(), start):
            place = source, number % self._recipe.lanes
            if place[1] in self._own:
                lane = self._lane(place)
                yield DrawnRow(number, place, lane, self._rules[source].draw(lane, number))

    def _finished(self, source: int, rows: list[tuple[int, Any]]) -> Rows:
        numbers, materials = zip(*rows, strict=True)
        return widened(self._rules[source].finish(numbers, materials), self._widths)

    def _lane(self, place: LaneKey) -> Lane:
        if place not in self._lanes:
            source, lane = place
            cursor = self._cursors.get(place, Cursor(lane, 0, 0))
            self._lanes[place] = self._follow(
                self._orders[source], self._reader, self._encoders[source], cursor, self._recipe.lanes
            )
        return self._lanes[place]
