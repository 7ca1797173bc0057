"""The order of a mixture: exact, the same from both sides, and at every prefix where the rates are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.errors import ConfigError
from c4pipe.mixture import MAX_DOCUMENTS, Interleaving
from c4pipe.mixture.interleaving import scaled

QUOTAS = st.lists(st.integers(0, 60) | st.integers(0, 3000), min_size=1, max_size=12).filter(any)


def entries(quotas):
    return Interleaving(quotas).locate(np.arange(sum(quotas)))[0]


@pytest.mark.parametrize(
    ("quotas", "order"),
    [
        ([1], "a"),
        ([0, 3], "bbb"),
        ([2, 2], "baba"),
        ([4, 2, 1], "abacaba"),
        ([3, 1], "aaba"),
        ([1, 1, 1], "bca"),
    ],
)
def test_by_hand(quotas, order):
    """At a node of w places a part of b holds (c * b + w // 2) // w of the first c."""
    assert "".join("abc"[entry] for entry in entries(quotas)) == order


def deviations(quotas):
    """The largest difference of each entry from its part, over all prefixes: right before and behind its documents."""
    mixed = Interleaving(quotas)
    for entry, n in enumerate(quotas):
        numbers = np.arange(n)
        places = mixed.positions(entry, numbers)
        before, behind = numbers - places * (n / mixed.total), numbers + 1 - (places + 1) * (n / mixed.total)
        yield max(np.abs(before).max(initial=0), np.abs(behind).max(initial=0))


@given(QUOTAS)
def test_every_prefix_has_the_rates_within_the_stated_bound(quotas):
    bound = Interleaving(quotas).deviation
    assert bound < 2
    assert max(deviations(quotas)) <= bound + 1e-9


@given(QUOTAS, st.data())
def test_both_directions_agree_and_every_document_stands_once(quotas, data):
    mixed = Interleaving(quotas)
    order, numbers = mixed.locate(np.arange(mixed.total))
    for entry, n in enumerate(quotas):
        assert numbers[order == entry].tolist() == list(range(n))  # in their order
        assert mixed.positions(entry, np.arange(n)).tolist() == np.flatnonzero(order == entry).tolist()
    start = data.draw(st.integers(0, mixed.total))
    part = mixed.locate(np.arange(start, mixed.total))  # a slice needs nothing of what is before it
    assert part[0].tolist() == order[start:].tolist()
    assert part[1].tolist() == numbers[start:].tolist()


@given(st.lists(st.integers(1, MAX_DOCUMENTS // 20), min_size=1, max_size=20), st.data())
def test_so_they_do_for_mixtures_that_no_list_holds(quotas, data):
    mixed = Interleaving(quotas)
    some = np.array(data.draw(st.lists(st.integers(0, mixed.total - 1), max_size=30)), np.int64)
    order, numbers = mixed.locate(some)
    for position, entry, number in zip(some, order.tolist(), numbers, strict=True):
        assert 0 <= number < quotas[entry]
        assert mixed.positions(entry, number[None]).tolist() == [position]
        expected = int(position) * quotas[entry] / mixed.total
        assert abs(number - expected) < 2 + expected * 1e-12


# mT5's smoothing of 107 languages whose sizes fall as theirs do, by a power law.
SMOOTHED = [round(200_000 * (i + 1) ** -0.6) for i in range(107)]


def test_107_languages():
    assert max(deviations(SMOOTHED)) < 1
    assert Interleaving(SMOOTHED).deviation == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("length", [5_000, 50_000, 1_000_000])
def test_chi_square_of_prefixes(length):
    """Far below what chance gives, which is the number of languages."""
    order = Interleaving(SMOOTHED).locate(np.arange(length))[0]
    expected = length * np.array(SMOOTHED) / sum(SMOOTHED)
    assert expected.min() > 5
    found = np.bincount(order, minlength=len(SMOOTHED))
    assert ((found - expected) ** 2 / expected).sum() < len(SMOOTHED) / 20


def test_any_two_places_in_it_have_the_rates_between_them():
    order = Interleaving(SMOOTHED).locate(np.arange(700_000, 800_000))[0]
    part = np.bincount(order, minlength=len(SMOOTHED)) - 100_000 * np.array(SMOOTHED) / sum(SMOOTHED)
    assert np.abs(part).max() < 2 * Interleaving(SMOOTHED).deviation


@given(st.integers(1, MAX_DOCUMENTS), st.data())
def test_scaled_is_exact(whole, data):
    part = data.draw(st.integers(1, whole))
    phase = data.draw(st.integers(0, whole - 1))
    places = data.draw(st.lists(st.integers(0, whole), max_size=20))
    inside = data.draw(st.lists(st.integers(0, part - 1), max_size=20))
    down = scaled(np.array(places, np.int64), part, phase, whole)
    assert down.tolist() == [(place * part + phase) // whole for place in places]
    up = scaled(np.array(inside, np.int64), whole, whole - 1 - phase, part)
    assert up.tolist() == [(place * whole + whole - 1 - phase) // part for place in inside]


def test_more_than_can_be_exact_is_refused():
    with pytest.raises(ConfigError, match="1,099,511,627,777"):
        Interleaving([MAX_DOCUMENTS, 1])


@pytest.mark.parametrize("position", [-1, 6])
def test_a_position_outside_is_refused(position):
    with pytest.raises(IndexError, match="of 6"):
        Interleaving([4, 2]).locate(np.array([position]))
