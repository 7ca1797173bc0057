"""Two texts, line by line and word by word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from c4pipe.facts.diff import (
    FOLDED,
    MOST_DIFF_LINES,
    MOST_LINE_CHARS,
    DiffLine,
    WordedLine,
    diff,
    diff_beside,
    diff_words,
)


def test_lines_that_differ_with_one_around_them() -> None:
    assert diff("a\nb\nc\nd", "a\nb\nC\nd") == [
        DiffLine(" ", "b"),
        DiffLine("-", "c"),
        DiffLine("+", "C"),
        DiffLine(" ", "d"),
    ]


def test_words_that_differ() -> None:
    assert diff_words("Top\nThe fog lay on the sea.", "Top\nThe fog lay on the hills.") == [
        WordedLine(" ", [("Top", False)]),
        WordedLine("-", [("The fog lay on the ", False), ("sea.", True)]),
        WordedLine("+", [("The fog lay on the ", False), ("hills.", True)]),
    ]


def test_lines_that_were_joined_differ_in_no_word() -> None:
    found = diff_words("One two three.\nFour five six.", "One two three. Four five six.")
    assert [line.mark for line in found] == ["-", "-", "+"]
    assert not any(differs for line in found for _, differs in line.pieces)


def test_scripts_without_blanks_are_compared_by_their_characters() -> None:
    _, come = diff_words("港に霧が深くかかっていた。", "港に雲が深くかかっていた。")
    assert come.pieces == [("港に", False), ("雲", True), ("が深くかかっていた。", False)]


def test_a_long_passage_that_is_the_same_is_folded() -> None:
    words = " ".join(f"word{n}" for n in range(300))
    gone, come = diff_words(f"{words} red {words}", f"{words} blue {words}")
    assert [len(text) for text, _ in come.pieces] == [53, 4, 53]
    assert come.pieces[0][0].startswith(" […] ")
    assert come.pieces[0][0].endswith("word299 ")
    assert gone.pieces[1] == ("red", True)
    assert come.pieces[2][0].startswith(" word0 word1")


def test_changed_lines_stand_below_those_that_they_stand_for() -> None:
    a = "The fog lay on the sea.\nThe boats came home late.\nNobody saw the old man."
    b = "The fog lay on the hills.\nA new line of words here.\nThe boats came home early.\nNobody saw the young man."
    assert [(mark, "".join(text for text, _ in pieces)[:9]) for mark, pieces in diff_words(a, b)] == [
        ("-", "The fog l"),
        ("+", "The fog l"),
        ("+", "A new lin"),
        ("-", "The boats"),
        ("+", "The boats"),
        ("-", "Nobody sa"),
        ("+", "Nobody sa"),
    ]
    a, b = (
        "港に霧が深くかかっていた。\n船は夜遅く港に帰ってきた。",
        "港に雲が深くかかっていた。\n船は朝早く港に帰ってきた。",
    )
    assert [line.mark for line in diff_words(a, b)] == ["-", "+", "-", "+"]


def test_no_word_is_cut_in_two() -> None:
    words = " ".join(f"word{number}" for number in range(200))
    for line in diff_words(f"{words} red {words}", f"{words} blue {words}"):
        shown = "".join(text for text, _ in line.pieces).replace("[…]", " ").replace("…", " ").split()
        assert {*shown} <= {*words.split(), "red", "blue"}
    ((_, pieces),) = diff_words(words, "")
    assert {*pieces[0][0].removesuffix("…").split()} < {*words.split()}


def test_lines_of_other_words_are_not_told_apart() -> None:
    gone, come = diff_words("The fog lay on the sea.", "A wholly other line of words.")
    assert (gone.pieces[0][1], len(gone.pieces), len(come.pieces)) == (True, 1, 1)


def test_the_same_texts_do_not_differ() -> None:
    assert diff_words("a\nb", "a\nb") == diff("a\nb", "a\nb") == []
    assert diff_words("", "") == []


@given(st.text("ab \n", max_size=300), st.text("ab \n", max_size=300))
def test_what_is_shown_is_short_and_is_of_the_texts(a: str, b: str) -> None:
    found = diff_words(a, b)
    assert len(found) <= MOST_DIFF_LINES + 1
    for mark, pieces in found:
        line = "".join(text for text, _ in pieces)
        if mark in ("-", "+") and len(line) < min(FOLDED, MOST_LINE_CHARS):
            assert line in (a if mark == "-" else b).split("\n")


def test_two_texts_beside_each_other() -> None:
    """Each line beside the one that stands for it, the words that differ marked, and why one has none."""
    a = "One.\nThe fog lay on the grey sea.\nCookies.\n\nEnd."
    b = "One.\nThe fog lay on the blue sea.\n\nEnd.\nMore."
    rows = diff_beside(a, b, [("few_words", "More.")], [("policy", "Cookies.")])
    assert [("".join(t for t, _ in r.left or []), "".join(t for t, _ in r.right or [])) for r in rows] == [
        ("One.", "One."),
        ("The fog lay on the grey sea.", "The fog lay on the blue sea."),
        ("Cookies.", ""),
        ("", ""),
        ("End.", "End."),
        ("", "More."),
    ]
    assert [r.codes for r in rows if any(r.codes)] == [("policy", ""), ("", "few_words")]
    assert [text for text, differs in rows[1].left or [] if differs] == ["grey"]
    assert [text for text, differs in rows[1].right or [] if differs] == ["blue"]
    assert (rows[2].right, rows[5].left) == (None, None)
    assert diff_beside("", "") == []
    assert [(r.left, r.right) for r in diff_beside("x", "")] == [([("x", True)], None)]


def test_long_runs_that_are_the_same_are_folded_unless_they_are_wanted() -> None:
    a = "\n".join(map(str, range(20)))
    rows = diff_beside(a, a + "\nend")
    assert [row.folded for row in rows] == [0, 0, 0, 14, 0, 0, 0, 0]
    assert len(diff_beside(a, a + "\nend", whole=True)) == 21


@given(
    st.lists(st.sampled_from(["a", "b c d", "b c e", "", "f g"])), st.lists(st.sampled_from(["a", "b c d", "", "h"]))
)
def test_beside_each_other_no_line_is_lost(one: list[str], other: list[str]) -> None:
    rows = diff_beside("\n".join(one), "\n".join(other), whole=True)
    left = ["".join(text for text, _ in row.left) for row in rows if row.left is not None]
    right = ["".join(text for text, _ in row.right) for row in rows if row.right is not None]
    assert [line for line in left if line] == [line for line in one if line]
    assert [line for line in right if line] == [line for line in other if line]
