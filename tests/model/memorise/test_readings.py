"""How often pages were read, by where lanes stand, against lanes that are followed token by token."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from model.corpus import Reader
from model.lane import Cursor, Lane
from model.memorise.readings import times_read
from model.order import Shuffled
from tests.corpora import Letters, documents, entries, marks, write_corpus


@settings(max_examples=25)
@given(
    st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=3), min_size=1, max_size=2),
    st.lists(st.integers(0, 300), min_size=1, max_size=3),
    st.integers(0, 9),
)
def test_times_are_those_of_the_lanes(tmp_path_factory, shards: list[list[int]], taken: list[int], seed: int) -> None:
    folder, first = tmp_path_factory.mktemp("c4"), 0
    groups, numbers = [], []
    for sizes in shards:
        groups.append([])
        for size in sizes:
            groups[-1].append(documents(first, size, length=9))
            numbers.append([*range(first, first + size)])
            first += size
    (entry,) = entries(write_corpus(folder, {("en", "train"): groups}))
    lanes, begun, cursors = len(taken), Counter(), []
    order = Shuffled(entry, seed, lanes)
    for number, count in enumerate(taken):
        lane = Lane(order, Reader(), Letters(), Cursor(number, 0, 0), lanes)
        for _ in range(count):
            if lane.cursor.token == 0:  # or behind empty units, where the next document begins
                begun[marks(Letters.decode(lane.peek(99)))[0]] += 1
            lane.peek(1)
            lane.take(1)
        cursors.append(lane.cursor)
    times = times_read(order, cursors)
    told = {doc: int(n) for group, row in zip(numbers, times, strict=True) for doc, n in zip(group, row, strict=True)}
    assert told == {doc: begun[doc] for doc in told}


def test_a_page_is_read_once_an_epoch(tmp_path: Path) -> None:
    (entry,) = entries(write_corpus(tmp_path, {("en", "train"): [[["one", "two", "three"]]]}))
    order = Shuffled(entry, 0, 1)
    assert [times.tolist() for times in times_read(order, [Cursor(0, 0, 0)])] == [[0, 0, 0]]
    assert [times.tolist() for times in times_read(order, [Cursor(2, 0, 0)])] == [[2, 2, 2]]
    assert sorted(times_read(order, [Cursor(1, 1, 0)])[0].tolist()) == [1, 1, 2]
    assert sorted(times_read(order, [Cursor(1, 1, 3)])[0].tolist()) == [1, 2, 2]
