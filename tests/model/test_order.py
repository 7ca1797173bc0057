"""model.order: every document once per epoch, and random access to any position."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.corpus import Entry
from model.order import InOrder, Shuffled, shuffled_texts
from tests.corpora import documents, entries, write_corpus

GROUPS = st.lists(st.integers(1, 40), min_size=1, max_size=12)


def entry(rows: list[int], name: str = "en") -> Entry:
    groups = np.arange(len(rows), dtype=np.int32)
    return Entry(name, ("shard",), np.zeros_like(groups), groups, np.array(rows, np.int32), "")


def visited(order: Shuffled, epoch: int) -> list[tuple[int, int]]:
    """(row group, row) of an epoch, in order."""
    units = map(order.unit, range(epoch * order.units, (epoch + 1) * order.units))
    return [(unit.group, int(row)) for unit in units for row in unit.rows]


@given(GROUPS, st.integers(1, 20), st.integers(0, 5), st.integers(0, 2**63))
def test_an_epoch_visits_every_document_once(rows: list[int], lanes: int, epoch: int, seed: int) -> None:
    found = Counter(visited(Shuffled(entry(rows), seed, lanes), epoch))
    assert found == {(group, row): 1 for group, count in enumerate(rows) for row in range(count)}


@settings(max_examples=30, deadline=None)
@given(GROUPS, st.integers(1, 20))
def test_there_is_a_unit_for_every_lane(rows: list[int], lanes: int) -> None:
    """And of each row group as many documents as for any other, but for one; of all of them too, but for a few."""
    order = Shuffled(entry(rows), 0, lanes)
    units = [[order.unit(number) for number in range(lane, order.units, lanes)] for lane in range(lanes)]
    shares = [[len(unit.rows) for unit in walk] for walk in units]
    assert order.units == len(rows) * lanes
    assert all(max(column) - min(column) <= 1 for column in zip(*shares, strict=True))
    totals = [*map(sum, shares)]
    assert max(totals) - min(totals) <= len(rows)
    groups = [[unit.group for unit in walk] for walk in units]
    assert all(walked == groups[0] for walked in groups)


def test_many_row_groups_are_units_as_they_are() -> None:
    order = Shuffled(entry([3] * 130), 0, 2)
    assert order.units == 130
    assert {len(order.unit(number).rows) for number in range(260)} == {3}


def test_odd_documents_go_to_all_lanes() -> None:
    """Of 48 row groups of 9 documents each of 8 lanes has 54."""
    order = Shuffled(entry([9] * 48), 0, 8)
    assert {sum(len(order.unit(number).rows) for number in range(lane, 384, 8)) for lane in range(8)} == {54}


def test_lanes_keep_step() -> None:
    """When each has passed the documents of an epoch, hardly any is unseen: 20 row groups, 16 lanes, as in C4 of one
    file. With a row group a unit a lane passed one or two of them, and a tenth of the pages was not seen."""
    order = Shuffled(entry([900] * 20), 0, 16)
    seen: Counter[tuple[int, int]] = Counter()
    for lane in range(16):
        units = map(order.unit, range(lane, 2 * order.units, 16))
        passed = [(unit.group, int(row)) for unit in units for row in unit.rows]
        seen.update(passed[: 900 * 20 // 16])
    assert len(seen) > 0.999 * 900 * 20


def test_epochs_seeds_and_entries_have_orders_of_their_own() -> None:
    rows = [20] * 30
    order = Shuffled(entry(rows), 0, 16)
    orders = [
        visited(order, 0),
        visited(order, 1),
        visited(Shuffled(entry(rows), 1, 16), 0),
        visited(Shuffled(entry(rows, "de"), 0, 16), 0),
        [(group, row) for group in range(30) for row in range(20)],
    ]
    assert len({tuple(found) for found in orders}) == 5
    alone = Shuffled(entry(rows), 0, 1)
    rows_of_unit = {tuple(alone.unit(number).rows.tolist()) for number in range(30)}
    assert len(rows_of_unit) == 30
    alone = Shuffled(entry([20]), 0, 1)
    assert len({tuple(alone.unit(epoch).rows.tolist()) for epoch in range(30)}) == 30


def test_units_are_spread_evenly() -> None:
    """Each of ten row groups comes first in about a tenth of the epochs: chi-square, 9 degrees of freedom, p = 1e-4."""
    order = Shuffled(entry([1] * 10), 0, 1)
    first = Counter(order.unit(epoch * 10).group for epoch in range(2000))
    assert sum((first[group] - 200) ** 2 / 200 for group in range(10)) < 33.72


def test_validation_goes_as_the_rows_lie_and_ends() -> None:
    order = InOrder(entry([2, 1]))
    units = [order.unit(number) for number in range(3)]
    assert [unit and (unit.group, unit.rows.tolist()) for unit in units] == [(0, [0, 1]), (1, [0]), None]


@pytest.mark.parametrize("order", [Shuffled(entry([9]), 3, 4), InOrder(entry([9]))])
def test_a_pick_depends_on_the_document_alone(order: Shuffled | InOrder) -> None:
    picks = [order.pick(unit, row, 3) for unit in range(50) for row in range(20)]
    assert picks == [order.pick(unit, row, 3) for unit in range(50) for row in range(20)]
    assert {*picks} == {0, 1, 2}
    assert min(Counter(picks).values()) > 250  # of 1,000, a third expected: eight deviations below


def test_shuffled_texts_are_all_texts_once(tmp_path: Path) -> None:
    written = documents(0, 60)
    folder = write_corpus(tmp_path, {("en", "train"): [[written[:20], written[20:30]], [written[30:]]]})
    (english,) = entries(folder)
    texts = [*shuffled_texts(english, seed=1)]
    assert sorted(texts) == sorted(written)
    assert texts != written
    assert texts == [*shuffled_texts(english, seed=1)]
    assert texts != [*shuffled_texts(english, seed=2)]
