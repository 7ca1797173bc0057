"""c4pipe.dedup.urls: the newest page of a URL, against a loop that says so."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.dedup import UrlLevel
from c4pipe.dedup.claims import Owned
from c4pipe.presets import EN, EN_TFDS
from c4pipe.text import hash64
from tests.dedup.oracle import newest

LEVEL = UrlLevel()
AS_WRITTEN = UrlLevel(as_written=True)
Claims = list[tuple[str | None, str]]  # URL key, None without a URL, and date of each page


def lost(groups: list[Claims], partitions: int, level: UrlLevel = AS_WRITTEN) -> set[tuple[int, int]]:
    """(group, row) of the pages that lose, by the packed way."""
    blobs: dict[int, list[tuple[int, bytes]]] = {}
    for group, pages in enumerate(groups):
        keys = pa.array([None if key is None else hash64(key) for key, _ in pages], pa.uint64())
        for partition, data in level.scatter(keys, pa.array([date for _, date in pages], pa.string()), partitions):
            assert 0 <= partition < partitions
            blobs.setdefault(partition, []).append((group, data))
    found = [item for partition in blobs.values() for item in level.resolve(partition[::-1]).losses.items()]
    rows = [(group, row) for group, numbers in found for row, _ in numbers.tolist()]
    assert len(rows) == len(set(rows))
    return set(rows)


def expected(groups: list[Claims]) -> set[tuple[int, int]]:
    places = [(group, row) for group, pages in enumerate(groups) for row in range(len(pages))]
    stay = newest([claim for pages in groups for claim in pages])
    return {place for number, place in enumerate(places) if number not in stay}


@pytest.mark.parametrize(
    ("groups", "losing"),
    [
        ([[("a", "2024-01-01"), ("a", "2024-02-01"), ("b", "2023-01-01")]], {(0, 0)}),
        ([[("a", "2024-02-01"), ("a", "2024-01-01")]], {(0, 1)}),
        ([[("a", "2024-01-01"), ("a", "2024-01-01"), ("a", "2024-01-01")]], {(0, 1), (0, 2)}),  # the first of equals
        ([[("a", "2024-01-01")], [("a", "2024-01-01")]], {(1, 0)}),
        ([[("a", "2024-01-01")], [("b", "2020-01-01"), ("a", "2024-01-02")]], {(0, 0)}),
        ([[("a", "9")], [("a", "10")]], {(1, 0)}),  # dates are strings
        ([[("a", "")], [("a", "2024")]], {(0, 0)}),
        ([[("a", "2024-01-01T00:00:00Z")], [("a", "2024-01-01")]], {(1, 0)}),
        ([[("a", "\U0001f600")], [("a", "\uffff")]], {(1, 0)}),  # by code point, as Python compares
        ([[], [("a", "2024")], []], set()),
        ([[]], set()),
    ],
)
def test_the_newest_page_of_a_url_stays(groups: list[Claims], losing: set[tuple[int, int]]) -> None:
    assert expected(groups) == losing
    for partitions in (1, 2, 16, 4096):
        assert lost(groups, partitions) == losing


def test_no_claims_no_losers() -> None:
    assert AS_WRITTEN.resolve([]).losses == {}


def test_earlier_corpora_win_and_what_is_new_is_owned() -> None:
    keys = pa.array([7, 9, 7, None, 8], pa.uint64())
    dates = pa.array(["2024", "2024", "2025", "2024", "2024"])
    [(_, data)] = LEVEL.scatter(keys, dates, 1)
    resolved = LEVEL.resolve([(3, data)], Owned(np.array([2, 9, 10], np.uint64), np.zeros(3, np.uint64)))
    assert {group: lost.tolist() for group, lost in resolved.losses.items()} == {3: [(0, False), (1, True)]}
    assert resolved.owned.keys.tolist() == [7, 8]


@pytest.mark.parametrize(
    ("dates", "stays"),
    [
        (["2019-04-27T01:59:59Z", "2019-04-27T01:59:59.960Z"], 1),
        (["2019-04-27T01:59:59.960Z", "2019-04-27T01:59:59Z"], 0),
        (["2019-04-27T01:59:59.960Z", "2019-04-27T02:00:00Z"], 1),
        (["", "0001-01-01T00:00:00Z"], 1),
        (["", ""], 0),
        (["2019-04-27T01:59:59Z", "2019-04-27T01:59:59Z"], 0),
    ],
)
def test_the_latest_date_wins_and_fractions_count(dates: list[str], stays: int) -> None:
    assert lost([[("a", date) for date in dates]], 16, LEVEL) == {(0, 1 - stays)}


def test_as_written_a_fraction_is_older_than_a_z() -> None:
    """As in the reference, by which en.tfds goes."""
    assert lost([[("a", "2019-04-27T01:59:59.960Z"), ("a", "2019-04-27T01:59:59Z")]], 16) == {(0, 0)}
    assert EN_TFDS.stages[2].level == AS_WRITTEN
    assert EN.stages[2].level == LEVEL


def test_a_page_without_a_url_has_no_rivals() -> None:
    groups: list[Claims] = [[(None, "2019"), ("a", "2018"), (None, "2019")], [(None, ""), ("a", "2019"), (None, "")]]
    for level in (LEVEL, AS_WRITTEN):
        assert lost(groups, 4, level) == {(0, 1)}


CLAIMS = st.lists(
    st.tuples(
        st.sampled_from("abcdefg"), st.sampled_from(["2024-01-01", "2024-01-02", "2023", "", "é", "\uffff", "😀"])
    ),
    max_size=8,
)
GROUPS = st.lists(CLAIMS, min_size=1, max_size=4)


@settings(max_examples=150, deadline=None)
@given(GROUPS, st.sampled_from([1, 2, 16, 4096]))
def test_the_packed_way_is_the_definition(groups: list[Claims], partitions: int) -> None:
    assert lost(groups, partitions) == expected(groups)


@settings(max_examples=50, deadline=None)
@given(GROUPS)
def test_of_every_url_one_page_stays(groups: list[Claims]) -> None:
    gone = lost(groups, 16)
    left = [key for g, pages in enumerate(groups) for row, (key, _) in enumerate(pages) if (g, row) not in gone]
    assert sorted(left) == sorted({key for pages in groups for key, _ in pages})
