"""c4pipe.rules.lines: each rule alone, at its limits."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.page import Page, Rejected, Unit
from c4pipe.rules import (
    RULES,
    EndMark,
    LineRule,
    MaxWordLength,
    MinWords,
    NoBrace,
    NoJavascript,
    NoLoremIpsum,
    NoPolicy,
    StripCitations,
)
from c4pipe.stages import Clean


@pytest.mark.parametrize(
    ("rule", "line", "breaks"),
    [
        (MaxWordLength(), "x" * 1000, False),
        (MaxWordLength(), "x" * 1001, True),
        (MaxWordLength(), "x" * 500 + " " + "x" * 501, False),
        (MaxWordLength(), "x" * 500 + "\u00a0" + "x" * 501, False),
        (MaxWordLength(), "short " * 500 + "x" * 1001 + ".", True),
        (MaxWordLength(3), "abc def", False),
        (MaxWordLength(3), "abcd", True),
        (MaxWordLength(3), "a b c abcd", True),
        (MaxWordLength(3), "", False),
        (EndMark(), "Yes.", False),
        (EndMark(), "Yes?", False),
        (EndMark(), "Yes!", False),
        (EndMark(), 'Yes"', False),
        (EndMark(), "Yes..", False),
        (EndMark(), "Yes...", True),
        (EndMark(), "Yes....", True),
        (EndMark(), 'Yes..."', False),
        (EndMark(), "Yes…", True),
        (EndMark(), "Yes;", True),
        (EndMark(), "Yes. ", True),
        (EndMark(), "", True),
        (EndMark(marks=("。",), cut="。。"), "是。", False),
        (EndMark(marks=("。",), cut="。。"), "是。。", True),
        (EndMark(marks=("。",), cut="。。"), "Yes.", True),
        (MinWords(), "one two three four", True),
        (MinWords(), "one two three four five", False),
        (MinWords(), "one two three four five six", False),
        (MinWords(), "one  two\tthree\u00a0four five", False),
        (MinWords(), "- - - - .", False),
        (MinWords(), "一 二 三 四", True),
        (MinWords(3), "one two", True),
        (MinWords(3), "one two three", False),
        (MinWords(1), "", True),
        (MinWords(0), "", False),
        (NoLoremIpsum(), "Lorem Ipsum dolor", True),
        (NoLoremIpsum(), "lorem  ipsum", False),
        (NoLoremIpsum(), "lorem\u00a0ipsum", False),
        (NoJavascript(), "JavaScript", True),
        (NoJavascript(), "javascripts", True),
        (NoJavascript(), "java script", False),
        (NoBrace(), "{", True),
        (NoBrace(), "}", False),
        (NoBrace(), "\uff5b", False),
        (NoPolicy(), "TERMS OF USE", True),
        (NoPolicy(), "terms and conditions of use", False),
        (NoPolicy(), "privacy policies", False),
        (NoPolicy(), "it uses cookies", True),
        (NoPolicy(), "using cookies", False),
        (NoPolicy(phrases=("imprint",)), "The Imprint", True),
        (NoPolicy(phrases=("imprint",)), "it uses cookies", False),
    ],
)
def test_a_rule_breaks_at_its_limit_and_not_before(rule: LineRule, line: str, breaks: bool) -> None:
    assert rule.breaks(line) is breaks


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("a[1]", "a"),
        ("a[]", "a"),
        ("a[edit]b[citation needed]c[007]", "abc"),
        ("a[edit ]", "a[edit ]"),
        ("a[Citation needed]", "a[Citation needed]"),
        ("a[1", "a[1"),
        ("a1]", "a1]"),
        ("a[-1]", "a[-1]"),
        ("a[1,2]", "a[1,2]"),
        ("[[]]", "[]"),
        (" [1] ", "  "),
        ("", ""),
    ],
)
def test_citation_marks_go(line: str, left: str) -> None:
    assert StripCitations().edit(line) == left


@pytest.mark.parametrize("kind", [kind for kind in RULES if issubclass(kind, LineRule)], ids=lambda kind: kind.__name__)
def test_a_rule_costs_what_its_reason_says(kind: type[LineRule]) -> None:
    """The line, or the page with it."""
    reason = kind.reason
    page = Page("http://a.example/", f"{reason.keeps}\n{reason.drops}", "2024-05-22T10:11:12Z")
    verdict = Clean("clean", (kind(),)).bind(None)(page)
    if reason.unit is Unit.PAGE:
        assert isinstance(verdict, Rejected)
        assert verdict.reason is reason
    else:
        assert reason.unit is Unit.LINE
        assert (verdict.page.text, verdict.tally) == (reason.keeps, {reason.code: 1})


def test_rules_are_values() -> None:
    assert MinWords(3) == MinWords(3) != MinWords(5)
    assert pickle.loads(pickle.dumps(NoPolicy())) == NoPolicy()
    assert len({EndMark(), EndMark(), EndMark(cut="")}) == 2


TEXT = st.text(st.sampled_from("abcdef .\t\u00a0[1]"), max_size=30)


@given(TEXT, st.integers(0, 6))
def test_word_length_is_what_a_plain_count_says(line: str, chars: int) -> None:
    assert MaxWordLength(chars).breaks(line) == (max(map(len, line.split()), default=0) > chars)


@given(TEXT, st.integers(0, 6))
def test_the_number_of_words_is_what_a_plain_count_says(line: str, words: int) -> None:
    assert MinWords(words).breaks(line) == (len(line.split()) < words)


@given(TEXT)
def test_an_edit_only_takes_characters_away(line: str) -> None:
    left = iter(StripCitations().edit(line))
    assert all(c in line for c in left)
    assert len(StripCitations().edit(line)) <= len(line)
