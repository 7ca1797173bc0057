"""A lane: an endless sequence of tokens from every n-th unit of an entry, and the position of the next piece.

Lanes are independent. So several processes can work on one stream, and each position is three integers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from model.corpus import Reader
from model.errors import TrainError
from model.order import Order, ReadUnit

LONGEST_DOCUMENT = 65_536  # tokens; t5 preprocessors.py select_random_chunk: from a longer one a random stretch is used
TOKENISE_DOCUMENTS = 32  # documents tokenised at a time; no position depends on it
TOKENISE_CHARACTERS = 1 << 20  # nor on this: it bounds the memory of a batch of very long documents
BARREN_EPOCHS = 32  # epochs without a piece that is long enough before an error

Tokens = NDArray[np.int32]


class Encoder(Protocol):
    """What a lane needs from a tokenizer, or from an encoder of documents that are not a single text."""

    def encode(self, texts: Sequence[Any]) -> list[Tokens]: ...


class Cursor(NamedTuple):
    """The position of the next token."""

    unit: int  # its number in the entry's order
    row: int  # document of the unit, in its order
    token: int  # of the document


class Visit(NamedTuple):
    """A document that a lane reaches, once per epoch."""

    place: Cursor  # its first token
    group: int  # its row group, an index into the entry's arrays
    row: int  # in its row group, in file order


class _Document(NamedTuple):
    visit: Visit
    after: Cursor  # where the next document begins
    tokens: Tokens


class Lane:
    """Units `lane`, `lane + lanes`, `lane + 2 x lanes`, ... of an order, starting at `cursor`.

    Nothing is lost between documents, units and epochs: a piece may span them.
    """

    def __init__(self, order: Order, reader: Reader, encoder: Encoder, cursor: Cursor, lanes: int = 1) -> None:
        self.cursor = cursor
        self._order = order
        self._reader = reader
        self._encoder = encoder
        self._lanes = lanes
        self._ahead: deque[_Document] = deque()  # tokenised; the first holds the cursor
        self._next = cursor._replace(token=0)  # the document to tokenise next
        self._unit: ReadUnit | None = None  # of `_next`, once it is open
        self._barren = 0  # units opened since the last piece

    def peek(self, most: int, least: int = 1) -> Tokens:
        """The rest of the current document, at most `most` tokens; the lane does not advance.

        Skips anything shorter than `least`. Empty when a finite order has ended.
        """
        while True:
            if not self._ahead and not self._tokenise_batch():
                return np.empty(0, np.int32)
            piece = self._ahead[0].tokens[self.cursor.token :][:most]
            if len(piece) >= least:
                self._barren = 0
                return piece
            self._go_on(len(piece))

    def take(self, count: int) -> None:
        """Advances by `count` tokens, at most as many as `peek` returned."""
        self._go_on(count)

    def _go_on(self, count: int) -> None:
        document = self._ahead[0]
        token = self.cursor.token + count
        if token < len(document.tokens):
            self.cursor = document.visit.place._replace(token=token)
        else:
            self._ahead.popleft()
            self.cursor = document.after

    def cut(self, length: int) -> Tokens:
        """The next `length` tokens, across ends of documents; fewer when a finite order has ended."""
        pieces: list[Tokens] = []
        while length and len(piece := self.peek(length)):
            self.take(len(piece))
            pieces.append(piece)
            length -= len(piece)
        return np.concatenate(pieces) if pieces else np.empty(0, np.int32)

    def _tokenise_batch(self) -> bool:
        """Tokenises some documents; False at the end."""
        while self._unit is None or self._next.row >= len(self._unit.rows):
            if self._unit is not None:
                self._next = Cursor(self._next.unit + self._lanes, 0, 0)
            self._unit = self._order.unit(self._next.unit)
            if self._unit is None:
                return False
            self._barren += 1
            if self._barren > BARREN_EPOCHS * self._order.units:
                raise TrainError(
                    f"{self._order.entry.name!r} has no document that makes an example: each is too short, or has no "
                    f"requested span; it has {self._order.entry.documents:,} in all. Leave it out, or add some."
                )
        unit, first = self._unit, self._next.row
        found = self._reader.documents(self._order.entry, unit.group, unit.rows[first : first + TOKENISE_DOCUMENTS])
        documents = found[: _fitting(found)]
        for row, tokens in enumerate(self._encoder.encode(documents), first):
            place = Cursor(self._next.unit, row, 0)
            last = row + 1 == len(unit.rows)
            after = Cursor(place.unit + self._lanes, 0, 0) if last else place._replace(row=row + 1)
            visit = Visit(place, unit.group, int(unit.rows[row]))
            self._ahead.append(_Document(visit, after, self._shorten(place, tokens, unit)))
        self._next = self._next._replace(row=first + len(documents))
        return True

    def _shorten(self, place: Cursor, tokens: Tokens, unit: ReadUnit) -> Tokens:
        stretches = -(-len(tokens) // LONGEST_DOCUMENT)
        if stretches > 1:
            first = LONGEST_DOCUMENT * self._order.pick(place.unit, place.row, stretches)
            tokens = tokens[first : first + LONGEST_DOCUMENT]
        entry = self._order.entry
        if entry.cut is None or not entry.is_last(unit.group, int(unit.rows[place.row])):
            return tokens
        return tokens[: entry.cut]


class TracedLane(Lane):
    """A lane that records the documents it reads from.

    Attributes:
        read: the documents whose tokens were taken, in order; the reader of this list empties it.
    """

    def __init__(self, order: Order, reader: Reader, encoder: Encoder, cursor: Cursor, lanes: int = 1) -> None:
        super().__init__(order, reader, encoder, cursor, lanes)
        self.read: list[Visit] = []

    def take(self, count: int) -> None:
        visit = self._ahead[0].visit
        if count and self.read[-1:] != [visit]:
            self.read.append(visit)
        super().take(count)


def _fitting(documents: Sequence[str | tuple[str, ...]]) -> int:
    """How many of the first documents make a batch to tokenise: at least one."""
    total = 0
    for count, document in enumerate(documents):
        total += len(document) if isinstance(document, str) else sum(map(len, document))
        if total > TOKENISE_CHARACTERS:
            return max(1, count)
    return len(documents)
