"""The keyed shuffle: a bijection for every size and key, that looks like chance."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.mixture import Permutation, derive_key


@given(st.integers(1, 3000), st.integers(0, 2**64 - 1))
def test_it_is_a_bijection_and_its_inverse_undoes_it(n, key):
    permutation = Permutation(n, key)
    there = permutation(range(n))
    assert sorted(there.tolist()) == list(range(n))
    assert permutation.inverse(there).tolist() == list(range(n))
    assert permutation(permutation.inverse(range(n))).tolist() == list(range(n))


@given(st.integers(1, 2**62), st.integers(0, 2**64 - 1), st.data())
def test_so_it_is_for_sizes_that_no_list_has(n, key, data):
    permutation = Permutation(n, key)
    some = np.array(data.draw(st.lists(st.integers(0, n - 1), unique=True, max_size=50)), np.int64)
    there = permutation(some)
    assert len({*there.tolist()}) == len(some)
    assert ((there >= 0) & (there < n)).all()
    assert permutation.inverse(there).tolist() == some.tolist()


def test_the_same_key_gives_the_same_order_on_every_machine():
    assert Permutation(10, 0)(range(10)).tolist() == [4, 3, 7, 2, 1, 5, 0, 8, 9, 6]
    assert derive_key(0, "sw", 3) == 11253653163323116229


def test_an_index_alone_goes_where_it_goes_among_others():
    permutation = Permutation(1000, 7)
    together = permutation(range(1000))
    assert [int(permutation([i])[0]) for i in range(0, 1000, 99)] == together[::99].tolist()


def test_keys_depend_on_every_part():
    keys = [derive_key(*parts) for parts in ((0, "a", 1), (1, "a", 0), (0, "b", 1), (0, "a1"), (0, "a"), ("0a", 1))]
    assert len({*keys}) == len(keys)
    assert all(0 <= key < 2**64 for key in keys)


@pytest.mark.parametrize("n", [3, 4, pytest.param(5, marks=pytest.mark.soak)])
def test_all_orders_are_as_frequent(n):
    """Chi-square over the orders under 40 n! keys: beyond 5 standard deviations is chance once in millions."""
    orders = dict.fromkeys(itertools.permutations(range(n)), 0)
    keys = 40 * len(orders)
    for key in range(keys):
        orders[tuple(Permutation(n, key)(range(n)).tolist())] += 1
    assert chi_square(np.array([*orders.values()])) < 5


@pytest.mark.parametrize("n", [100, pytest.param(1009, marks=pytest.mark.soak)])
def test_a_row_is_drawn_anywhere_and_its_neighbour_anywhere_else(n):
    first, step = np.zeros(n, int), np.zeros(n, int)
    for key in range(8 * n):
        here, there = Permutation(n, key)([n // 2, n // 2 + 1]).tolist()
        first[here] += 1
        step[(there - here) % n] += 1
    assert step[0] == 0
    assert chi_square(first) < 5
    assert chi_square(step[1:]) < 5


def chi_square(counts):
    """How many standard deviations the statistic lies above its mean."""
    expected = counts.sum() / len(counts)
    freedom = len(counts) - 1
    return (((counts - expected) ** 2 / expected).sum() - freedom) / math.sqrt(2 * freedom)


@pytest.mark.parametrize("index", [-1, 5])
def test_an_index_outside_is_refused(index):
    with pytest.raises(IndexError, match="expected 0 to 4"):
        Permutation(5, 1)([index])


def test_none_of_none():
    assert Permutation(0, 1)([]).tolist() == []
    assert Permutation(1, 1)([0, 0]).tolist() == [0, 0]
