"""Connected components: rounds over any number of partitions give what one place gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.dedup.components import NODE_LABEL, PAGE_LINK, Links, components, contract, links_between, spread

MOST_ROUNDS = 30


def links_of(pairs: Sequence[tuple[int, int]]) -> Links:
    ends = np.array(pairs, np.uint64).reshape(-1, 2)
    return links_between(ends[:, 0], ends[:, 1])


def in_rounds(links: Links, partitions: int, rounds: int = MOST_ROUNDS) -> tuple[dict[int, int], int, Links]:
    """(labels, rounds that had links, what is left)."""
    labels: dict[int, int] = {}
    for number in range(rounds):
        if not len(links):
            return labels, number, links
        held: dict[int, list[Links]] = {}
        for partition, data in spread(links, partitions):
            held.setdefault(partition, []).append(np.frombuffer(data, PAGE_LINK))
        made = [contract(pieces, partition, partitions) for partition, pieces in held.items()]
        for node, label in (pair for each in made for pair in each.labels.tolist()):
            assert labels.setdefault(node, label) == label
        links = np.concatenate([each.links for each in made])
    return labels, rounds, links


def plain(pairs: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Sets that are joined, one pair after the other."""
    sets: dict[int, set[int]] = {}
    for a, b in pairs:
        if a != b:
            joined = sets.get(a, {a}) | sets.get(b, {b})
            sets |= dict.fromkeys(joined, joined)
    return {node: min(found) for node, found in sets.items()}


def test_a_star_a_chain_and_a_pair() -> None:
    pairs = [(9, 1), (9, 5), (9, 7), (10, 11), (11, 12), (12, 13), (20, 30), (30, 20)]
    expected = {1: 1, 5: 1, 7: 1, 9: 1, 10: 10, 11: 10, 12: 10, 13: 10, 20: 20, 30: 20}
    assert dict(components([links_of(pairs)]).tolist()) == expected
    assert in_rounds(links_of(pairs), 4)[0] == expected


def test_no_links_are_no_components() -> None:
    assert components([]).dtype == NODE_LABEL
    assert not len(components([]))
    assert in_rounds(links_of([(3, 3)]), 2) == ({}, 0, pytest.approx(np.empty(0, PAGE_LINK)))


PAIRS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=60)


@given(PAIRS, st.integers(1, 9))
def test_rounds_give_what_sets_give(pairs: list[tuple[int, int]], partitions: int) -> None:
    expected = plain(pairs)
    assert dict(components([links_of(pairs)]).tolist()) == expected
    labels, _, left = in_rounds(links_of(pairs), partitions)
    assert labels == expected
    assert not len(left)


@given(PAIRS, st.integers(1, 5), st.integers(0, 4))
def test_what_rounds_leave_is_finished_in_one_place(pairs: list[tuple[int, int]], partitions: int, rounds: int) -> None:
    labels, _, left = in_rounds(links_of(pairs), partitions, rounds)
    rest = dict(components([left]).tolist())
    assert all(rest[node] == labels[node] for node in rest.keys() & labels.keys())
    assert labels | rest == plain(pairs)


def chains(nodes: int) -> dict[str, np.ndarray]:
    bits = nodes.bit_length()
    return {
        "sorted": np.arange(nodes),
        "backwards": np.arange(nodes)[::-1],
        "shuffled": np.random.default_rng(1).permutation(nodes),
        "folded": np.stack([np.arange(nodes // 2), np.arange(nodes // 2)[::-1] + nodes // 2], 1).ravel(),
        "bits reversed": np.array([int(f"{i:0{bits}b}"[::-1], 2) for i in range(nodes)]),
    }


@pytest.mark.parametrize("partitions", [16, 64])
@pytest.mark.parametrize("order", chains(2))
def test_a_chain_of_10000_takes_few_rounds(order: str, partitions: int) -> None:
    nodes = chains(10_000)[order]
    labels, rounds, left = in_rounds(links_of(list(zip(nodes[1:], nodes[:-1], strict=True))), partitions)
    assert labels == dict.fromkeys(nodes.tolist(), 0)
    assert not len(left)
    assert rounds <= 18
