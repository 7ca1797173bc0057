"""Lists of numbers as columns: the same whatever holds the numbers of a row."""

from __future__ import annotations

from array import array

import numpy as np
import pytest

from c4pipe.shards import number_lists


@pytest.mark.parametrize("rows", [[], [[]], [[1, 2**64 - 1], [], [7]]])
def test_arrays_give_the_column_that_lists_give(rows: list[list[int]]) -> None:
    column = number_lists(rows, np.uint64)
    assert column.to_pylist() == rows
    assert number_lists([array("Q", row) for row in rows], np.uint64).equals(column)


def test_places_are_kept_in_half_of_their_bits() -> None:
    column = number_lists([array("q", [0, 5]), array("q", [4_000_000_000])], np.uint32)
    assert column.to_pylist() == [[0, 5], [4_000_000_000]]
    assert str(column.type) == "list<item: uint32>"


def test_rows_may_be_held_in_different_ways() -> None:
    assert number_lists([array("Q", [1]), [2, 3], (4,)], np.uint64).to_pylist() == [[1], [2, 3], [4]]
