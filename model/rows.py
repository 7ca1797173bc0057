"""From lanes to rows of fixed widths: one chunk a row, or several short documents packed into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.ids import IGNORED
from model.lane import Lane, Tokens
from model.objectives import Examples, Objective, Vocabulary, chunk_rng
from model.objectives.base import Ids

RowMaterial = TypeVar("RowMaterial")


class Rows(NamedTuple):
    """Examples. Padding is 0 in inputs and segments, IGNORED in targets."""

    inputs: Ids  # (N, inputs)
    targets: Ids  # (N, targets)
    input_segments: Ids  # (N, inputs): which example of its row a token belongs to, from 1
    target_segments: Ids  # (N, targets)

    def take(self, numbers: NDArray[np.int64]) -> Rows:
        """Those of these numbers."""
        return Rows(*(ids[numbers] for ids in self))


class Widths(NamedTuple):
    """Tokens of a row of a batch, with their eos and their padding."""

    inputs: int
    targets: int


class RowBuilder(Protocol[RowMaterial]):
    """How rows are made: drawn from lanes one by one, and finished together."""

    def draw(self, lane: Lane, number: int) -> RowMaterial | None:
        """What row `number` is made of; the lane goes on. None when a finite lane has not enough left."""

    def finish(self, numbers: Sequence[int], drawn: Sequence[RowMaterial]) -> Rows:
        """The rows of what was drawn."""


class _Rule:
    """What both rules know; `lengths` is looked up once, for it is asked for at every row."""

    def __init__(self, objective: Objective, vocabulary: Vocabulary, inputs_length: int, seed: int) -> None:
        self._objective = objective
        self._vocabulary = vocabulary
        self._inputs_length = inputs_length
        self._seed = seed
        self._lengths = objective.lengths(inputs_length)
        self._shortest = objective.shortest

    def _corrupt(self, chunks: Ids, numbers: Sequence[int]) -> Examples:
        rngs = [chunk_rng(self._seed, number) for number in numbers]
        return self._objective(chunks, rngs, self._vocabulary, self._inputs_length)


class Single(_Rule):
    """One chunk a row. Chunks reach over the ends of documents if the objective concatenates, and else end with them.

    What is lost: of objectives that do not concatenate, pieces of documents with fewer than `shortest` tokens.
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
        chunks = np.full((len(drawn), max(map(len, drawn), default=0)), self._vocabulary.pad, np.int32)
        for row, tokens in zip(chunks, drawn, strict=True):
            row[: len(tokens)] = tokens
        inputs, targets = self._corrupt(chunks, numbers)
        segments = [(ids != self._vocabulary.pad).astype(np.int32) for ids in (inputs, targets)]
        return Rows(inputs, np.where(segments[1], targets, IGNORED), *segments)


class Packed(_Rule):
    """Short documents share a row, in the order of their lane, while both inputs and targets have room (seqio's way).

    A document longer than a chunk is cut as by objectives that do not concatenate.
    """

    def draw(self, lane: Lane, number: int) -> Rows | None:
        chunk, *widths = self._lengths
        row, used, examples = empty_rows(1, Widths(*widths)), (0, 0), 0
        while len(tokens := lane.peek(chunk, self._shortest)):
            # No row holds more examples than inputs, so that no two examples of a run have the same number.
            made = self._corrupt(tokens[None], [number * self._inputs_length + examples])
            inputs, targets = (ids[ids != self._vocabulary.pad] for ids in made)
            after = used[0] + len(inputs), used[1] + len(targets)
            if after[0] > widths[0] or after[1] > widths[1]:
                break
            lane.take(len(tokens))
            examples += 1
            put_example(row, 0, examples, used, inputs, targets)
            used = after
        return row if examples else None

    def finish(self, numbers: Sequence[int], drawn: Sequence[Rows]) -> Rows:
        return stacked([empty_rows(0, Widths(*self._lengths[1:])), *drawn])


def put_example(rows: Rows, row: int, segment: int, at: tuple[int, int], inputs: Tokens, targets: Tokens) -> None:
    """Writes an example into a row, its inputs and targets from the places `at` on."""
    for ids, segments, start, tokens in zip(rows[:2], rows[2:], at, (inputs, targets), strict=True):
        ids[row, start : start + len(tokens)] = tokens
        segments[row, start : start + len(tokens)] = segment


def stacked(rows: Sequence[Rows]) -> Rows:
    """Rows below each other."""
    return Rows(*(np.concatenate(column) for column in zip(*rows, strict=True)))


def padded(rows: Rows, count: int) -> Rows:
    """Rows, and below them as many empty ones as make `count`."""
    have, inputs = rows.inputs.shape
    return stacked([rows, empty_rows(count - have, Widths(inputs, rows.targets.shape[1]))])


def widened(rows: Rows, widths: Widths) -> Rows:
    """Rows with padding on their right up to wider ones."""
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
