"""Rates against definitions computed in decimals and fractions, and what a command line may say."""

from decimal import Decimal, getcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.errors import ConfigError
from c4pipe.mixture import Mixture

# As many pages as languages of mC4 have: the largest, two large ones, two small ones.
MT5 = {"en": 3_067_000_000, "ru": 756_000_000, "de": 397_000_000, "sw": 985_000, "yo": 46_214}


def exact(counts, alpha, limit=None):
    """The definition in 60 digits: min(n, limit)**alpha over the sum of all."""
    getcontext().prec = 60
    capped = {name: n if limit is None else min(n, limit) for name, n in counts.items()}
    weights = {name: Decimal(n) ** Decimal(alpha) if n else Decimal(0) for name, n in capped.items()}
    return {name: weight / sum(weights.values()) for name, weight in weights.items()}


def assert_equal(rates, expected):
    assert rates.keys() == expected.keys()
    for name, rate in rates.items():
        assert abs(Decimal(rate) - expected[name]) < Decimal("1e-12"), name


def test_proportional():
    assert Mixture.parse("proportional").rates({"en": 60, "de": 30, "sw": 10}) == {"en": 0.6, "de": 0.3, "sw": 0.1}


def test_equal_leaves_out_what_has_no_document():
    assert Mixture.parse("equal").rates({"en": 1000, "de": 1, "xx": 0}) == {"en": 0.5, "de": 0.5, "xx": 0.0}


def test_examples_proportional_counts_no_entry_for_more_than_the_limit():
    """T5 with K = 100: 100, 100, 50."""
    rates = Mixture.parse("examples", limit=100).rates({"c4": 10**9, "wiki": 100, "rte": 50})
    assert rates == {"c4": 0.4, "wiki": 0.4, "rte": 0.2}


def test_temperature_by_hand():
    """Square roots of 900, 100 and 25 are 30, 10 and 5."""
    rates = Mixture.parse("temperature", alpha=0.5).rates({"en": 900, "de": 100, "sw": 25})
    assert_equal(rates, {name: Decimal(n) / 45 for name, n in {"en": 30, "de": 10, "sw": 5}.items()})


def test_temperature_of_t5_with_a_limit():
    """T = 2 and K = 400: square roots of 400, 100 and 25 are 20, 10 and 5."""
    rates = Mixture.parse("temperature", temperature=2, limit=400).rates({"en": 900, "de": 100, "sw": 25})
    assert_equal(rates, {name: Decimal(n) / 35 for name, n in {"en": 20, "de": 10, "sw": 5}.items()})


def test_mt5_shows_a_small_language_more_than_a_thousand_times_as_often_as_it_occurs():
    rates = Mixture.parse().rates(MT5)
    assert_equal(rates, exact(MT5, "0.3"))
    assert [f"{rate:.4f}" for rate in rates.values()] == ["0.4303", "0.2827", "0.2330", "0.0385", "0.0154"]
    assert rates["yo"] / (MT5["yo"] / sum(MT5.values())) == pytest.approx(1406, abs=1)


COUNTS = st.dictionaries(st.text(max_size=3), st.integers(0, 10**12), min_size=1, max_size=120)


@given(
    COUNTS.filter(lambda counts: any(counts.values())), st.decimals(0, 5, places=3), st.none() | st.integers(1, 10**7)
)
def test_rates_are_the_definition_to_1e_12(counts, alpha, limit):
    rates = Mixture.parse("temperature", alpha=float(alpha), limit=limit).rates(counts)
    assert_equal(rates, exact(counts, alpha, limit))
    assert abs(sum(map(Fraction, rates.values())) - 1) < Fraction(1, 10**12)
    assert all(rate == 0 for name, rate in rates.items() if not counts[name])


@given(COUNTS.filter(lambda counts: any(counts.values())))
def test_the_special_kinds_are_points_of_the_one_formula(counts):
    rates = [Mixture.parse(**how).rates(counts) for how in ({"kind": "proportional"}, {"alpha": 1.0})]
    assert rates[0] == rates[1]
    rates = [Mixture.parse(**how).rates(counts) for how in ({"kind": "equal"}, {"alpha": 0.0})]
    assert rates[0] == rates[1]
    most = max(counts.values())
    assert Mixture.parse("examples", limit=most).rates(counts) == Mixture.parse("proportional").rates(counts)


def test_a_large_alpha_takes_the_largest_alone():
    assert Mixture.parse(alpha=1e6).rates({"en": 10**12, "de": 10**11}) == {"en": 1.0, "de": 0.0}


def test_t_is_one_by_alpha():
    assert Mixture.parse(alpha=0.3).temperature == pytest.approx(3.3333333)
    assert Mixture.parse(temperature=4) == Mixture.parse(alpha=0.25)
    assert Mixture.parse(alpha=0).temperature == float("inf")


def test_words():
    assert str(Mixture.parse()) == "temperature with alpha 0.3 (T = 3.333)"
    assert str(Mixture.parse("examples", limit=2**21)) == "examples, at most 2,097,152 documents of an entry counted"
    assert str(Mixture.parse("equal")) == "equal"


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"kind": "temprature"}, ["unknown mixture 'temprature'", "Did you mean 'temperature'"]),
        ({"alpha": -0.1}, ["--alpha -0.1", "0 (equal) or more"]),
        ({"alpha": float("nan")}, ["--alpha nan"]),
        ({"alpha": float("inf")}, ["--alpha inf"]),
        ({"temperature": 0.0}, ["--temperature 0.0", "above 0"]),
        ({"temperature": -1.0}, ["--temperature -1.0"]),
        ({"temperature": float("nan")}, ["--temperature nan"]),
        ({"alpha": 0.3, "temperature": 3.0}, ["set the same value"]),
        ({"kind": "equal", "alpha": 0.3}, ["not apply", "equal"]),
        ({"kind": "proportional", "limit": 5}, ["--limit 5", "proportional"]),
        ({"kind": "examples"}, ["--limit K"]),
        ({"kind": "examples", "limit": 0}, ["--limit 0", "1 or more"]),
    ],
)
def test_wrong_use_is_told(how, words):
    with pytest.raises(ConfigError) as told:
        Mixture.parse(**how)
    for word in words:
        assert word in str(told.value)


@pytest.mark.parametrize("counts", [{}, {"en": 0, "de": 0}])
def test_nothing_has_no_rates(counts):
    with pytest.raises(ConfigError, match="none of the"):
        Mixture.parse().rates(counts)
