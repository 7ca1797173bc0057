"""c4pipe.passes.sample: which pages are shown depends on the pages alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.page import Dropped, Page
from c4pipe.passes.sample import PER_REASON, SAMPLE_SCHEMA, Sample, Sampled, per_input, ranked, sample_table, sampled_of
from c4pipe.text import hash64


def page(n: int) -> Page:
    return Page(f"http://a.example/{n}", f"Page {n}.", "2024-05-22T10:11:12Z", f"x.wet#{n}")


@pytest.mark.parametrize(
    ("mode", "inputs", "cap"),
    [
        ("none", 1, 0),
        ("all", 1, None),
        ("sample", 1, 200),
        ("sample", 4, 200),
        ("sample", 5, 160),
        ("sample", 7, 115),
        ("sample", 25, 32),
        ("sample", 90_000, 32),
    ],
)
def test_an_input_keeps_its_fair_share_and_some_to_spare(mode: str, inputs: int, cap: int | None) -> None:
    assert per_input(mode, inputs) == cap


def test_all_inputs_together_have_enough() -> None:
    for inputs in range(1, 500):
        assert per_input("sample", inputs) * inputs >= PER_REASON


def test_of_each_outcome_the_pages_with_the_smallest_hash_are_kept() -> None:
    sample = Sample(2)
    for n in range(20):
        sample.add(page(n), "clean", "few_sentences", f"{n} sentences", row=n)
        sample.add(page(n), "", "kept")
    first, second = sorted(range(20), key=lambda n: hash64(f"x.wet#{n}"))[:2]
    assert list(sample) == [
        Sampled(hash64(f"x.wet#{first}"), -1, page(first), "", "kept"),
        Sampled(hash64(f"x.wet#{second}"), -1, page(second), "", "kept"),
        Sampled(hash64(f"x.wet#{first}"), first, page(first), "clean", "few_sentences", f"{first} sentences"),
        Sampled(hash64(f"x.wet#{second}"), second, page(second), "clean", "few_sentences", f"{second} sentences"),
    ]


def test_what_was_cut_is_found_out_for_pages_that_stay() -> None:
    sample, asked = Sample(2), list[int]()

    def found(n: int) -> list[Dropped]:
        asked.append(n)
        return [Dropped("few_words", f"Line {n}")]

    for n in range(20):
        sample.add(page(n), "clean", "few_sentences", row=n, dropped=lambda n=n: found(n))  # type: ignore[misc]
    chosen = sorted(range(20), key=lambda n: hash64(f"x.wet#{n}"))[:2]
    assert [s.dropped for s in sample] == [(Dropped("few_words", f"Line {n}"),) for n in chosen]
    assert sorted(asked) == sorted(chosen)


def test_none_keeps_nothing_and_all_keeps_everything() -> None:
    none, everything = Sample(0), Sample(None)
    for n in range(200):
        none.add(page(n), "", "kept")
        everything.add(page(n), "", "kept")
    assert list(none) == []
    assert sorted(s.page.url for s in everything) == sorted(page(n).url for n in range(200))


OFFERS = st.lists(
    st.tuples(st.integers(0, 99), st.sampled_from([("", "kept"), ("clean", "policy"), ("url", "older_copy")])),
    unique_by=lambda offer: offer[0],
    max_size=30,
)


@given(st.data(), OFFERS, st.one_of(st.none(), st.integers(0, 5)))
def test_the_order_of_the_pages_makes_no_difference(
    data: st.DataObject, offers: list[tuple[int, tuple[str, str]]], cap: int | None
) -> None:
    def sampled(order: list[tuple[int, tuple[str, str]]]) -> list[Sampled]:
        sample = Sample(cap)
        for n, outcome in order:
            sample.add(page(n), *outcome)
        return list(sample)

    found = sampled(offers)
    assert found == sampled(data.draw(st.permutations(offers)))
    assert found == ranked(found)
    for outcome in {outcome for _, outcome in offers}:
        hashes = sorted(hash64(f"x.wet#{n}") for n, other in offers if other == outcome)
        assert [s.priority for s in found if (s.stage, s.reason) == outcome] == hashes[:cap]


@given(OFFERS, st.integers(1, 5), st.integers(0, 30))
def test_the_best_of_two_inputs_are_among_the_best_of_each(
    offers: list[tuple[int, tuple[str, str]]], cap: int, cut: int
) -> None:
    def sampled(part: list[tuple[int, tuple[str, str]]]) -> list[Sampled]:
        sample = Sample(cap)
        for n, outcome in part:
            sample.add(page(n), *outcome)
        return list(sample)

    halves = [*sampled(offers[:cut]), *sampled(offers[cut:])]
    assert all(s in halves for s in sampled(offers))


def test_a_table_holds_a_sample_and_gives_it_back() -> None:
    rows = [
        Sampled(2**64 - 1, 7, page(1), "clean", "policy", "A line.", (Dropped("few_words", "Two words.", "0a"),)),
        Sampled(0, -1, page(2), "", "kept"),
    ]
    table = sample_table(rows)
    assert table.schema == SAMPLE_SCHEMA
    assert list(sampled_of(table)) == rows
    assert list(sampled_of(sample_table([]))) == []
    assert table.to_pylist()[0]["dropped"] == [{"reason": "few_words", "line": "Two words.", "owner": "0a"}]
