"""From lanes to rows of fixed widths: one chunk per row, or several short documents packed into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.ids import IGNORED
from model.lane import Lane, Tokens
from model.objectives import Examples, Objective, Vocabulary
from model.objectives.base import ChunkRngs, Ids

ROWS_AT_ONCE = 32  # packed rows corrupted together; bounds the memory, and no row depends on it

RowMaterial = TypeVar("RowMaterial")


class Rows(NamedTuple):
    """Rows of examples. Padding is 0 in inputs and segments, IGNORED in targets."""

    inputs: Ids  # (N, inputs)
    targets: Ids  # (N, targets)
    input_segments: Ids  # (N, inputs): number of a token's example within its row, from 1
    target_segments: Ids  # (N, targets)

    def take(self, numbers: NDArray[np.int64]) -> Rows:
        """The rows with these numbers."""
        return Rows(*(ids[numbers] for ids in self))


class Widths(NamedTuple):
    """Tokens of a row in a batch, including eos and padding."""

    inputs: int
    targets: int


class RowBuilder(Protocol[RowMaterial]):
    """Makes rows: drawn from lanes one by one, and finished together."""

    def draw(self, lane: Lane, number: int) -> RowMaterial | None:
        """The material of row `number`; the lane advances. None if a finite lane has too little left."""

    def finish(self, numbers: Sequence[int], drawn: Sequence[RowMaterial]) -> Rows:
        """The rows made from what was drawn."""


class _Rule:
    """The shared part of both rules; `lengths` is cached, since every row needs it."""

    def __init__(self, objective: Objective, vocabulary: Vocabulary, inputs_length: int, seed: int) -> None:
        self._objective = objective
        self._vocabulary = vocabulary
        self._inputs_length = inputs_length
        self._rngs = ChunkRngs(seed)
        self._lengths = objective.lengths(inputs_length)
        self._shortest = objective.shortest

    def _corrupt(self, pieces: Sequence[Tokens], numbers: Sequence[int]) -> Examples:
        chunks = np.full((len(pieces), max(map(len, pieces), default=0)), self._vocabulary.pad, np.int32)
        for chunk, tokens in zip(chunks, pieces, strict=True):
            chunk[: len(tokens)] = tokens
        return self._objective(chunks, self._rngs.of(numbers), self._vocabulary, self._inputs_length)


class Single(_Rule):
    """One chunk per row. Chunks span documents if the objective concatenates, and otherwise end with them.

    For objectives that do not concatenate, pieces of documents with fewer than `shortest` tokens are lost.
    """

    def draw(self, lane: Lane, number: int) -> Tokens | None:
        if self._objective.concatenates:
            tokens = lane.cut(self._lengths.chunk)
        else:
            tokens = lane.peek(self._lengths.chunk, self._shortest)
            if len(tokens):
                lane.take(len(tokens))
        return tokens if len(tokens) >= self._shortest else None

    def finish(self, numbers: Sequence[int], drawn: Sequence[Tokens]) -> Rows:
        inputs, targets = self._corrupt(drawn, numbers)
        segments = [(ids != self._vocabulary.pad).astype(np.int32) for ids in (inputs, targets)]
        return Rows(inputs, np.where(segments[1], targets, IGNORED), *segments)


class Packed(_Rule):
    """Short documents share a row, in the order of their lane, as long as inputs and targets have room (as in seqio).

    A document longer than a chunk is cut as for objectives that do not concatenate.
    """

    def draw(self, lane: Lane, number: int) -> list[Tokens] | None:
        chunk, *room = self._lengths
        pieces: list[Tokens] = []
        while len(tokens := lane.peek(chunk, self._shortest)):
            [rng] = self._rngs.of([self._key(number, len(pieces))])
            lengths = self._objective.lengths_of(len(tokens), rng, self._inputs_length)
            room = [room[0] - lengths.inputs, room[1] - lengths.targets]
            if min(room) < 0:
                break
            lane.take(len(tokens))
            pieces.append(tokens)
        return pieces or None

    def finish(self, numbers: Sequence[int], drawn: Sequence[list[Tokens]]) -> Rows:
        blocks = [slice(first, first + ROWS_AT_ONCE) for first in range(0, len(drawn), ROWS_AT_ONCE)]
        none = empty_rows(0, Widths(*self._lengths[1:]))
        return stacked([none, *(self._finish_block(numbers[block], drawn[block]) for block in blocks)])

    def _finish_block(self, numbers: Sequence[int], drawn: Sequence[list[Tokens]]) -> Rows:
        rows = empty_rows(len(drawn), Widths(*self._lengths[1:]))
        counts = [len(pieces) for pieces in drawn]
        row_of = np.repeat(np.arange(len(drawn)), counts)
        segment_of = np.concatenate([np.arange(1, 1 + count) for count in (0, *counts)])
        keys = [
            self._key(number, piece) for number, count in zip(numbers, counts, strict=True) for piece in range(count)
        ]
        examples = self._corrupt([tokens for pieces in drawn for tokens in pieces], keys)
        for ids, segments, made in zip(rows[:2], rows[2:], examples, strict=True):
            tokens = made != self._vocabulary.pad
            sizes = np.count_nonzero(tokens, axis=1)
            used = np.bincount(row_of, sizes, len(drawn))
            place = np.arange(ids.shape[1]) < used[:, None]
            ids[place] = made[tokens]
            segments[place] = np.repeat(segment_of, sizes)
        return rows

    def _key(self, number: int, piece: int) -> int:
        """The generator's key. A row has at most as many examples as input tokens, so keys are unique within a run."""
        return number * self._inputs_length + piece


def stacked(rows: Sequence[Rows]) -> Rows:
    """Rows concatenated along the first axis."""
    return Rows(*(np.concatenate(column) for column in zip(*rows, strict=True)))


def padded(rows: Rows, count: int) -> Rows:
    """Rows, padded with empty rows to `count`."""
    have, inputs = rows.inputs.shape
    return stacked([rows, empty_rows(count - have, Widths(inputs, rows.targets.shape[1]))])


def widened(rows: Rows, widths: Widths) -> Rows:
    """Rows padded on the right to these widths."""
    if rows.inputs.shape[1] == widths.inputs and rows.targets.shape[1] == widths.targets:
        return rows
    wide = empty_rows(len(rows.inputs), widths)
    for ids, narrow in zip(wide, rows, strict=True):
        ids[:, : narrow.shape[1]] = narrow
    return wide


def trimmed(rows: Rows) -> Rows:
    """Rows without the columns on their right that are padding in all of them."""
    inputs, targets = (max(int(np.flatnonzero(segments.any(axis=0))[-1:].sum()) + 1, 1) for segments in rows[2:])
    return Rows(rows.inputs[:, :inputs], rows.targets[:, :targets], rows[2][:, :inputs], rows[3][:, :targets])


def empty_rows(count: int, widths: Widths) -> Rows:
    """Rows of nothing but padding."""
    inputs, targets = widths
    row = Rows(*(np.zeros((count, width), np.int32) for width in (inputs, targets, inputs, targets)))
    row.targets.fill(IGNORED)
    return row
