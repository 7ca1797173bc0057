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
    Claims,
    Owned,
    all_losses,
    by_input,
    claims,
    collapse,
    contest,
    losers,
    lost_atoms,
    owner_of,
    page_priority,
    resolve,
    scatter,
    sort_keys,
)

URL = "http://a.example/é"


def atoms(hashes: list[int], counts: list[int], priorities: list[int]) -> Atoms:
    return Atoms(np.array(hashes, np.uint64), np.array(counts, np.int64), np.array(priorities, np.uint64))


def packed(rows: list[tuple[int, int, int]]) -> bytes:
    return np.array(rows, CLAIM).tobytes()


def unpacked(rows: list[tuple[int, int, int]]) -> Claims:
    return Claims.unpack([packed(rows)])


def listed(found: Claims) -> list[tuple[int, int, int]]:
    return list(zip(*(column.tolist() for column in found), strict=True))


def alive(*flags: int) -> NDArray[np.bool_]:
    return np.array(flags, bool)


def test_a_claim_is_twenty_bytes_on_every_machine() -> None:
    assert CLAIM.itemsize == 20
    packed_row = unpacked([(9, 9, 9), (1, 2, 3)]).pack(1, 2)
    assert packed_row.hex() == "0100000000000000020000000000000003000000"


def test_a_priority_is_the_first_half_of_the_md5_of_the_url() -> None:
    assert page_priority(URL) == int(hashlib.md5(URL.encode()).hexdigest()[:16], 16)


def test_priorities_order_pages_as_the_hex_digests_do() -> None:
    urls = [f"http://a.example/{n}" for n in range(100)]
    assert sorted(urls, key=page_priority) == sorted(urls, key=lambda url: hashlib.md5(url.encode()).hexdigest())


def test_every_line_of_a_page_that_is_alive_is_claimed() -> None:
    found = claims(atoms([7, 8, 9, 7], [2, 1, 1], [50, 60, 70]), 1, alive(1, 0, 1))
    assert listed(found) == [(7, 50, 0), (8, 50, 1), (7, 70, 3)]


def test_a_span_lies_within_one_page() -> None:
    found = claims(atoms([1, 2, 3, 1, 2, 3, 4], [2, 4, 0, 1], [50, 60, 70, 80]), 3, alive(1, 1, 1, 1))
    assert found.rows.tolist() == [2, 3]
    assert found.priorities.tolist() == [60, 60]


def test_the_same_sentences_in_the_same_order_make_the_same_key() -> None:
    found = claims(atoms([1, 2, 3, 1, 2, 3, 2, 1, 3], [3, 3, 3], [1, 2, 3]), 3, alive(1, 1, 1))
    one, same, turned = found.keys.tolist()
    assert one == same != turned


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_pages_shorter_than_a_span_claim_nothing(width: int) -> None:
    assert listed(claims(atoms([], [], []), width, alive())) == []
    found = claims(atoms([1] * 6, [1, 2, 3], [1, 2, 3]), width, alive(1, 1, 1))
    assert len(found.rows) == [6, 3, 1, 0][width - 1]


def test_the_smallest_priority_wins_and_then_the_first_row() -> None:
    best, lost = collapse(unpacked([(9, 5, 0), (3, 5, 1), (9, 4, 2), (3, 5, 3), (3, 6, 4), (1, 1, 5)]))
    assert listed(best) == [(1, 1, 5), (3, 5, 1), (9, 4, 2)]
    assert sorted(lost.tolist()) == [(0, 4, 2), (3, 5, 1), (4, 5, 1)]  # row, priority of the winner, its row


def test_no_claims_collapse_to_none() -> None:
    best, lost = collapse(unpacked([]))
    assert (listed(best), len(lost)) == ([], 0)
    assert list(scatter(best, 16)) == []


def test_keys_go_to_partitions_by_their_top_bits() -> None:
    top = 2**64 - 1
    ordered = unpacked([(0, 0, 0), (2**62 - 1, 0, 1), (2**62, 0, 2), (2**63, 0, 3), (top, 0, 4)])
    parts = {number: np.frombuffer(data, CLAIM)["row"].tolist() for number, data in scatter(ordered, 4)}
    assert parts == {0: [0, 1], 1: [2], 2: [3], 3: [4]}
    assert [number for number, _ in scatter(ordered, 1)] == [0]
    assert [number for number, _ in scatter(unpacked([(top, 0, 0)]), 4096)] == [4095]


def test_of_all_groups_the_smallest_priority_wins_and_then_the_first_group() -> None:
    blobs = [
        (1, packed([(7, 5, 0), (8, 1, 1)])),
        (0, packed([(7, 5, 9), (8, 2, 8)])),
        (2, packed([(7, 6, 4), (9, 1, 3)])),
    ]
    expected = {0: [(8, 1, False)], 1: [(0, 5, False)], 2: [(4, 5, False)]}
    for order in (blobs, blobs[::-1], blobs[1:] + blobs[:1]):
        assert {group: lost.tolist() for group, lost in losers(order).items()} == expected
    assert losers([]) == {}
    assert losers(blobs[:1]) == {}


def test_a_group_may_send_a_partition_several_packets() -> None:
    blobs = [(3, packed([(7, 5, 0)])), (3, packed([(9, 1, 4), (7, 4, 1)])), (0, packed([(9, 2, 2)]))]
    assert {group: lost.tolist() for group, lost in losers(blobs).items()} == {0: [(2, 1, False)], 3: [(0, 4, False)]}


def test_against_what_was_owned_before_all_lose() -> None:
    blobs = [(0, packed([(7, 5, 9), (8, 2, 8)])), (1, packed([(7, 4, 0), (9, 1, 1)]))]
    resolved = resolve(blobs, Owned(np.array([1, 7], np.uint64), np.array([11, 77], np.uint64)))
    assert {group: lost.tolist() for group, lost in resolved.losses.items()} == {0: [(9, 77, True)], 1: [(0, 77, True)]}
    assert [column.tolist() for column in resolved.owned] == [[8, 9], [2, 1]]
    assert resolve(blobs).losses.keys() == {0}
    assert [column.tolist() for column in resolve(blobs).owned] == [[7, 8, 9], [4, 2, 1]]


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
    cut = by_input(losses(*((row, 0) for row in rows)), sizes)
    assert [part["row"].tolist() for part in cut] == parts


def losses(*rows: tuple[int, int]) -> NDArray[np.void]:
    return np.array([(*row, False) for row in rows], LOSS)


def test_a_lost_claim_costs_all_its_atoms() -> None:
    lost, owners, old = lost_atoms(8, losses((0, 7), (1, 8), (5, 9)), 3)
    assert not old.any()
    assert lost.tolist() == [1, 1, 1, 1, 0, 1, 1, 1]
    assert owners.tolist() == [7, 8, 8, 8, 0, 9, 9, 9]
    assert lost_atoms(3, losses((1, 7)), 1)[0].tolist() == [0, 1, 0]
    assert lost_atoms(2, losses(), 3)[0].tolist() == [0, 0]


def test_a_loss_inside_a_group_is_owned_where_its_winner_lost() -> None:
    inside = np.array([(4, 50, 2), (9, 60, 7), (3, 50, 2)], INSIDE)  # rows 4 and 3 lost to row 2, row 9 to row 7
    found = all_losses(inside, losses((8, 11), (2, 10)))
    assert found.tolist() == losses((2, 10), (3, 10), (4, 10), (8, 11), (9, 60)).tolist()
    assert all_losses(inside, losses()).tolist() == losses((3, 50), (4, 50), (9, 60)).tolist()
    assert all_losses(np.empty(0, INSIDE), losses((8, 11))).tolist() == losses((8, 11)).tolist()
    assert all_losses(np.empty(0, INSIDE), losses()).tolist() == []
    to_earlier = np.array([(2, 10, True)], LOSS)
    assert all_losses(inside, to_earlier)["old"].tolist() == [True, True, True, False]


def test_an_owner_is_named_by_the_md5_of_its_url() -> None:
    assert owner_of(page_priority(URL)) == hashlib.md5(URL.encode()).hexdigest()[:16]
    assert owner_of(1) == "0000000000000001"


# Keys from all over, so that every partition has some, and few enough to repeat.
KEYS = st.sampled_from([0, 1, 2**60 - 1, 2**60, 2**63, 2**63 + 1, 2**64 - 1])
CLAIMS = st.lists(st.tuples(KEYS, st.integers(0, 3)), max_size=12).map(
    lambda pairs: unpacked([(key, priority, row) for row, (key, priority) in enumerate(pairs)])
)


@given(st.lists(CLAIMS, max_size=4), st.sampled_from([1, 2, 16, 4096]))
def test_one_claim_on_each_key_wins_whatever_the_partitions(groups: list[Claims], partitions: int) -> None:
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
    everything = [(key, p, g, row) for g, found in enumerate(groups) for key, p, row in listed(found)]
    best = {key: min(claim for claim in everything if claim[0] == key) for key in {claim[0] for claim in everything}}
    for group, inside in enumerate(insides):
        lost = all_losses(inside, np.concatenate(outsides[group]))
        mine = [claim for claim in everything if claim[2] == group and claim != best[claim[0]]]
        assert lost.tolist() == sorted((row, best[key][1], False) for key, _, _, row in mine)


# Keys that differ in their low bits alone, in their high ones, and not at all.
NEAR = st.builds(lambda high, low: high << 62 | low, st.integers(0, 3), st.integers(0, 9))


@given(st.lists(st.one_of(NEAR, st.integers(0, 2**64 - 1)), max_size=40))
def test_keys_are_sorted_and_equal_ones_stay_in_their_order(keys: list[int]) -> None:
    ordered, places = sort_keys(np.array(keys, np.uint64))
    assert ordered.tolist() == sorted(keys)
    assert places.tolist() == sorted(range(len(keys)), key=lambda place: keys[place])


def test_many_keys_of_few_high_bits_are_sorted_too() -> None:
    keys = np.random.default_rng(1).integers(0, 4, (3, 20_000), np.uint64)
    mixed = (keys[0] << np.uint64(62)) | (keys[1] << np.uint64(8)) | keys[2]
    ordered, places = sort_keys(mixed)
    right = np.argsort(mixed, kind="stable")
    assert (places == right).all()
    assert (ordered == mixed[right]).all()


@given(st.lists(st.tuples(NEAR, st.integers(0, 3)), max_size=40))
def test_on_each_key_the_smallest_priority_wins_and_then_the_first(pairs: list[tuple[int, int]]) -> None:
    winner: dict[int, int] = {}
    for place, (key, priority) in enumerate(pairs):
        if key not in winner or priority < pairs[winner[key]][1]:
            winner[key] = place
    expected = {place: winner[key] for place, (key, _) in enumerate(pairs) if place != winner[key]}
    keys, priorities = (np.array([pair[i] for pair in pairs], np.uint64) for i in range(2))
    _, places, lost, winners = contest(keys, priorities)
    assert (np.diff(lost) > 0).all()
    assert dict(zip(places[lost].tolist(), winners.tolist(), strict=True)) == expected


PAGES = st.lists(st.tuples(st.lists(st.integers(0, 2**64 - 1), max_size=6), st.booleans()), max_size=6)


@given(PAGES, st.integers(1, 4))
def test_claims_are_those_of_a_loop_over_pages(pages: list[tuple[list[int], bool]], width: int) -> None:
    def mix(x: int) -> int:  # fmix64
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            x = (x ^ x >> 33) * factor % 2**64
        return x ^ x >> 33

    expected, row = [], 0
    for priority, (lines, lives) in enumerate(pages):
        for start in range(len(lines)):
            run = lines[start : start + width]
            if lives and len(run) == width:
                key = run[0]
                for following in run[1:]:
                    key = (mix(key) + following) % 2**64
                expected.append((mix(key) if width > 1 else key, priority, row + start))
        row += len(lines)
    flat = [line for lines, _ in pages for line in lines]
    of = atoms(flat, [len(lines) for lines, _ in pages], list(range(len(pages))))
    assert listed(claims(of, width, alive(*(lives for _, lives in pages)))) == expected
