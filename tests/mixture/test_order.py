"""Positions and documents: nobody twice in an epoch, whole epochs whole, the same from both sides."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.mixture import Mixture, MixtureOrder

COUNTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 200), min_size=1).filter(lambda c: any(c.values()))


def located(order):
    return list(zip(*(part.tolist() for part in order.locate(np.arange(order.total))), strict=True))


@given(COUNTS, st.floats(0, 1), st.integers(1, 500), st.integers(1, 5), st.integers(0, 9))
def test_each_document_is_drawn_as_often_as_its_epochs_say(counts, alpha, documents, epochs, seed):
    order = MixtureOrder.of(counts, Mixture.parse(alpha=alpha), documents, epochs, seed)
    found = located(order)
    assert len(found) == len({*found}) == order.total  # in no epoch is a document drawn twice
    for entry, name in enumerate(order.names):
        times = Counter(row for e, _, row in found if e == entry)
        assert sum(times.values()) == order.written[entry]
        whole, part = divmod(order.written[entry], counts[name] or 1)
        assert {*times.values()} <= {whole, whole + 1}
        assert sum(n == whole + 1 for n in times.values()) == part
        assert [epoch for e, epoch, _ in found if e == entry] == sorted(epoch for e, epoch, _ in found if e == entry)
        assert whole + (part > 0) <= epochs


@given(COUNTS, st.integers(1, 500), st.data())
def test_a_row_stands_where_its_position_says(counts, documents, data):
    order = MixtureOrder.of(counts, Mixture.parse(), documents)
    there = {place: position for position, place in enumerate(located(order))}
    for entry, size in enumerate(order.documents):
        rows = np.array(data.draw(st.lists(st.integers(0, size - 1), unique=True)) if size else [], np.int64)
        found = {}
        for epoch, chosen, positions in order.drawn(entry, rows):
            found |= {(entry, epoch, row): p for row, p in zip(rows[chosen].tolist(), positions.tolist(), strict=True)}
        wanted = {*rows.tolist()}
        assert found == {place: p for place, p in there.items() if place[0] == entry and place[2] in wanted}


def test_the_default_is_as_many_documents_as_there_are():
    order = MixtureOrder.of({"en": 900, "de": 100}, Mixture.parse(alpha=0.5))
    assert order.names == ("de", "en")
    assert order.written == (250, 750)
    assert (order.epochs("de"), order.epochs("en")) == (2.5, 750 / 900)


def test_the_order_in_which_entries_are_given_does_not_matter():
    counts = {"sw": 10, "en": 900, "de": 100}
    assert MixtureOrder.of(counts, Mixture.parse()) == MixtureOrder.of(dict(sorted(counts.items())), Mixture.parse())


def test_another_seed_draws_other_documents_and_epochs_differ():
    counts = {"en": 1000, "sw": 20}
    first, second = (MixtureOrder.of(counts, Mixture.parse(), 500, 4, seed) for seed in (0, 1))
    drawn = [[row for entry, _, row in located(order) if entry == 0] for order in (first, second)]
    assert len(drawn[0]) == len(drawn[1])
    assert {*drawn[0]} != {*drawn[1]}
    swahili = [[row for entry, epoch, row in located(first) if entry == 1 and epoch == e] for e in (0, 1)]
    assert sorted(swahili[0]) == sorted(swahili[1]) == list(range(20))
    assert swahili[0] != swahili[1]


def test_no_positions():
    order = MixtureOrder.of({"en": 3}, Mixture.parse())
    assert [part.tolist() for part in order.locate(np.array([], np.int64))] == [[], [], []]
