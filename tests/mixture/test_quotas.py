"""How many documents of each entry: by hand, and what must hold whatever the corpus."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.mixture import Mixture, quotas


@pytest.mark.parametrize(
    ("counts", "rates", "documents", "epochs", "expected"),
    [
        # nothing is exhausted: the rates, and remainders by size
        ({"a": 90, "b": 90}, {"a": 0.75, "b": 0.25}, 100, 4, {"a": 75, "b": 25}),
        ({"a": 90, "b": 90, "c": 90}, {"a": 0.5, "b": 0.25, "c": 0.25}, 10, 4, {"a": 5, "b": 3, "c": 2}),  # a tie: b
        ({"c": 90, "b": 90, "a": 90}, {"a": 0.5, "b": 0.25, "c": 0.25}, 10, 4, {"c": 2, "b": 3, "a": 5}),  # by name
        # c gives 4 x 5 = 20 of the 50 that its rate asks for; the 30 go to a and b two to one
        ({"a": 500, "b": 500, "c": 5}, {"a": 0.5, "b": 0.25, "c": 0.25}, 200, 4, {"a": 120, "b": 60, "c": 20}),
        # a second one runs out because the first did: 10 + 40, and the rest
        ({"a": 500, "b": 20, "c": 5}, {"a": 0.5, "b": 0.25, "c": 0.25}, 140, 2, {"a": 90, "b": 40, "c": 10}),
        # exactly as many as there are is not too much
        ({"a": 50, "b": 50}, {"a": 0.5, "b": 0.5}, 100, 1, {"a": 50, "b": 50}),
        # all there is
        ({"a": 5, "b": 3}, {"a": 0.5, "b": 0.5}, 100, 2, {"a": 10, "b": 6}),
        # no bound
        ({"a": 5, "b": 1}, {"a": 0.5, "b": 0.5}, 100, None, {"a": 50, "b": 50}),
        # nothing to give, and no rate
        ({"a": 5, "b": 0, "c": 9}, {"a": 1.0, "b": 0.0, "c": 0.0}, 9, 1, {"a": 5, "b": 0, "c": 0}),
        ({"a": 10, "b": 10}, {"a": 0.5, "b": 0.5}, 1, 4, {"a": 1, "b": 0}),
    ],
)
def test_by_hand(counts, rates, documents, epochs, expected):
    found = quotas(counts, rates, documents, epochs)
    assert found == expected
    assert [*found] == [*counts]


@given(
    st.dictionaries(st.text(max_size=2), st.integers(0, 10**9), min_size=1, max_size=40).filter(
        lambda counts: any(counts.values())
    ),
    st.floats(0, 2),
    st.integers(1, 10**10),
    st.none() | st.integers(1, 9),
)
def test_whole_numbers_that_sum_up_follow_the_rates_and_keep_the_bound(counts, alpha, documents, epochs):
    rates = Mixture.parse(alpha=alpha).rates(counts)
    found = quotas(counts, rates, documents, epochs)
    caps = {name: documents if epochs is None else n * epochs for name, n in counts.items() if n}
    assert sum(found.values()) == min(
        documents, sum(n for name, n in caps.items() if rates[name]) if epochs else documents
    )
    assert all(0 <= found[name] <= caps.get(name, 0) for name in counts)
    # Those with room share the rest by their rates, to less than one document, and those without would get more.
    room = [name for name in caps if rates[name] and found[name] < caps[name]]
    if room:
        level = Fraction(sum(found[name] for name in room)) / sum(Fraction(rates[name]) for name in room)
        # An entry may be rounded up to its bound, which moves the level by less than a document an entry.
        slack = len(counts) / min(rates[name] for name in room)
        for name in room:
            assert abs(found[name] - level * Fraction(rates[name])) < 1 + slack * rates[name]
        for name in caps.keys() - set(room):
            assert found[name] <= level * Fraction(rates[name]) + 1 + slack * rates[name]


@given(st.permutations(["a", "b", "c", "d"]), st.integers(1, 50))
def test_the_order_of_the_entries_does_not_matter(names, documents):
    counts = {name: 7 + ord(name) % 3 for name in names}
    rates = Mixture.parse("equal").rates(counts)
    found = quotas(counts, rates, documents, 2)
    assert {name: found[name] for name in sorted(found)} == quotas(
        {name: counts[name] for name in sorted(counts)}, rates, documents, 2
    )
