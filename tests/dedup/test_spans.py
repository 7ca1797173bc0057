"""c4pipe.dedup.spans: literal pages, the packed way against the definition, and what the paper's sentence promises."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.dedup import SpanLevel
from c4pipe.page import Dropped, Kept, Page, Rejected
from c4pipe.text import hash64, sentence_splitter
from tests.dedup.oracle import (
    PARTITIONS,
    Groups,
    Put,
    alive_in,
    inputs,
    md5,
    normal,
    packed,
    removed_sentences,
    shuffled,
    span_owners,
    spans_of,
    without_repeated_spans,
)

LEVEL = SpanLevel()
FIRST, SECOND, THIRD = sorted((f"http://a.example/{n}" for n in range(3)), key=md5)


def split(line: str) -> list[str]:
    return list(sentence_splitter(LEVEL.splitter)(line))


def run(before: dict[str, str], level: SpanLevel = LEVEL) -> dict[str, str]:
    """The packed way, over one group and over a group a page."""
    whole = packed([[[Put(*item) for item in before.items()]]], level, 1).corpus
    apart = packed([[[Put(*item)]] for item in before.items()], level, 16).corpus
    assert whole == apart
    return whole


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Three sentences in a row, on two pages: the page with the smaller md5 keeps them.
        ({FIRST: "One. Two. Three.", SECOND: "One. Two. Three. Four."}, {FIRST: "One. Two. Three.", SECOND: "Four."}),
        ({SECOND: "One. Two. Three.", FIRST: "One. Two. Three. Four."}, {FIRST: "One. Two. Three. Four."}),
        # Two sentences in a row are no span.
        (
            {FIRST: "One. Two. Three.", SECOND: "One. Two. Four."},
            {FIRST: "One. Two. Three.", SECOND: "One. Two. Four."},
        ),
        # Lines make no difference to a span, and a line that loses all its sentences goes.
        (
            {FIRST: "Zero.\nOne. Two.\nThree.", SECOND: "One.\nTwo. Three.\nFour. Five."},
            {FIRST: "Zero.\nOne. Two.\nThree.", SECOND: "Four. Five."},
        ),
        # Letters' cases and blanks around a sentence are not looked at.
        (
            {FIRST: "One. Two. Three.", SECOND: "ONE.   two.\n  Three.\nFour."},
            {FIRST: "One. Two. Three.", SECOND: "Four."},
        ),
        # Within a page the first place owns.
        ({FIRST: "One. Two. Three. Four. One. Two. Three."}, {FIRST: "One. Two. Three. Four."}),
        # A lost occurrence takes along sentences that it shares with one that won: of four, one is left.
        ({FIRST: "Yes. Yes. Yes. Yes."}, {FIRST: "Yes."}),
        ({FIRST: "Yes. Yes. Yes."}, {FIRST: "Yes. Yes. Yes."}),
        # Four sentences are two spans.
        (
            {FIRST: "One. Two. Six. Ten.", SECOND: "One. Two. Six. Ten. Red."},
            {FIRST: "One. Two. Six. Ten.", SECOND: "Red."},
        ),
        # One pass: the span that comes about by the removal stands on two pages and stays on both.
        (
            {FIRST: "One. Two. Three. Red.", SECOND: "Go. On. One. Two. Three. Now.", THIRD: "Go. On. Now."},
            {FIRST: "One. Two. Three. Red.", SECOND: "Go. On. Now.", THIRD: "Go. On. Now."},
        ),
    ],
)
def test_of_a_repeated_span_one_occurrence_stays(before: dict[str, str], after: dict[str, str]) -> None:
    assert without_repeated_spans(before, split) == after
    assert run(before) == after


def test_a_page_that_lost_its_url_owns_nothing() -> None:
    text = "One. Two. Three."
    groups = [[[Put(FIRST, text, alive=False)], [Put(SECOND, text)]], [[Put(THIRD, text)]]]
    assert packed(groups, LEVEL, 2).corpus == {SECOND: text}


def test_a_span_is_as_wide_as_the_level_says() -> None:
    before = {FIRST: "One. Two. Three.", SECOND: "One. Two. Four."}
    assert run(before, SpanLevel(width=2)) == {FIRST: "One. Two. Three.", SECOND: "Four."}
    assert run(before, SpanLevel(width=1)) == {FIRST: "One. Two. Three.", SECOND: "Four."}
    assert run({FIRST: "One. Two. Three. Four.", SECOND: "One. Two. Three."}, SpanLevel(width=4)) == {
        FIRST: "One. Two. Three. Four.",
        SECOND: "One. Two. Three.",
    }


def test_sentences_are_hashed_stripped_and_in_lower_case() -> None:
    assert LEVEL.atoms("One is HERE.  Two\nÉ! ") == [hash64("one is here."), hash64("two"), hash64("é!")]
    assert LEVEL.atoms("") == []


def test_what_a_page_loses_is_told() -> None:
    dropped: list[Dropped] = []
    page = Page(FIRST, "One. Two.  Three.\nFour.\nFive. Six.", "")
    verdict = LEVEL.apply(page, [False, True, False, True, True, False], dropped, [0, 1, 0, 2, 3, 0])
    assert verdict == Kept(page._replace(text="One. Three.\nSix."), {"repeated_span": 3}, {"repeated_span": 14})
    assert [(drop.code, drop.line) for drop in dropped] == [
        ("repeated_span", line) for line in ("Two.", "Four.", "Five.")
    ]
    assert [drop.owner for drop in dropped] == [f"{owner:016x}" for owner in (1, 2, 3)]


def test_a_page_without_a_sentence_left_goes_as_it_came() -> None:
    page = Page(FIRST, "One. Two.\nThree.", "")
    assert LEVEL.apply(page, [True] * 3) == Rejected(page, LEVEL.EMPTY, "", {"repeated_span": 3}, {"repeated_span": 14})


def test_flags_must_be_those_of_the_page() -> None:
    with pytest.raises(ValueError, match="2 flags for 3 sentences of in#0"):
        LEVEL.apply(Page(FIRST, "One. Two.\nThree.", "", "in#0"), [True] * 2)


@pytest.mark.usefixtures("punkt")
def test_what_is_left_of_a_line_keeps_its_blanks_with_any_splitter() -> None:
    """Punkt's sentences come without the blanks between them."""
    line = "  One is here.  Two is.\tThree goes.  Three goes. "
    for splitter in ("sentencex:en", "punkt:english"):
        level = SpanLevel(splitter)
        assert "".join(line[start:end] for start, end in level.places(line)) == line
        verdict = level.apply(Page(FIRST, line, ""), [False, True, False, False])
        assert verdict.page.text == "One is here.  Three goes.  Three goes."
        assert level.atoms(line) == [hash64(s) for s in ("one is here.", "two is.", "three goes.", "three goes.")]


# Few sentences, in other clothes, so that spans repeat everywhere and overlap themselves.
SENTENCE = st.sampled_from(["Aa bb. ", "AA BB.  ", "Cc! ", "cc! ", "Dd? ", "Ee ff. "])
LINE = st.lists(SENTENCE, min_size=1, max_size=4).map("".join).map(str.strip)
INPUTS = inputs(st.lists(LINE, min_size=1, max_size=3).map("\n".join))
LEVELS = st.sampled_from([SpanLevel()] * 3 + [SpanLevel(width=1), SpanLevel(width=2), SpanLevel(width=5)])


@settings(max_examples=100, deadline=None)
@given(INPUTS, PARTITIONS, LEVELS)
def test_the_packed_way_is_the_definition(groups: Groups, partitions: int, level: SpanLevel) -> None:
    corpus, result = alive_in(groups), packed(groups, level, partitions)
    assert result.corpus == without_repeated_spans(corpus, split, level.width)
    lost = {(url, number) for url, flags in result.flags.items() for number, gone in enumerate(flags) if gone}
    assert lost == removed_sentences(corpus, split, level.width)
    for url, flags in result.flags.items():
        gone = [number for number, flag in enumerate(flags) if flag]
        for number, owner in zip(gone, result.owners[url], strict=True):
            assert owner in span_owners(corpus, split, level.width, (url, number))
    assert {url: tally["repeated_span"] for url, tally in result.tallies.items()} == {
        url: sum(flags) for url, flags in result.flags.items()
    }


@settings(max_examples=40, deadline=None)
@given(INPUTS, PARTITIONS, LEVELS)
def test_of_every_repeated_span_at_most_one_occurrence_survives(
    groups: Groups, partitions: int, level: SpanLevel
) -> None:
    result = packed(groups, level, partitions)
    for places in spans_of(alive_in(groups), split, level.width).values():
        whole = [place for place in places if not any(result.flags[place[0]][place[1] : place[1] + level.width])]
        assert len(whole) <= 1


@settings(max_examples=40, deadline=None)
@given(INPUTS, PARTITIONS, LEVELS)
def test_every_sentence_that_goes_stood_in_an_occurrence_that_lost(
    groups: Groups, partitions: int, level: SpanLevel
) -> None:
    """And what stands in no repeated span stays."""
    corpus, result = alive_in(groups), packed(groups, level, partitions)
    losing = set()
    for places in spans_of(corpus, split, level.width).values():
        for url, start in sorted(places, key=lambda place: (md5(place[0]), place[1]))[1:]:
            losing |= {(url, start + i) for i in range(level.width)}
    for url, flags in result.flags.items():
        assert all((url, number) in losing for number, gone in enumerate(flags) if gone)


@settings(max_examples=40, deadline=None)
@given(st.data(), INPUTS, PARTITIONS, PARTITIONS)
def test_the_order_and_the_cut_of_the_input_make_no_difference(
    data: st.DataObject, groups: Groups, partitions: int, others: int
) -> None:
    other = data.draw(shuffled(groups))
    assert packed(groups, LEVEL, partitions).corpus == packed(other, LEVEL, others).corpus


@settings(max_examples=40, deadline=None)
@given(INPUTS, PARTITIONS)
def test_what_is_left_is_made_of_whole_sentences_in_their_order(groups: Groups, partitions: int) -> None:
    corpus, result = alive_in(groups), packed(groups, LEVEL, partitions)
    for url, text in result.corpus.items():
        before = [s for line in corpus[url].split("\n") for s in split(line)]
        stay = [normal(s) for s, gone in zip(before, result.flags[url], strict=True) if not gone]
        assert [normal(s) for line in text.split("\n") for s in split(line)] == stay
        assert "" not in text.split("\n")
