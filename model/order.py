"""The order in which an entry's documents are visited: a keyed permutation, so that a position is a number.

An epoch visits every document once. Its units (row groups, or parts of them) are permuted, and so are the rows inside a
unit. There is no shuffle buffer, so any position of any epoch is found without what came before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from c4pipe.mixture import Permutation, derive_key
from model.corpus import Entry, Reader


class ReadUnit(NamedTuple):
    """Rows of one row group, in the order in which they are visited."""

    group: int  # index into the entry's arrays
    rows: NDArray[np.int64]


class Order(Protocol):
    """Numbers the units of an entry from 0."""

    entry: Entry
    units: int  # units of one epoch

    def unit(self, number: int) -> ReadUnit | None:
        """The unit of that number; None after the last one."""

    def pick(self, number: int, row: int, choices: int) -> int:
        """0 to choices - 1, depending only on the document `row` of unit `number`."""


SPLIT_BELOW = 64  # row groups per lane


class Shuffled:
    """Endless epochs, each in its own order. Lane `l` visits units `l`, `l + lanes`, and so on.

    An entry with few row groups is split, so that every lane has a part of each row group, of equal size within one
    document. All lanes then visit the row groups of an epoch in the same order, which suits the reader's cache, and
    finish the epoch after equally many documents. But lanes read equal numbers of tokens, and documents differ in
    length: after an epoch's tokens, a lane is ahead or behind by the accumulated difference in lengths. With one lane,
    epochs are exact.

    With `SPLIT_BELOW` row groups per lane or more, each row group is one unit, since otherwise every process would have
    to read all of them. Then a lane is ahead or behind by about one row group out of so many.
    """

    def __init__(self, entry: Entry, seed: int, lanes: int) -> None:
        self.entry = entry
        self._seed = seed
        self._parts = lanes if len(entry.rows) < SPLIT_BELOW * lanes else 1
        self.units = len(entry.rows) * self._parts
        self._rows = lru_cache(4)(self._in_order)  # used by one lane after another

    def unit(self, number: int) -> ReadUnit:
        """Unit `number % units` of epoch `number // units`; it may be empty."""
        epoch, turn = divmod(number, self.units)
        place, part = divmod(turn, self._parts)
        group = int(Permutation(len(self.entry.rows), self._key(epoch))([place])[0])
        # Rotated by one part for each row group, so that surplus documents do not all go to the first lanes.
        first = (part + number // self._parts) % self._parts
        return ReadUnit(group, self._rows(epoch, group)[first :: self._parts])

    def _in_order(self, epoch: int, group: int) -> NDArray[np.int64]:
        rows = self.entry.rows_of(group)
        return rows[Permutation(len(rows), self._key(epoch, group))(np.arange(len(rows)))]

    def pick(self, number: int, row: int, choices: int) -> int:
        return self._key(number, row, choices) % choices

    def _key(self, *parts: int) -> int:
        return derive_key(self._seed, self.entry.name, *parts)


class InOrder:
    """Once, in the order of rows on disk: for validation."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.units = len(entry.rows)

    def unit(self, number: int) -> ReadUnit | None:
        return ReadUnit(number, self.entry.rows_of(number)) if number < self.units else None

    def pick(self, number: int, row: int, choices: int) -> int:
        return derive_key(self.entry.name, number, row) % choices


def shuffled_documents(entry: Entry, seed: int) -> Iterator[str | tuple[str, ...]]:
    """Each document of an entry once, in the order of a first epoch: any prefix is a fair sample."""
    order, reader = Shuffled(entry, seed, lanes=1), Reader(keep=0)
    for number in range(order.units):
        unit = order.unit(number)
        yield from reader.documents(entry, unit.group, unit.rows)


def shuffled_texts(entry: Entry, seed: int) -> Iterator[str]:
    """The same as texts: several columns become one line each."""
    for document in shuffled_documents(entry, seed):
        yield document if isinstance(document, str) else "\n".join(document)
