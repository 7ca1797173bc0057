"""Variances beside what is drawn, and Student's t beside printed tables."""

from __future__ import annotations

import numpy as np
import pytest

from c4pipe.compare.null import LAW, Null, jackknife, quantile, ratio_variance, tail


@pytest.mark.parametrize(("freedom", "expected"), [(1, 63.657), (2, 9.925), (5, 4.032), (31, 2.744), (1000, 2.581)])
def test_the_quantiles_are_those_of_the_tables(freedom: float, expected: float) -> None:
    assert quantile(freedom) == pytest.approx(expected, abs=0.001)
    assert tail(expected, freedom) == tail(-expected, freedom) == pytest.approx(0.01, abs=1e-5)
    assert tail(0, freedom) == 1


def test_of_a_mean_the_jackknife_gives_its_variance() -> None:
    values = np.array([3.0, 5.0, 10.0, 2.0])
    less = np.array([np.delete(values, at).mean() for at in range(4)])[:, None]
    assert jackknife(less) == pytest.approx(values.var(ddof=1) / 4)


def test_the_variance_of_a_ratio_is_that_of_a_mean_where_all_are_of_a_size() -> None:
    amounts = np.array([2.0, 4.0, 12.0])
    assert ratio_variance(amounts, np.ones(3)) == pytest.approx(amounts.var(ddof=1) / 3)
    assert ratio_variance(3 * np.arange(1.0, 9), np.arange(1.0, 9)) == pytest.approx(0)


def test_both_variances_count_and_the_degrees_lie_between_theirs() -> None:
    pages, both = Null(0.01, 0, 32, 9), Null(0.01, 0.03, 32, 9)
    assert (pages.error, pages.degrees) == (pytest.approx(0.1), pytest.approx(31))
    assert (both.error, pages.half) == (pytest.approx(0.2), pytest.approx(0.2744, abs=1e-4))
    assert 9 < both.degrees < 31
    assert both.chance(both.half) == pytest.approx(0.01)


def test_more_pages_bring_down_their_own_variance_alone() -> None:
    null = Null(0.01, 0.0001, 32, 1000)
    times = null.times(null.half / 2)
    assert times is not None
    assert Null(0.01 / times**LAW, 0.0001, 32, 1000).half == pytest.approx(null.half / 2, rel=0.05)
    assert Null(0.01, 0.0001, 32, 1000).times(0.01) is None  # the documents alone make more


def test_where_nothing_varies_nothing_is_by_chance_but_no_difference() -> None:
    assert (Null(0, 0, 32, 9).half, Null(0, 0, 32, 9).chance(0), Null(0, 0, 32, 9).chance(0.1)) == (0, 1, 0)
