"""c4pipe.dedup.lines: literal pages, and the packed way against the definition."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.dedup import LineLevel
from c4pipe.page import Dropped, Kept, Page, Rejected
from c4pipe.text import hash64
from tests.dedup.oracle import (
    PARTITIONS,
    Groups,
    Put,
    alive_in,
    inputs,
    md5,
    normal,
    packed,
    shuffled,
    without_repeated_lines,
)

LEVEL = LineLevel()
FIRST, SECOND, THIRD = sorted((f"http://a.example/{n}" for n in range(3)), key=md5)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({FIRST: "a\nb", SECOND: "b\nc"}, {FIRST: "a\nb", SECOND: "c"}),
        ({SECOND: "a\nb", FIRST: "b\nc"}, {FIRST: "b\nc", SECOND: "a"}),
        ({FIRST: "a\nb\na\nA\n a "}, {FIRST: "a\nb"}),
        ({FIRST: "A line.", SECOND: "a LINE.\nb", THIRD: "b"}, {FIRST: "A line.", SECOND: "b"}),
        ({FIRST: "a", SECOND: "a\na"}, {FIRST: "a"}),
        ({FIRST: "a b", SECOND: "a  b"}, {FIRST: "a b", SECOND: "a  b"}),  # blanks inside a line count
        ({THIRD: "x\ny\nx", FIRST: "y\ny", SECOND: "x"}, {FIRST: "y", SECOND: "x"}),
        ({FIRST: "a"}, {FIRST: "a"}),
    ],
)
def test_the_page_with_the_smallest_md5_owns_a_line_and_keeps_it_once(
    before: dict[str, str], after: dict[str, str]
) -> None:
    assert without_repeated_lines(before) == after
    for groups in ([[[Put(*item) for item in before.items()]]], [[[Put(*item)]] for item in before.items()]):
        for partitions in (1, 16):
            assert packed(groups, LEVEL, partitions).corpus == after


def test_a_page_that_lost_its_url_owns_nothing() -> None:
    groups = [[[Put(FIRST, "a\nb", alive=False), Put(SECOND, "a\na")], [Put(THIRD, "a\nb")]]]
    assert packed(groups, LEVEL, 2).corpus == {SECOND: "a", THIRD: "b"}


def test_lines_are_hashed_stripped_and_in_lower_case() -> None:
    assert LEVEL.atoms(" A Line.\t\nÉ") == [hash64("a line."), hash64("é")]
    assert LEVEL.atoms("") == [hash64("")]


@given(
    st.text(
        st.one_of(
            st.sampled_from("\n\n ΣσAα.'\u0301\u00ad\u2028\x1c\x85\u200b\u0345İ\u00b7:"), st.characters(codec="utf-8")
        )
    )
)
def test_a_line_in_lower_case_does_not_know_its_neighbours(text: str) -> None:
    """In Greek it might: a sigma at the end of a word has a shape of its own."""
    assert LEVEL.atoms(text) == [hash64(line.strip().lower()) for line in text.split("\n")]


def test_what_a_page_loses_is_told_with_where_its_owner_stands() -> None:
    dropped: list[Dropped] = []
    page = Page(FIRST, "mine\ntheirs\nMine\nrest", "")
    verdict = LEVEL.apply(page, [False, True, True, False], dropped, [0, 10, 255, 0])
    tally, chars = {"repeated_line": 1, "repeated_in_page": 1}, {"repeated_line": 6, "repeated_in_page": 4}
    assert verdict == Kept(page._replace(text="mine\nrest"), tally, chars)
    assert dropped == [("repeated_line", "theirs", f"{10:016x}"), ("repeated_in_page", "Mine", f"{255:016x}")]


def test_a_page_without_a_line_left_goes_as_it_came() -> None:
    page = Page(FIRST, "theirs\ntheirs", "")
    verdict = LEVEL.apply(page, [True, True])
    assert verdict == Rejected(page, LEVEL.EMPTY, "", {"repeated_line": 2}, {"repeated_line": 12})


def test_flags_must_be_those_of_the_page() -> None:
    with pytest.raises(ValueError, match="shorter"):
        LEVEL.apply(Page(FIRST, "a\nb", ""), [True])


LINES = st.sampled_from(["Aa.", "aa.", " AA. ", "b", "B", "c", "d", "é", "É", ""])
INPUTS = inputs(st.lists(LINES, min_size=1, max_size=5).map("\n".join))


@settings(max_examples=100, deadline=None)
@given(INPUTS, PARTITIONS)
def test_the_packed_way_is_the_definition(groups: Groups, partitions: int) -> None:
    corpus, result = alive_in(groups), packed(groups, LEVEL, partitions)
    assert result.corpus == without_repeated_lines(corpus)
    assert set(result.flags) == set(corpus)


@settings(max_examples=40, deadline=None)
@given(INPUTS, PARTITIONS)
def test_every_line_of_the_corpus_is_left_exactly_once(groups: Groups, partitions: int) -> None:
    corpus, result = alive_in(groups), packed(groups, LEVEL, partitions)
    left = Counter(
        normal(line)
        for url, text in corpus.items()
        for line, gone in zip(text.split("\n"), result.flags[url], strict=True)
        if not gone
    )
    assert left == dict.fromkeys({normal(line) for text in corpus.values() for line in text.split("\n")}, 1)


@settings(max_examples=40, deadline=None)
@given(INPUTS, PARTITIONS)
def test_a_line_is_repeated_here_if_its_page_owns_it_and_elsewhere_if_not(groups: Groups, partitions: int) -> None:
    corpus, result = alive_in(groups), packed(groups, LEVEL, partitions)
    owners: dict[str, str] = {}
    for url in sorted(corpus, key=md5):
        for line in corpus[url].split("\n"):
            owners.setdefault(normal(line), url)
    for url, text in corpus.items():
        gone = [line for line, lost in zip(text.split("\n"), result.flags[url], strict=True) if lost]
        codes = ["repeated_in_page" if owners[normal(line)] == url else "repeated_line" for line in gone]
        assert result.dropped[url] == list(zip(codes, gone, strict=True))
        assert result.owners[url] == [md5(owners[normal(line)])[:16] for line in gone]
        assert result.tallies[url] == Counter(codes)


@settings(max_examples=40, deadline=None)
@given(st.data(), INPUTS, PARTITIONS, PARTITIONS)
def test_the_order_and_the_cut_of_the_input_make_no_difference(
    data: st.DataObject, groups: Groups, partitions: int, others: int
) -> None:
    other = data.draw(shuffled(groups))
    assert packed(groups, LEVEL, partitions).corpus == packed(other, LEVEL, others).corpus
