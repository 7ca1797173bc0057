"""c4pipe.stages.trace: each character knows where it stood, whatever was cut around it."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.stages.trace import NO_PLACE, Trace

RAW = "one two\nthree\n\nfour"


def spelt(trace: Trace) -> str:
    """Places as digits in base 36, and a dot for none."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return "".join("." if place == NO_PLACE else digits[place] for place in trace.places)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (RAW, "0123456.89abc..fghi"),
        ("one two\nthree\nfour", "0123456.89abc.fghi"),  # an empty line less
        ("three", "89abc"),
        ("one two", "0123456"),
        ("three\nfour", "89abc.fghi"),
        ("onetwo\nthree", "012456.89abc"),  # a blank less
        ("two\nfour", "456.fghi"),
        ("one two\nTHREE\n\nfour", "0123456........fghi"),  # what is new has no place
        ("new\none two\n\nfour", "....0123456..fghi"),
        ("", ""),
    ],
)
def test_what_is_left_keeps_its_places(text: str, places: str) -> None:
    left = Trace.of(RAW).narrowed(text)
    assert left.text == text
    assert len(left.places) == len(text)
    assert places_agree(left)
    assert spelt(left) == places


def test_a_run_of_lines_that_stands_twice_does_not_draw_others_away() -> None:
    left = Trace.of("a\nb\nc\nx\nb\nc").narrowed("a\nx\nb\nc")
    assert spelt(left) == "0.6.8.a"


def test_without_takes_characters_by_their_number() -> None:
    left = Trace.of("abcdef").without({0, 2, 5})
    assert left == Trace("bde", array("q", [1, 3, 4]))
    assert left.without({0, 1, 2}) == Trace("", array("q"))
    assert left.without(()) == left


def test_without_counts_in_the_trace_and_not_in_the_page() -> None:
    assert Trace.of("abcdef").cut(2, 6).without({0}) == Trace("def", array("q", [3, 4, 5]))


def places_agree(left: Trace, raw: str = RAW) -> bool:
    return all(place == NO_PLACE or raw[place] == char for char, place in zip(left.text, left.places, strict=True))


LINES = st.lists(st.text("ab \t", max_size=6), max_size=8)


@given(LINES, st.data())
def test_lines_and_blanks_less_have_the_places_of_the_page(lines: list[str], data: st.DataObject) -> None:
    """In order, and none twice; none is lost but where a line ends."""
    raw = "\n".join(lines)
    cuts = st.sampled_from([str, str.strip, str.lstrip, lambda line: line.replace(" ", "")])
    kept = [data.draw(cuts)(line) for line in lines if data.draw(st.booleans())]
    left = Trace.of(raw).narrowed("\n".join(kept))
    assert left.text == "\n".join(kept)
    assert places_agree(left, raw)
    known = [place for place in left.places if place != NO_PLACE]
    assert known == sorted(set(known))
    assert all(char == "\n" for char, place in zip(left.text, left.places, strict=True) if place == NO_PLACE)


@given(LINES, LINES, st.data())
def test_whatever_is_written_its_places_agree(lines: list[str], others: list[str], data: st.DataObject) -> None:
    """Twice narrowed, and characters taken out between."""
    raw, text = "\n".join(lines), "\n".join(others)
    left = Trace.of(raw).narrowed(text)
    gone = data.draw(st.sets(st.sampled_from(range(len(text))))) if text else set()
    left = left.without(gone)
    assert left.text == "".join(char for i, char in enumerate(text) if i not in gone)
    left = left.narrowed(raw)
    assert left.text == raw
    assert places_agree(left, raw)
