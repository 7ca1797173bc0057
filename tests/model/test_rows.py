"""model.rows: how rows of a batch are made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from model.errors import TrainError
from model.ids import IGNORED
from model.lane import Cursor, Lane
from model.objectives import LM, Examples, PrefixLM, SpanCorruption
from model.objectives.base import Ids
from model.rows import ROWS_AT_ONCE, Packed, Rows, Single, padded, stacked
from tests.corpora import Letters
from tests.model.test_lane import shuffled, straight

VOCABULARY = Letters.vocabulary


def draw_all(rule: Single | Packed, lane: Lane) -> Rows:
    drawn = []
    while (row := rule.draw(lane, len(drawn))) is not None:
        drawn.append(row)
    return rule.finish(range(len(drawn)), drawn)  # type: ignore[arg-type]


def read(row: np.ndarray) -> str:
    return Letters.decode(row.tolist())


def test_joined_documents_fill_their_rows() -> None:
    rows = draw_all(Single(LM(), VOCABULARY, inputs_length=6, seed=0), straight([["abc", "defg"], ["hijkl"]]))
    assert [read(row) for row in rows.targets] == ["abcde", "fghij", "kl"]
    assert rows.targets[2].tolist() == [110, 111, VOCABULARY.eos, IGNORED, IGNORED, IGNORED]
    assert rows.target_segments[2].tolist() == [1, 1, 1, 0, 0, 0]
    assert rows.inputs.tolist() == [[VOCABULARY.eos]] * 3


def test_documents_that_are_not_joined_have_rows_of_their_own() -> None:
    rows = draw_all(
        Single(PrefixLM(), VOCABULARY, inputs_length=6, seed=0), straight([["abcdefg", "h", "ij", "klmnop"]])
    )
    texts = [read(i) + read(t) for i, t in zip(rows.inputs, rows.targets, strict=True)]
    assert texts == ["abcde", "fg", "ij", "klmno"]  # "h" and "p" alone are no example
    assert (rows.inputs[rows.input_segments == 0] == VOCABULARY.pad).all()
    assert (rows.inputs[rows.input_segments == 1] != VOCABULARY.pad).all()


def test_span_corruption_of_full_chunks_has_no_padding() -> None:
    rule = Single(SpanCorruption(), VOCABULARY, inputs_length=32, seed=1)
    rows = rule.finish([0], [rule.draw(shuffled([["ab" * 300]], Cursor(0, 0, 0), 1), 0)])
    assert rows.input_segments.all()
    assert rows.target_segments.all()
    assert IGNORED not in rows.targets


def test_short_documents_share_a_row_while_inputs_and_targets_have_room() -> None:
    rule = Packed(PrefixLM(), VOCABULARY, inputs_length=8, seed=3)
    rows = draw_all(rule, straight([["abc", "def", "gh", "ijklmnopq", "rs"]]))
    for inputs, targets, a, b in zip(*rows, strict=True):
        for example in range(1, a.max() + 1):
            assert inputs[a == example][-1] == targets[b == example][-1] == VOCABULARY.eos
    texts = [
        [read(i[a == n]) + read(t[b == n]) for n in range(1, a.max() + 1)] for i, t, a, b in zip(*rows, strict=True)
    ]
    assert texts == [["abc", "def", "gh"], ["ijklmno"], ["pq", "rs"]]
    assert rows.inputs.shape == rows.targets.shape == (3, 8)
    assert ((rows.targets == IGNORED) == (rows.target_segments == 0)).all()


def test_a_packed_document_is_that_of_its_place_in_the_row() -> None:
    """Taken up again in the middle, the row is the same: what did not fit before is corrupted anew."""
    rule = Packed(PrefixLM(), VOCABULARY, inputs_length=20, seed=3)
    groups = [["abcdefgh", "ijklmnop", "qrstuvw", "xyzabc", "defghij", "klmnopqrst"] * 3]
    lane = shuffled(groups, Cursor(0, 0, 0), 1)
    for number in range(20):
        resumed = shuffled(groups, lane.cursor, 1)
        rows = [rule.finish([number], [rule.draw(place, number) or []]) for place in (lane, resumed)]
        assert all(map(np.array_equal, *rows))
        assert resumed.cursor == lane.cursor


def test_the_examples_of_many_rows_are_made_at_once() -> None:
    """Which takes a tenth of the time that it takes one by one, and changes none."""
    calls = []

    class Counted(SpanCorruption):
        def __call__(self, chunks: Ids, *rest: Any) -> Examples:
            calls.append(len(chunks))
            return super().__call__(chunks, *rest)

    lane = shuffled([["abcdefgh", "ijklm", "nopqrstuvwx"] * 3], Cursor(0, 0, 0), 1)
    rule = Packed(Counted(), VOCABULARY, inputs_length=32, seed=0)
    drawn = [rule.draw(lane, number) or [] for number in range(2 * ROWS_AT_ONCE + 1)]
    assert calls == []
    rows = rule.finish(range(len(drawn)), drawn)
    assert calls == [sum(map(len, drawn[first : first + ROWS_AT_ONCE])) for first in range(0, len(drawn), ROWS_AT_ONCE)]
    assert calls[0] >= 2 * ROWS_AT_ONCE
    assert all(map(np.array_equal, rows, stacked([rule.finish([n], [row]) for n, row in enumerate(drawn)])))


def test_too_short_documents_are_no_endless_search() -> None:
    with pytest.raises(TrainError, match="each is too short"):
        Packed(PrefixLM(), VOCABULARY, 8, 0).draw(shuffled([["a", "b"]], Cursor(0, 0, 0), 1), 0)


def test_empty_rows_fill_a_batch_up() -> None:
    rows = padded(Rows(*(np.ones((1, 2), np.int32) for _ in range(4))), 3)
    assert rows.inputs.tolist() == rows.input_segments.tolist() == [[1, 1], [0, 0], [0, 0]]
    assert rows.targets.tolist() == [[1, 1], [IGNORED] * 2, [IGNORED] * 2]
