"""From lanes of pairs to rows: one example per row, or several packed into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from model.ids import EOS
from model.lane import Lane, Tokens
from model.rows import Rows, Widths, empty_rows, stacked


class Pair(NamedTuple):
    """The tokens of an example, each part including eos."""

    inputs: Tokens
    targets: Tokens


def next_pair(lane: Lane, widths: Widths) -> Pair | None:
    """The next pair of a lane, which does not advance. None when a finite lane has ended."""
    tokens = lane.peek(sum(widths), 2)
    if not len(tokens):
        return None
    first, second = np.flatnonzero(tokens == EOS)[:2].tolist()
    return Pair(tokens[: first + 1], tokens[first + 1 : second + 1])


def put_example(rows: Rows, row: int, segment: int, at: tuple[int, int], inputs: Tokens, targets: Tokens) -> None:
    """Writes an example into a row, its inputs and targets starting at the places `at`."""
    for ids, segments, start, tokens in zip(rows[:2], rows[2:], at, (inputs, targets), strict=True):
        ids[row, start : start + len(tokens)] = tokens
        segments[row, start : start + len(tokens)] = segment


class SinglePairs:
    """One example per row."""

    def __init__(self, widths: Widths) -> None:
        self._widths = widths

    def draw(self, lane: Lane, number: int) -> Pair | None:
        pair = next_pair(lane, self._widths)
        if pair:
            lane.take(sum(map(len, pair)))
        return pair

    def finish(self, numbers: Sequence[int], drawn: Sequence[Pair]) -> Rows:
        rows = empty_rows(len(drawn), self._widths)
        for row, pair in enumerate(drawn):
            put_example(rows, row, 1, (0, 0), *pair)
        return rows


class PackedPairs:
    """Examples share a row in the order of their lane as long as inputs and targets have room, as in seqio."""

    def __init__(self, widths: Widths) -> None:
        self._widths = widths

    def draw(self, lane: Lane, number: int) -> Rows | None:
        row, used, examples = empty_rows(1, self._widths), (0, 0), 0
        while pair := next_pair(lane, self._widths):
            after = used[0] + len(pair.inputs), used[1] + len(pair.targets)
            if after[0] > self._widths.inputs or after[1] > self._widths.targets:
                break
            lane.take(sum(map(len, pair)))
            examples += 1
            put_example(row, 0, examples, used, *pair)
            used = after
        return row if examples else None

    def finish(self, numbers: Sequence[int], drawn: Sequence[Rows]) -> Rows:
        return stacked([empty_rows(0, self._widths), *drawn])
