"""model.lane: tokens in order, nothing lost, and a position that can be resumed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import lane as lanes
from model.corpus import Entry
from model.errors import TrainError
from model.lane import LONGEST_DOCUMENT, Cursor, Lane, Tokens
from model.order import InOrder, Shuffled
from tests.corpora import Letters, documents

START = Cursor(0, 0, 0)
TEXTS = st.lists(st.lists(st.text("abc", max_size=12), min_size=1, max_size=6), min_size=1, max_size=5)


class Memory:
    """Texts of row groups, without files."""

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        self.groups = groups

    def documents(self, entry: Entry, group: int, rows: np.ndarray) -> list[str]:
        return [self.groups[group][row] for row in rows]


def entry(groups: Sequence[Sequence[str]]) -> Entry:
    numbers = np.arange(len(groups), dtype=np.int32)
    rows = np.array([len(group) for group in groups], np.int32)
    return Entry("en", ("shard",), np.zeros_like(numbers), numbers, rows, "")


def straight(groups: Sequence[Sequence[str]], cursor: Cursor = START, **settings: Any) -> Lane:
    """A lane over the texts in their order, once."""
    return Lane(InOrder(entry(groups)), Memory(groups), Letters(), cursor, **settings)  # type: ignore[arg-type]


def shuffled(groups: Sequence[Sequence[str]], cursor: Cursor, count: int) -> Lane:
    order = Shuffled(entry(groups), 5, count)
    return Lane(order, Memory(groups), Letters(), cursor, count)  # type: ignore[arg-type]


def read(tokens: Tokens) -> str:
    return Letters.decode(tokens.tolist())


def test_chunks_reach_over_documents_and_row_groups_and_the_last_is_short() -> None:
    lane = straight([["abc", "de"], ["fghij"]])
    assert [read(lane.cut(4)) for _ in range(4)] == ["abcd", "efgh", "ij", ""]


def test_the_cursor_is_the_next_token() -> None:
    lane = straight([["abc", "de"], ["fghij"]])
    places = []
    for _ in range(5):
        places.append(tuple(lane.cursor))
        lane.cut(2)
    assert places == [(0, 0, 0), (0, 0, 2), (0, 1, 1), (1, 0, 1), (1, 0, 3)]
    assert lane.cursor == (2, 0, 0)


def test_a_piece_ends_with_its_document() -> None:
    lane = straight([["abcdefg", "hi"]])
    pieces = []
    while len(piece := lane.peek(3)):
        assert read(lane.peek(3)) == read(piece)  # looking does not move it
        pieces.append(read(piece))
        lane.take(len(piece))
    assert pieces == ["abc", "def", "g", "hi"]


def test_pieces_that_are_too_short_are_passed_over() -> None:
    lane = straight([["abcdefg", "h", "", "ij"]])
    pieces = []
    while len(piece := lane.peek(3, least=2)):
        pieces.append(read(piece))
        lane.take(len(piece))
    assert pieces == ["abc", "def", "ij"]


def test_of_fewer_documents_than_lanes_every_lane_gets_some() -> None:
    for lane in range(16):
        assert set(read(shuffled([["ab", "c"]], Cursor(lane, 0, 0), 16).cut(9))) == set("abc")


@settings(deadline=None)
@given(TEXTS, st.integers(1, 5), st.lists(st.integers(1, 30), min_size=1, max_size=5), st.data())
def test_a_lane_goes_on_where_another_stood(
    groups: list[list[str]], count: int, lengths: list[int], data: st.DataObject
) -> None:
    """Wherever a lane is left and taken up, what it gives is the same, its places too."""
    groups = [["abcabcabcabc", *groups[0]], *groups[1:]]  # else a chunk may take hundreds of epochs
    first = data.draw(st.integers(0, count - 1))
    lane = shuffled(groups, Cursor(first, 0, 0), count)
    for length in lengths:
        resumed = shuffled(groups, lane.cursor, count)
        assert read(resumed.cut(length)) == read(lane.cut(length))
        assert resumed.cursor == lane.cursor


@given(TEXTS, st.integers(1, 7))
def test_no_token_is_lost_and_none_comes_twice(groups: list[list[str]], length: int) -> None:
    lane, text = straight(groups), ""
    while len(chunk := lane.cut(length)):
        text += read(chunk)
    assert text == "".join(text for group in groups for text in group)


@pytest.mark.parametrize("count", [1, 3, 16])
def test_lanes_together_read_every_document_once_an_epoch(count: int) -> None:
    groups = [documents(first, 20) for first in range(0, 100, 20)]
    order = Shuffled(entry(groups), 5, count)
    epochs: list[list[str]] = [[], [], []]
    for first in range(count):
        lane = shuffled(groups, Cursor(first, 0, 0), count)
        while lane.cursor.unit < 3 * order.units:
            piece = lane.peek(1000)
            if lane.cursor.unit < 3 * order.units:  # looking may lead over empty units
                epochs[lane.cursor.unit // order.units].append(read(piece))
                lane.take(len(piece))
    texts = sorted(text for group in groups for text in group)
    assert [sorted(epoch) for epoch in epochs] == [texts] * 3
    assert epochs[0] != epochs[1]


@pytest.mark.parametrize(("characters", "count"), [(1, 1), (13, 3), (1 << 20, 32)])
def test_nothing_depends_on_how_much_is_tokenised_at_a_time(
    monkeypatch: pytest.MonkeyPatch, characters: int, count: int
) -> None:
    groups = [["abc", "defgh", "", "i"], ["jklmnopqrstu", "vw"]]
    monkeypatch.setattr(lanes, "TOKENISE_DOCUMENTS", count)
    monkeypatch.setattr(lanes, "TOKENISE_CHARACTERS", characters)
    lane = straight(groups)
    seen = [(read(lane.cut(5)), tuple(lane.cursor)) for _ in range(4)]
    assert seen == [("abcde", (0, 1, 2)), ("fghij", (1, 0, 1)), ("klmno", (1, 0, 6)), ("pqrst", (1, 0, 11))]


def test_a_very_long_document_gives_one_stretch_of_it() -> None:
    """As T5 did: 65,536 tokens, or what is left of the document in its last stretch."""
    text = "".join(letter * LONGEST_DOCUMENT for letter in "ab") + "c" * 10
    stretches = []
    for unit in range(40):
        lane = shuffled([[text]], Cursor(unit, 0, 0), 1)
        piece = lane.peek(1 << 20)
        stretches.append((read(piece[:1]), len(piece)))
        lane.take(len(piece))
        assert lane.cursor == (unit + 1, 0, 0)
    assert {*stretches} == {("a", LONGEST_DOCUMENT), ("b", LONGEST_DOCUMENT), ("c", 10)}


def test_a_document_of_the_longest_length_is_whole() -> None:
    lane = straight([["a" * LONGEST_DOCUMENT, "b"]])
    assert len(lane.peek(1 << 20)) == LONGEST_DOCUMENT


def test_an_entry_without_a_document_that_is_long_enough_is_named() -> None:
    lane = shuffled([["a", "", "b"]], START, 2)
    with pytest.raises(TrainError, match=r"'en' has no document that makes an example: .* it has 3 in all"):
        lane.peek(10, least=2)
    assert read(shuffled([["", "", "b"]], START, 2).cut(3)) == "bbb"
