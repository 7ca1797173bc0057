"""Which differences are more than chance."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.study.noise import Spread, differences, holm, smallest_step, two_sided, welch

VALUES = st.lists(st.floats(-100, 100, allow_nan=False), min_size=2, max_size=6)


@pytest.mark.parametrize(
    ("t", "freedom", "p"),
    [  # tables of Student's distribution: 5 %, 1 % and 0.1 %, two-sided
        (12.7062, 1, 0.05),
        (4.3027, 2, 0.05),
        (9.9248, 2, 0.01),
        (2.7764, 4, 0.05),
        (8.6103, 4, 0.001),
        (2.2281, 10, 0.05),
        (1.9840, 100, 0.05),
    ],
)
def test_the_tables_of_student(t: float, freedom: float, p: float) -> None:
    assert two_sided(t, freedom) == pytest.approx(p, rel=2e-3)
    assert two_sided(-t, freedom) == two_sided(t, freedom)


def test_welchs_test_of_a_textbook() -> None:
    """Means 20 and 22 of three, deviations 1 and 2: t = -2 / sqrt(5 / 3), 2.94 degrees of freedom."""
    one, other = Spread.of([19, 20, 21]), Spread.of([20, 22, 24])
    assert (one.deviation, other.deviation) == (1, 2)
    assert welch(one, other) == pytest.approx(two_sided(2 / math.sqrt(5 / 3), 50 / 17))
    assert 0.2 < welch(one, other) < 0.25


def test_no_spread_is_no_proof_where_values_move_in_steps() -> None:
    one, other = Spread.of([50.0, 50.0, 50.0]), Spread.of([51.5625] * 3)
    assert welch(one, other) == 0.0
    assert welch(one, other, smallest_step(64)) > 0.001
    assert welch(one, one) == 1.0


def test_one_seed_says_nothing() -> None:
    assert math.isnan(welch(Spread.of([1.0]), Spread.of([1.0, 2.0])))
    assert math.isnan(Spread.of([1.0]).deviation)


@given(VALUES, VALUES)
def test_a_probability_is_one_and_knows_no_side(one: list[float], other: list[float]) -> None:
    a, b = Spread.of(one), Spread.of(other)
    assert 0 <= welch(a, b, 0.1) <= 1
    assert welch(a, b, 0.1) == pytest.approx(welch(b, a, 0.1))


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_lies_between_bonferroni_and_nothing(probabilities: list[float]) -> None:
    held = holm(probabilities)
    for p, one in zip(probabilities, held, strict=True):
        assert one or p > 0.05 / len(probabilities)
        assert not one or p <= 0.05


def test_chance_alone_is_seldom_called_real() -> None:
    """200 studies of five arms of three seeds without any difference: about one in twenty has a false one, or fewer."""
    rng = random.Random(7)
    wrong = 0
    for _ in range(200):
        arms = {name: {seed: rng.gauss(70, 2) for seed in range(3)} for name in "abcde"}
        wrong += any(one.real for one in differences({("rte", "accuracy"): arms}, {}, "a"))
    assert wrong <= 20


def test_what_is_far_away_is_real_and_an_arm_without_values_is_left_out() -> None:
    arms = {
        "base": {0: 80.0, 1: 81.0, 2: 79.5},
        "far": {0: 50.0, 1: 51.0, 2: 50.5},
        "near": {0: 80.5, 1: 79.0, 2: 81.0},
    }
    found = differences({("rte", "accuracy"): {**arms, "gone": {}}}, {}, "base")
    assert [(one.arm, one.real) for one in found] == [("far", True), ("near", False)]
    assert found[0].value == pytest.approx(-29.667, abs=1e-3)
