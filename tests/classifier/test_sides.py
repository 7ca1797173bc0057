"""Which pages a classifier learns from, and which it is tried on."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.classifier.sides import DrawnSide, draw, split, trainable
from c4pipe.compare.reading import CorpusPage
from c4pipe.errors import ConfigError
from c4pipe.fasttext.joining import lines_by_blanks
from c4pipe.text import hash64
from c4pipe.text.urls import domain_of


def page(text: str, host: str = "a.example") -> CorpusPage:
    return CorpusPage(text, f"http://{host}/" if host else "")


def drawn(name: str, *pages: CorpusPage, each: int = 1000) -> DrawnSide:
    return draw(name, pages, lines_by_blanks, each)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("__label__good one __label__ two", "one two"),
        ("one </s> two", "one two"),
        ("one\x00two\tthree\x0bfour", "one two three four"),
        ("no\u00a0break\u2028line", "no\u00a0break\u2028line"),  # no end of a word to fastText
        (" </s> ", ""),
    ],
)
def test_what_fasttext_takes_for_more_than_a_word_is_no_part_of_a_line(line: str, kept: str) -> None:
    assert trainable(line) == kept


def test_a_text_counts_once_and_an_empty_one_not_at_all() -> None:
    side = drawn("good", page("One.\nTwo."), page("One. Two.", "b.example"), page(" \n "), page("Three."))
    assert side.read == 4
    assert sorted(each.line for each in side.lines) == ["One. Two.", "Three."]


def test_the_smallest_hashes_are_drawn_whatever_the_order() -> None:
    pages = [page(f"Text {n}.", f"{n}.example") for n in range(300)]
    expected = sorted(hash64(f"Text {n}.") for n in range(300))[:40]
    assert [each.key for each in drawn("good", *pages, each=40).lines] == expected
    random.Random(1).shuffle(pages)
    assert [each.key for each in drawn("good", *pages, *pages, each=40).lines] == expected


def test_subdomains_are_one_group_and_pages_without_a_url_their_own() -> None:
    hosts = ("x.a.co.uk", "y.a.co.uk", "", "", "one.test", "two.test", "10.0.0.1")
    side = drawn("good", *(page(str(number), host) for number, host in enumerate(hosts, 1)))
    groups = {each.line: each.group for each in side.lines}
    assert groups["1"] == groups["2"] == "a.co.uk"
    assert groups["3"] != groups["4"]
    assert [groups[name] for name in "567"] == ["one.test", "two.test", "10.0.0.1"]


hosts = st.lists(st.integers(0, 30), min_size=8, max_size=60)


@settings(max_examples=80, deadline=None)
@given(hosts, hosts, st.integers(0, 10))
def test_no_domain_is_in_training_and_held_out_and_the_sides_are_equal(
    good: list[int], bad: list[int], both: int
) -> None:
    shared = [page(f"shared {n}", f"{n}.com") for n in range(both)]
    sides = [
        drawn(name, *(page(f"{name} {n}", f"{host}.com") for n, host in enumerate(each)), *shared)
        for name, each in (("good", good), ("bad", bad))
    ]
    try:
        found = split(*sides)
    except ConfigError as error:
        assert "can be held out" in str(error)  # noqa: PT017 - all of a side may be of one domain
        return
    training, held = ({each.group for side in part for each in side} for part in (found.training, found.held_out))
    assert not training & held
    assert {*map(len, found.training)} == {len(found.training[0])}
    assert {*map(len, found.held_out)} == {len(found.held_out[0])} != {0}
    assert len(found.training[0]) >= min(len(good), len(bad)) // 4
    assert found.shared == both
    assert not [each for part in (*found.training, *found.held_out) for each in part if "shared" in each.line]
    assert all(each.line.startswith("good") for part in (found.training, found.held_out) for each in part[0])


def test_about_a_tenth_is_held_out() -> None:
    pages = [[page(f"{name} {n}", f"{n}.com") for n in range(500)] for name in ("good", "bad")]
    found = split(drawn("good", *pages[0]), drawn("bad", *pages[1]))
    assert 45 <= len(found.held_out[0]) <= 65
    assert len(found.training[0]) + len(found.held_out[0]) <= 500
    assert domain_of("http://7.com/").registered == "7.com"


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        ([], [page("1")], r"good has no page with a text \(0 pages read\)"),
        ([page("1")], [page(" ")], r"bad has no page with a text \(1 page read\)"),
        ([page("1")], [page("1"), page("2")], "every text of good is on the other side too"),
        ([page("1"), page("2")], [page("3"), page("4")], "no page of good can be held out: .* of 1 domain,"),
    ],
)
def test_one_sided_data_is_an_error(good: list[CorpusPage], bad: list[CorpusPage], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        split(drawn("good", *good), drawn("bad", *bad))
