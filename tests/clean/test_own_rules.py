"""c4pipe.clean with rules and edits of the user's own among C4's: what they are asked, and that no short cut shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from c4pipe.clean import LineStep, clean, dropped_by, fast_clean
from c4pipe.page import Dropped, Kept, Reason, Rejected, Unit
from c4pipe.presets import c4_lines
from c4pipe.rules import LineEdit, LineRule, MinWords, NoBrace, NoJavascript, NoPolicy
from tests.clean.texts import GOOD, TEXTS, page, told

C4 = c4_lines()
LEADING = C4[:3]


@dataclass(frozen=True)
class NoShouting(LineRule):
    """The example of c4pipe/README.md."""

    share: float = 0.5
    reason: ClassVar = Reason("shouting", Unit.LINE, "shouts", source="this test")

    def breaks(self, line: str) -> bool:
        return sum(map(str.isupper, line)) > self.share * max(1, sum(map(str.isalpha, line)))


@dataclass(frozen=True)
class NoWord(LineRule):
    """Breaks where a string stands, of which it says nothing in `needs`."""

    word: str
    reason: ClassVar = Reason("word", Unit.LINE, "has the word", source="this test")

    def breaks(self, line: str) -> bool:
        return self.word in line


class NoWordOnPage(NoWord):
    """Costs the page."""

    reason: ClassVar = Reason("word_on_page", Unit.PAGE, "has the word", source="this test")


class Inherited(NoBrace):
    """Judges something else than what `needs` says, which it has inherited; and costs the page."""

    def breaks(self, line: str) -> bool:
        return "five" in line


class Longer(MinWords):
    """Counts characters, though it stands on a rule that the short cut knows."""

    def breaks(self, line: str) -> bool:
        return len(line) < self.words


class NoAccent(NoWord):
    """Needs what is not ASCII, of which no short cut knows."""

    reason: ClassVar = Reason("accent", Unit.LINE, "has an accent", source="this test")
    needs: ClassVar = ("é",)


class NoHyphen(NoWord):
    """Says what it needs."""

    reason: ClassVar = Reason("hyphen", Unit.PAGE, "has a hyphen", source="this test")
    needs: ClassVar = ("-",)


@dataclass(frozen=True)
class Replace(LineEdit):
    """Makes, or takes away, what a rule behind it looks for."""

    old: str
    new: str
    says: ClassVar = "changes"
    source: ClassVar = "this test"

    def edit(self, line: str) -> str:
        return line.replace(self.old, self.new)


class Listener(LineRule):
    """Writes down what it is asked about."""

    reason: ClassVar = Reason("heard", Unit.LINE, "was heard", source="this test")
    heard: ClassVar[list[str]] = []

    def breaks(self, line: str) -> bool:
        self.heard.append(line)
        return False


class NeedyListener(Listener):
    """Says what it needs."""

    needs: ClassVar = ("xyz",)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(Listener, "heard", lines)
    return lines


COSTLY = "This word costs the page."
SHOUT = "THIS LINE IS A LOUD ONE!"
TEXT = f"""A menu
{GOOD}
Short line.
  {GOOD}
{SHOUT}
A town[1] of five words.
Please enable JavaScript to go on.
{GOOD}"""


def kept(steps: Sequence[LineStep], text: str) -> tuple[str, dict[str, int]]:
    verdict = fast_clean(steps)(page(text))
    assert isinstance(verdict, Kept)
    return verdict.page.text, dict(verdict.tally)


@pytest.mark.parametrize("at", range(3, len(C4) + 1))
def test_the_readmes_example_drops_its_lines_wherever_it_stands(at: int) -> None:
    text = f"{GOOD}\n{GOOD}\nA town of five words.\n{GOOD}"
    tally = {"no_end_mark": 1, "few_words": 1, "shouting": 1, "javascript": 1}
    assert kept((*C4[:at], NoShouting(), *C4[at:]), TEXT) == (text, tally)


def test_a_short_line_falls_for_the_first_rule_that_it_breaks() -> None:
    assert kept((*C4, NoWord("Two")), f"Two.\n{GOOD}") == (GOOD, {"few_words": 1})
    assert kept((*LEADING, NoWord("Two"), *C4[3:]), f"Two.\n{GOOD}\nOne.") == (GOOD, {"word": 1, "few_words": 1})


def test_an_edit_changes_the_lines_that_stand_and_those_that_are_not_plain() -> None:
    assert kept((*C4, Replace("five", "5")), f"{GOOD}\nA town[1] of five words.\nA menu") == (
        "This line has 5 words.\nA town of 5 words.",
        {"no_end_mark": 1},
    )


def test_an_edit_may_make_what_a_rule_behind_it_needs() -> None:
    steps = (*LEADING, Replace("five", "javascript"), *C4[3:])
    assert kept(steps, f"{GOOD}\nThis line is left as it is.") == ("This line is left as it is.", {"javascript": 1})
    assert kept((*C4, Replace("JavaScript", "it")), TEXT)[1]["javascript"] == 1  # a rule before it sees the line first


def test_an_edit_may_leave_nothing_or_more_than_a_line() -> None:
    steps = (*C4, Replace(GOOD, ""), Replace("stays", "\n\n"))
    assert kept(steps, f"{GOOD}\nA line which stays here.\n{GOOD}\nMore of it stays here.\n{GOOD}") == (
        "A line which \n\n here.\n\nMore of it \n\n here.",
        {},
    )


@pytest.mark.parametrize("line", [COSTLY, f"  {COSTLY}", "This word[1] costs the page."])
def test_a_page_rule_tells_what_fell_before_its_line_and_no_more(line: str) -> None:
    before = f"A menu\n{SHOUT}\nToo short.\nA town[1] with no mark\nA town[1] is a town.\nA menu\n"
    text = f"{before}{line}\nA menu\nShort.\n{SHOUT}"
    verdict = fast_clean((*C4, NoShouting(), NoWordOnPage("word")))(page(text))
    assert isinstance(verdict, Rejected)
    assert (verdict.reason.code, verdict.detail) == ("word_on_page", COSTLY)
    assert verdict.tally == {"no_end_mark": 3, "shouting": 1, "few_words": 1}


def test_of_two_lines_that_cost_the_page_the_first_does() -> None:
    brace = "A brace { costs it as well."
    for first, second, code in ((COSTLY, brace, "word_on_page"), (brace, COSTLY, "curly_brace")):
        verdict = fast_clean((*C4, NoWordOnPage("word ")))(page(f"{GOOD}\n{first}\n{second}"))
        assert isinstance(verdict, Rejected)
        assert (verdict.reason.code, verdict.detail) == (code, first)


def test_a_page_rule_finds_its_line_behind_characters_of_many_bytes() -> None:
    text = f"Zwölf\nDas sind „schöne“ fünf Wörter.\n\ud800 Ein paar Wörter 😀 hier.\nZwölf\n{COSTLY}\nZwölf"
    verdict = fast_clean((*C4, NoWordOnPage("word ")))(page(text))
    assert isinstance(verdict, Rejected)
    assert (verdict.detail, verdict.tally) == (COSTLY, {"no_end_mark": 2})


def test_a_rule_is_asked_about_the_lines_that_stand(heard: list[str]) -> None:
    fast_clean((*C4, Listener()))(page(TEXT))
    assert heard == [GOOD, GOOD, SHOUT, "A town of five words.", GOOD]


def test_a_rule_that_says_what_it_needs_is_asked_about_nothing_else(heard: list[str]) -> None:
    fast_clean((*C4, NoShouting(), NeedyListener()))(page(f"{GOOD}\nThis line has an XYZ.\n{GOOD}"))
    assert heard == ["This line has an XYZ."]


def test_needs_that_find_no_room_do_no_harm_to_those_before(heard: list[str]) -> None:
    many = NoPolicy(tuple(f"{a}{b} word" for a in "abcdefghi" for b in "abcdefghi"))
    steps = (*C4, NeedyListener(), many)
    assert kept(steps, f"{GOOD}\nThe crab word is prose here.\n{GOOD}") == (f"{GOOD}\n{GOOD}", {"policy": 1})
    assert heard == []


OWN: tuple[LineStep, ...] = (
    NoShouting(),
    NoShouting(0.0),
    NoWord("five"),
    NoWord("a"),
    NoWord("\u2002"),
    NoWordOnPage("long"),
    NoWordOnPage("\ud800"),
    NoWordOnPage("I"),
    Inherited(),
    NoAccent("é"),
    NoHyphen("-"),
    Replace("word", "{"),
    Replace("a", ""),
    Replace("five", "\nJavaScript"),
    Replace(".", ""),
    MinWords(2),
    Longer(12),
    NoJavascript(),
    NoPolicy(("word long-word",)),
)
OTHERS = st.lists(st.sampled_from([*OWN, *C4[3:]]), max_size=5).map(tuple)
AMONG = st.tuples(st.integers(0, len(C4)), OTHERS).map(lambda own: (*C4[: own[0]], *own[1], *C4[own[0] :]))
STEPS = st.one_of(AMONG, OTHERS.map(lambda others: (*LEADING, *others)), OTHERS.map(lambda others: (*C4, *others)))


@settings(max_examples=600)
@given(STEPS, TEXTS)
@example((*C4, NoWordOnPage("I")), f"A menu\n{GOOD}\n{GOOD}\x85é I am not plain.\nI stand as I am.")
@example((*LEADING, NoWord("a"), Replace("word", "{"), *C4[3:]), f"{GOOD}\n\u00a0word word word word word.\n{GOOD}")
def test_fast_clean_is_clean_for_own_rules(steps: tuple[LineStep, ...], text: str) -> None:
    assert told(fast_clean(steps)(page(text))) == told(clean(page(text), steps))


@settings(max_examples=300)
@given(STEPS, TEXTS)
@example((*C4, NoWordOnPage("I"), NoShouting()), f"A menu\n{SHOUT}\n{GOOD}\x85I am not plain.\nI stand.\nA menu")
def test_dropped_lines_are_those_of_the_loop(steps: tuple[LineStep, ...], text: str) -> None:
    dropped: list[Dropped] = []
    clean(page(text), steps, dropped)
    assert dropped_by(page(text), steps) == dropped


@pytest.mark.parametrize("at", range(len(C4) + 1))
@pytest.mark.parametrize("own", OWN, ids=repr)
def test_each_own_step_at_each_place(own: LineStep, at: int) -> None:
    steps = (*C4[:at], own, *C4[at:])
    fast = fast_clean(steps)
    for text in (TEXT, f"{TEXT}\nI know a long-word, é.", f"é a.\r{GOOD}\nOne{{ two word word word.", TEXT.swapcase()):
        assert told(fast(page(text))) == told(clean(page(text), steps))
