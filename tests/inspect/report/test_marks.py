"""Where losses stand in a raw page, and which lines are worth showing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from c4pipe.inspect.report.marks import WIDE, ExcerptLine, MarkedText, excerpt
from c4pipe.page import Dropped

PAGE = "Home\nA first line.\nA second line.\nHome\nIt ends. It is over. Goodbye."


def text_of(lines: list[ExcerptLine]) -> list[str]:
    return ["".join(piece.text for piece in line.pieces) for line in lines]


def test_a_cut_line_is_marked_between_its_neighbours() -> None:
    assert excerpt(PAGE, [Dropped("few_words", "A second line.")], "few_words") == [
        ExcerptLine((MarkedText("A first line."),), skipped=1),
        ExcerptLine((MarkedText("A second line.", "few_words"),)),
        ExcerptLine((MarkedText("Home"),)),
    ]


def test_equal_lines_fall_in_order_each_for_its_own_reason() -> None:
    drops = [Dropped("no_end_mark", "Home"), Dropped("repeated_in_page", "Home")]
    first, second = excerpt(PAGE, drops, "no_end_mark"), excerpt(PAGE, drops, "repeated_in_page")
    assert first[0] == ExcerptLine((MarkedText("Home", "no_end_mark"),))
    assert second[1] == ExcerptLine((MarkedText("Home", "repeated_in_page"),))


def test_sentences_are_marked_inside_their_line() -> None:
    drops = [Dropped("repeated_span", "It is over."), Dropped("repeated_span", "Goodbye.")]
    assert excerpt(PAGE, drops, "repeated_span")[-1].pieces == (
        MarkedText("It ends. "),
        MarkedText("It is over.", "repeated_span"),
        MarkedText(" "),
        MarkedText("Goodbye.", "repeated_span"),
    )


def test_a_passage_is_marked_on_each_of_its_lines() -> None:
    marked = excerpt(PAGE, [Dropped("repeated_passage", "second line.\nHome\nIt ends.")], "repeated_passage")
    cut = [piece.text for line in marked for piece in line.pieces if piece.code == "repeated_passage"]
    assert cut == ["Home", "second line.", "It ends."]


def test_an_offending_word_is_marked_where_it_stands_as_a_word() -> None:
    found = excerpt("A basement.\nWhat a BASE thing.", [], "bad_word", "base")
    assert found[1].pieces == (MarkedText("What a "), MarkedText("BASE", "bad_word"), MarkedText(" thing."))
    assert found[0].pieces == (MarkedText("A basement."),)


def test_without_a_mark_the_first_lines_are_shown() -> None:
    assert text_of(excerpt("\n".join("abcdefgh"), [], "other_language")) == list("abcdef")
    assert excerpt("", [], "no_text") == []


def test_a_loss_that_is_not_found_marks_nothing() -> None:
    """A citation was cut out of it before it fell."""
    assert excerpt("End. [3] More.", [Dropped("no_end_mark", "End.  More")], "no_end_mark") == [
        ExcerptLine((MarkedText("End. [3] More."),))
    ]


def test_a_long_line_is_shown_around_its_mark() -> None:
    (line,) = excerpt("x" * 5000 + " bad " + "y" * 5000, [], "bad_word", "bad")
    assert [piece.text for piece in line.pieces if piece.code] == ["bad"]
    assert line.pieces[0].text == line.pieces[-1].text == "…"
    assert len("".join(piece.text for piece in line.pieces)) == WIDE + 2


@given(
    st.lists(st.text("ab .\n", max_size=20), max_size=8),
    st.lists(st.builds(Dropped, st.sampled_from(("x", "y")), st.text("ab .", max_size=9)), max_size=8),
    st.text("ab .", max_size=3),
)
def test_marking_changes_no_text(lines: list[str], drops: list[Dropped], offending: str) -> None:
    text = "\n".join(lines)
    raw = text.split("\n")
    at = -1
    for line, shown in zip(found := excerpt(text, drops, "x", offending), text_of(found), strict=True):
        at += line.skipped + 1
        assert shown == raw[at]
