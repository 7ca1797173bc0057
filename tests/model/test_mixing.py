"""model.mixing: the rates hold in every prefix and in every lane, and a row's entry needs no history."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.errors import ConfigError
from model.mixing import Mixing

RATES = [
    [1.0, 1.0],
    [0.5, 0.3, 0.2],
    [0.9, 0.09, 0.009, 0.001],
    [float(n) ** -1 for n in range(1, 101)],  # a hundred languages, by Zipf's law
]


def deviations(entries: np.ndarray, rates: list[float]) -> float:
    """The most that the count of an entry in a prefix differs from its rate times the length, in rows."""
    share = np.array(rates) / sum(rates)
    counts = np.cumsum(entries[:, None] == np.arange(len(rates)), axis=0)
    return float(np.abs(counts - share * np.arange(1, len(entries) + 1)[:, None]).max())


@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("start", [0, 10**12])
def test_a_prefix_has_the_rates_but_for_a_few_rows(rates: list[float], start: int) -> None:
    assert deviations(Mixing(rates, shift=start).entries(start, start + 20_000), rates) < 4


@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("lanes", [2, 16, 64])
def test_each_lane_has_the_rates_of_the_whole(rates: list[float], lanes: int) -> None:
    """Were a lane never given to an entry, the documents of its units would never be read."""
    entries = Mixing(rates).entries(0, lanes * 4000)
    assert max(deviations(entries[lane::lanes], rates) for lane in range(lanes)) < 12


@given(st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=9), st.integers(0, 2**50), st.integers(0, 300))
def test_an_entry_depends_on_its_number_alone(rates: list[float], start: int, length: int) -> None:
    mixing = Mixing(rates, 7)
    found = mixing.entries(start, start + length)
    assert found.tolist() == [int(mixing.entries(n, n + 1)[0]) for n in range(start, start + length)]
    assert all(0 <= entry < len(rates) for entry in found)


def test_another_shift_begins_elsewhere() -> None:
    assert Mixing([1, 1], 0).entries(0, 50).tolist() != Mixing([1, 1], 2**63).entries(0, 50).tolist()


@pytest.mark.parametrize("rates", [[], [1.0, 0.0], [-1.0], [float("nan")], [float("inf")]])
def test_rates_that_are_none_are_refused(rates: list[float]) -> None:
    with pytest.raises(ConfigError, match="needs rates above 0"):
        Mixing(rates)
