"""c4pipe.dedup.claims: the packed way over groups and partitions, driven as the Beam flow drives it, by literals."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from c4pipe.dedup.claims import (
    CLAIM,
    INSIDE,
    LOSS,
    Atoms,
    all_losses,
    by_group,
    by_shard,
    claims,
    collapse,
    losers,
    lost_atoms,
    owner_of,
    page_priority,
    scatter,
)

URL = "http://a.example/é"


def atoms(hashes: list[int], counts: list[int], priorities: list[int]) -> Atoms:
    return Atoms(np.array(hashes, np.uint64), np.array(counts, np.int64), np.array(priorities, np.uint64))


def packed(rows: list[tuple[int, int, int]]) -> NDArray[np.void]:
    return np.array(rows, CLAIM)


def alive(*flags: int) -> NDArray[np.bool_]:
    return np.array(flags, bool)


def test_a_claim_is_twenty_bytes_on_every_machine() -> None:
    assert CLAIM.itemsize == 20
    assert packed([(1, 2, 3)]).tobytes().hex() == "0100000000000000020000000000000003000000"


def test_a_priority_is_the_first_half_of_the_md5_of_the_url() -> None:
    assert page_priority(URL) == int(hashlib.md5(URL.encode()).hexdigest()[:16], 16)


def test_priorities_order_pages_as_the_hex_digests_do() -> None:
    urls = [f"http://a.example/{n}" for n in range(100)]
    assert sorted(urls, key=page_priority) == sorted(urls, key=lambda url: hashlib.md5(url.encode()).hexdigest())


def test_every_line_of_a_page_that_is_alive_is_claimed() -> None:
    found = claims(atoms([7, 8, 9, 7], [2, 1, 1], [50, 60, 70]), 1, alive(1, 0, 1))
    assert found.tolist() == [(7, 50, 0), (8, 50, 1), (7, 70, 3)]


def test_a_span_lies_within_one_page() -> None:
    found = claims(atoms([1, 2, 3, 1, 2, 3, 4], [2, 4, 0, 1], [50, 60, 70, 80]), 3, alive(1, 1, 1, 1))
    assert found["row"].tolist() == [2, 3]
    assert found["priority"].tolist() == [60, 60]


def test_the_same_sentences_in_the_same_order_make_the_same_key() -> None:
    found = claims(atoms([1, 2, 3, 1, 2, 3, 2, 1, 3], [3, 3, 3], [1, 2, 3]), 3, alive(1, 1, 1))
    one, same, turned = found["key"].tolist()
    assert one == same != turned


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_pages_shorter_than_a_span_claim_nothing(width: int) -> None:
    assert len(claims(atoms([], [], []), width, alive())) == 0
    assert len(claims(atoms([1] * 6, [1, 2, 3], [1, 2, 3]), width, alive(1, 1, 1))) == [6, 3, 1, 0][width - 1]


def test_the_smallest_priority_wins_and_then_the_first_row() -> None:
    best, lost = collapse(packed([(9, 5, 0), (3, 5, 1), (9, 4, 2), (3, 5, 3), (3, 6, 4), (1, 1, 5)]))
    assert best.tolist() == [(1, 1, 5), (3, 5, 1), (9, 4, 2)]
    assert sorted(lost.tolist()) == [(0, 4, 2), (3, 5, 1), (4, 5, 1)]  # row, priority of the winner, its row


def test_no_claims_collapse_to_none() -> None:
    best, lost = collapse(np.empty(0, CLAIM))
    assert (len(best), len(lost)) == (0, 0)
    assert list(scatter(best, 16)) == []


def test_keys_go_to_partitions_by_their_top_bits() -> None:
    top = 2**64 - 1
    ordered = packed([(0, 0, 0), (2**62 - 1, 0, 1), (2**62, 0, 2), (2**63, 0, 3), (top, 0, 4)])
    parts = {number: np.frombuffer(data, CLAIM)["row"].tolist() for number, data in scatter(ordered, 4)}
    assert parts == {0: [0, 1], 1: [2], 2: [3], 3: [4]}
    assert [number for number, _ in scatter(ordered, 1)] == [0]
    assert [number for number, _ in scatter(packed([(top, 0, 0)]), 4096)] == [4095]


def test_of_all_groups_the_smallest_priority_wins_and_then_the_first_group() -> None:
    blobs = [
        (1, packed([(7, 5, 0), (8, 1, 1)]).tobytes()),
        (0, packed([(7, 5, 9), (8, 2, 8)]).tobytes()),
        (2, packed([(7, 6, 4), (9, 1, 3)]).tobytes()),
    ]
    expected = {0: [(8, 1)], 1: [(0, 5)], 2: [(4, 5)]}
    for order in (blobs, blobs[::-1], blobs[1:] + blobs[:1]):
        assert {group: lost.tolist() for group, lost in losers(order).items()} == expected
    assert losers([]) == {}
    assert losers(blobs[:1]) == {}


def test_rows_are_told_by_group_in_order() -> None:
    found = by_group(np.array([2, 0, 2, 0], np.uint32), np.array([5, 9, 1, 3], np.uint32))
    assert {group: rows.tolist() for group, rows in found.items()} == {0: [3, 9], 2: [1, 5]}
    assert by_group(np.empty(0, np.uint32), np.empty(0, np.uint32)) == {}


@pytest.mark.parametrize(
    ("rows", "sizes", "parts"),
    [
        ([0, 3, 4, 9], [4, 6], [[0, 3], [0, 5]]),
        ([], [4, 6], [[], []]),
        ([4], [4, 0, 0, 6], [[], [], [], [0]]),
        ([0, 9], [10], [[0, 9]]),
        ([3], [0, 4, 0], [[], [3], []]),
    ],
)
def test_rows_of_a_group_are_cut_into_rows_of_its_shards(
    rows: list[int], sizes: list[int], parts: list[list[int]]
) -> None:
    assert [part.tolist() for part in by_shard(np.array(rows, np.uint32), sizes)] == parts


def losses(*rows: tuple[int, int]) -> NDArray[np.void]:
    return np.array(list(rows), LOSS)


def test_a_lost_claim_costs_all_its_atoms() -> None:
    lost, owners = lost_atoms(8, losses((0, 7), (1, 8), (5, 9)), 3)
    assert lost.tolist() == [1, 1, 1, 1, 0, 1, 1, 1]
    assert owners.tolist() == [7, 8, 8, 8, 0, 9, 9, 9]
    assert lost_atoms(3, losses((1, 7)), 1)[0].tolist() == [0, 1, 0]
    assert lost_atoms(2, losses(), 3)[0].tolist() == [0, 0]


def test_a_loss_inside_a_group_is_owned_where_its_winner_lost() -> None:
    inside = np.array([(4, 50, 2), (9, 60, 7), (3, 50, 2)], INSIDE)  # rows 4 and 3 lost to row 2, row 9 to row 7
    assert all_losses(inside, losses((8, 11), (2, 10))).tolist() == [(2, 10), (3, 10), (4, 10), (8, 11), (9, 60)]
    assert all_losses(inside, losses()).tolist() == [(3, 50), (4, 50), (9, 60)]
    assert all_losses(np.empty(0, INSIDE), losses((8, 11))).tolist() == [(8, 11)]
    assert all_losses(np.empty(0, INSIDE), losses()).tolist() == []


def test_an_owner_is_named_by_the_md5_of_its_url() -> None:
    assert owner_of(page_priority(URL)) == hashlib.md5(URL.encode()).hexdigest()[:16]
    assert owner_of(1) == "0000000000000001"


# Keys from all over, so that every partition has some, and few enough to repeat.
KEYS = st.sampled_from([0, 1, 2**60 - 1, 2**60, 2**63, 2**63 + 1, 2**64 - 1])
CLAIMS = st.lists(st.tuples(KEYS, st.integers(0, 3)), max_size=12).map(
    lambda pairs: packed([(key, priority, row) for row, (key, priority) in enumerate(pairs)])
)


@given(st.lists(CLAIMS, max_size=4), st.sampled_from([1, 2, 16, 4096]))
def test_one_claim_on_each_key_wins_whatever_the_partitions(groups: list[NDArray[np.void]], partitions: int) -> None:
    insides, outsides = [], [[losses()] for _ in groups]
    blobs: dict[int, list[tuple[int, bytes]]] = {}
    for group, found in enumerate(groups):
        best, inside = collapse(found)
        insides.append(inside)
        for partition, data in scatter(best, partitions):
            blobs.setdefault(partition, []).append((group, data))
    for partition in blobs.values():
        for group, lost in losers(reversed(partition)).items():
            outsides[group].append(lost)
    everything = [(key, p, g, row) for g, found in enumerate(groups) for key, p, row in found.tolist()]
    best = {key: min(claim for claim in everything if claim[0] == key) for key in {claim[0] for claim in everything}}
    for group, inside in enumerate(insides):
        lost = all_losses(inside, np.concatenate(outsides[group]))
        mine = [claim for claim in everything if claim[2] == group and claim != best[claim[0]]]
        assert lost.tolist() == sorted((row, best[key][1]) for key, _, _, row in mine)
