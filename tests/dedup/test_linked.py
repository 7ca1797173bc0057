"""Which page of an earlier corpus one shares the most keys with, and what becomes of pages that hang together."""

from collections import Counter
from dataclasses import dataclass
from math import isnan
from typing import ClassVar

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.dedup import LinkLevel, NearLevel
from c4pipe.dedup.claims import Claims, Owned
from c4pipe.dedup.linked import FIRST_NODE, KNOWN_KEY, Member, elect, links_of_claims, most_shared
from c4pipe.page import Reason, Unit


def known(*pairs):
    return np.array(list(pairs), KNOWN_KEY)


def u64(*numbers):
    return np.array(numbers, np.uint64)


def claimed(*rows):
    """A group's claims, (key, priority, row) each, as packed rows."""
    keys, priorities, numbers = (np.array(column) for column in zip(*rows, strict=True))
    return Claims(keys.astype(np.uint64), priorities.astype(np.uint64), numbers.astype(np.uint32)).pack(0, len(rows))


def test_the_earlier_page_with_the_most_keys():
    found = known((10, 7), (11, 7), (12, 3), (12, 3), (13, 3), (14, 9), (15, 2))
    owners, shared = most_shared(u64(10, 11, 12, 99, 98, 15, 14, 13, 12), np.array([3, 2, 0, 4]), found)
    assert owners.tolist() == [7, 0, 0, 3], "of two that share the same number, the smaller one"
    assert shared.tolist() == [2, 0, 0, 2]


@given(
    st.lists(st.lists(st.integers(0, 9), max_size=8, unique=True), max_size=6),
    st.dictionaries(st.integers(0, 9), st.integers(1, 4)),
)
def test_as_counted(pages, owned):
    keys = u64(*(key for page in pages for key in page))
    owners, shared = most_shared(keys, np.array([len(page) for page in pages], np.int64), known(*owned.items()))
    for page, owner, count in zip(pages, owners.tolist(), shared.tolist(), strict=True):
        counted = Counter(owned[key] for key in page if key in owned)
        best = min(counted, key=lambda one: (-counted[one], one), default=0)
        assert (owner, count) == (best, counted[best])


def test_each_group_hears_of_its_own_keys_that_are_known():
    blobs = [(4, claimed((1, 50, 0), (2, 51, 1), (5, 50, 0))), (2, claimed((2, 40, 3), (9, 40, 3)))]
    found = links_of_claims(blobs, Owned(u64(2, 5), u64(2**64 - 1, 8)))
    assert {group: rows.tolist() for group, rows in found.known.items()} == {
        2: [(2, 2**64 - 1)],
        4: [(2, 2**64 - 1), (5, 8)],
    }
    assert found.owned.keys.tolist() == [1, 9]


@dataclass(frozen=True)
class Silent(LinkLevel):
    """Says nothing of pages that it has no sketch of."""

    reasons: ClassVar = (Reason("linked", Unit.PAGE, "a test", source="a test"),)


def test_pages_that_an_earlier_one_is_linked_to():
    members = [Member(0, 20, FIRST_NODE + 5, b"", 9, 7), Member(0, 10, FIRST_NODE, b"", 0, 0)]
    (lost,) = elect(3, members, NearLevel()).values()
    assert [row[:3] for row in lost.tolist()] == [(0, 3, True), (5, 9, True)]
    nothing, half = lost["similarity"].tolist()
    assert isnan(nothing), "it hangs together with earlier pages through others only"
    assert round(half, 3) == 0.917, "0.5 ** (1 / 8)"
    assert np.isnan(elect(3, members, Silent())[0]["similarity"]).all()


def test_how_well_keys_estimate():
    level, drawn = NearLevel(), np.random.default_rng(0)
    for similarity, deviation in ((0.8, 0.05), (0.9, 0.04)):
        shared = drawn.binomial(level.bands, similarity**level.rows, 20_000)
        found = np.array([level.similarity_by_keys(count) for count in shared[shared > 0]])
        assert abs(found.std() - deviation) < 0.006
        assert abs(found.mean() - similarity) < 0.025
