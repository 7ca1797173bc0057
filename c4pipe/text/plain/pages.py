"""The sentences of the plain lines of a page."""

from __future__ import annotations

import threading
from array import array
from typing import NamedTuple

from c4pipe.text.plain.kernel import DOUBTFUL_ROW, TOO_MANY, hash_plain
from c4pipe.text.plain.tables import addresses

MOST_SENTENCES = 8192  # of a page; also the most lines that are not plain


class PlainSentences(NamedTuple):
    """The sentences of all plain lines, and the other lines."""

    hashes: array[int]  # of each sentence stripped and in lower case
    starts: array[int]  # where each begins, in characters
    doubtful: list[tuple[int, ...]]  # (begin, start, end, before): bytes from begin to end, which begin at a character;
    # so many sentences are before them


def plain_sentences(text: bytes) -> PlainSentences | None:
    """From UTF-8. None if there are too many."""
    return _OWN.room.filled(text)


class _Room:
    """The arrays that the kernel writes to, reused for every page."""

    def __init__(self) -> None:
        self._lower = array("B")
        self._starts = array("q", bytes(8 * MOST_SENTENCES))
        self._hashes = array("Q", bytes(8 * MOST_SENTENCES))
        self._doubtful = array("q", bytes(8 * (1 + DOUBTFUL_ROW * MOST_SENTENCES)))
        self._places = [numbers.buffer_info()[0] for numbers in (self._starts, self._hashes, self._doubtful)]

    def filled(self, text: bytes) -> PlainSentences | None:
        if len(self._lower) < len(text):
            self._lower = array("B", bytes(2 * len(text)))
        lower = self._lower.buffer_info()[0]
        count = hash_plain(text, len(text), *addresses(), lower, *self._places, MOST_SENTENCES)
        if count == TOO_MANY:
            return None
        doubtful = []
        if lines := self._doubtful[0]:
            rows = iter(self._doubtful[1 : 1 + DOUBTFUL_ROW * lines])
            doubtful = list(zip(*[rows] * DOUBTFUL_ROW, strict=True))
        return PlainSentences(self._hashes[:count], self._starts[:count], doubtful)


class _Own(threading.local):
    """A room for each thread, as one attribute, because each access of a thread-local takes 0.2 µs."""

    def __init__(self) -> None:
        self.room = _Room()


_OWN = _Own()
