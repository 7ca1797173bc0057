"""c4pipe.clean: the order of the line rules by literal pages, and the fast twins against the loop."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import ClassVar

import pytest
from hypothesis import example, given, settings

from bench.outside import SHARED
from c4pipe.clean import LineStep, clean, dropped_by, fast_clean
from c4pipe.clean.fast import ROOM
from c4pipe.clean.steps import ASCII_IN_SMALL, BLANKS
from c4pipe.page import Dropped, Kept, Rejected
from c4pipe.presets import c4_lines
from c4pipe.rules import (
    EndMark,
    LineEdit,
    MaxWordLength,
    MinWords,
    NoBrace,
    NoJavascript,
    NoPolicy,
    StripCitations,
)
from c4pipe.text import count_lines
from c4pipe.wet import read_wet
from tests import needs
from tests.clean.texts import GOOD, TEXTS, page, told

C4 = c4_lines()
LONG = "x" * 1001


def cleaned(text: str, steps: Sequence[LineStep] = C4) -> tuple[str, dict[str, int]]:
    verdict = clean(page(text), steps)
    assert isinstance(verdict, Kept)
    return verdict.page.text, dict(verdict.tally)


@pytest.mark.parametrize(
    "line",
    [
        GOOD,
        "Is this a line of prose?",
        "What a fine line it is!",
        'She said: "I will stay here."',
        'It ends in a quotation mark"',
        "It ends in two full stops..",
        "Four or more dots.... are fine inside.",
        "x" * 1000 + " is not too long here.",
        "A privacy of policy is nothing.",
        "Java script is no single word.",
        "Lorem and ipsum stand apart here.",
        "A closing brace } is no matter.",
        "one two three four five.",
    ],
)
def test_a_line_of_prose_stays_as_it_is(line: str) -> None:
    assert cleaned(line) == (line, {})


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f"{LONG} is a word too long.", "long_word"),
        (f"A word too long is {LONG}.", "long_word"),
        ("A menu line without end mark", "no_end_mark"),
        ("A line that ends in a colon:", "no_end_mark"),
        ("It ends with a bracket after (all.)", "no_end_mark"),
        ("Typographic quotation marks do not count.”", "no_end_mark"),
        ("这一行以句号结尾但不是英文的。", "no_end_mark"),
        ("", "no_end_mark"),
        ("Read the rest of this story...", "no_end_mark"),
        ("This line ends in four dots....", "no_end_mark"),
        ("Only four words here.", "few_words"),
        (".", "few_words"),
        ("Please enable JavaScript to go on.", "javascript"),
        ("The JAVASCRIPTS of this world are many.", "javascript"),
        ("Read our Terms of Use before you go.", "policy"),
        ("Our PRIVACY POLICY is a long one.", "policy"),
        ("The cookie policy of this site is here.", "policy"),
        ("This site uses cookies for your comfort.", "policy"),
        ("We make use of cookies on this site.", "policy"),
        ("We use cookies to make you happy.", "policy"),
        ("They reuse cookies after every single meal.", "policy"),  # a substring is enough
    ],
)
def test_a_line_falls_for_the_first_rule_it_breaks(line: str, code: str) -> None:
    assert cleaned(line + "\n" + GOOD) == (GOOD, {code: 1})


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("Lorem ipsum dolor sit amet today.", "lorem_ipsum"),
        ("Here stands LOREM IPSUM in capital letters.", "lorem_ipsum"),
        ("A brace { stands in this line.", "curly_brace"),
        ("Both lorem ipsum and { are here.", "lorem_ipsum"),
        ("Both lorem ipsum and javascript are here.", "lorem_ipsum"),
        ("A brace { and the terms of use.", "curly_brace"),
    ],
)
def test_some_lines_cost_the_page(line: str, code: str) -> None:
    whole = page(f"{GOOD}\n{line}\n{GOOD}")
    verdict = clean(whole, C4)
    assert isinstance(verdict, Rejected)
    assert (verdict.page, verdict.reason.code, verdict.detail, verdict.tally) == (whole, code, line, {})


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("A menu { without end mark", "no_end_mark"),
        ("A { teaser that is cut off...", "no_end_mark"),
        ("Short { line.", "few_words"),
        ("lorem ipsum dolor sit amet", "no_end_mark"),
        ("Lorem ipsum.", "few_words"),
        (f"{LONG} lorem ipsum {{ and more words.", "long_word"),
        (f"{LONG}", "long_word"),
        ("Please enable JavaScript { to go on.", "javascript"),
        ("Terms of use and no end mark", "no_end_mark"),
        ("Terms of javascript use cookies are here.", "javascript"),
    ],
)
def test_only_a_line_that_got_that_far_costs_the_page(line: str, code: str) -> None:
    assert cleaned(line) == ("", {code: 1})


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("This is known to everybody.[3]", "This is known to everybody."),
        ("This is[1] known[] to everybody[12345].", "This is known to everybody."),
        ("The town[edit] is old and small.", "The town is old and small."),
        ("The town is old[citation needed] and small.", "The town is old and small."),
        ("The town [Edit] is old and small.", "The town [Edit] is old and small."),
        ("The town [a] is old and small.", "The town [a] is old and small."),
        ("The town [ 3 ] is old and small.", "The town [ 3 ] is old and small."),
        ("The town [[3]] is old and small.", "The town [] is old and small."),  # one pass only
        ("[1] The town is old and small.", " The town is old and small."),  # the blank stays inside the page
        ("The town [٣] is old and small.", "The town  is old and small."),  # a digit to `re`
    ],
)
def test_citations_go_and_nothing_is_stripped_again(line: str, left: str) -> None:
    assert cleaned(f"{GOOD}\n{line}\n{GOOD}") == (f"{GOOD}\n{left}\n{GOOD}", {})


def test_a_citation_behind_a_blank_leaves_the_blank_at_the_end() -> None:
    assert cleaned("This is known to everybody. [3]") == ("", {"no_end_mark": 1})


def test_the_long_word_is_looked_for_before_citations_go() -> None:
    assert cleaned("x" * 999 + "[1] is a word too long.") == ("", {"long_word": 1})


def test_the_number_of_words_is_taken_after_citations_went() -> None:
    assert cleaned("One two three four [5].") == ("One two three four .", {})
    assert cleaned("One two three [4] five[5].") == ("", {"few_words": 1})


def test_the_page_as_a_whole_is_stripped() -> None:
    assert cleaned("[1] The town is old and small.") == ("The town is old and small.", {})


LINE_ENDS = ["\n", "\x0b", "\x0c", "\r", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]


def test_these_are_all_the_ends_of_lines_there_are() -> None:
    assert [c for c in map(chr, range(0x110000)) if len(f"a{c}a".splitlines()) > 1] == LINE_ENDS


@pytest.mark.parametrize("end", [*LINE_ENDS, "\r\n"])
def test_a_line_ends_where_splitlines_says(end: str) -> None:
    assert cleaned(f"{GOOD}{end}A menu{end}  {GOOD}\t") == (f"{GOOD}\n{GOOD}", {"no_end_mark": 1})
    text = f"{GOOD}{end}A menu"  # that ends without an end mark, but is two lines
    assert cleaned(text) == (GOOD, {"no_end_mark": 1})
    assert fast_clean(C4)(page(text)) == clean(page(text), C4)


@pytest.mark.parametrize("text", ["", "\n", " ", "\u2028"])
def test_a_page_of_nothing_stays_nothing(text: str) -> None:
    tally = {"no_end_mark": 1} if text else {}
    assert cleaned(text) == ("", tally)


def test_blank_lines_are_lines_without_an_end_mark() -> None:
    assert cleaned(f"{GOOD}\n\n \n{GOOD}\n") == (f"{GOOD}\n{GOOD}", {"no_end_mark": 2})


def test_the_tally_stops_at_the_line_that_costs_the_page() -> None:
    text = "A menu\nShort line.\nA brace { stands in this line.\nA menu\nOne more javascript line is here."
    verdict = clean(page(text), C4)
    assert isinstance(verdict, Rejected)
    assert verdict.tally == {"no_end_mark": 1, "few_words": 1}
    assert fast_clean(C4)(page(text)) == verdict


def test_dropped_lines_are_told_in_order_with_the_line_that_costs_the_page_last() -> None:
    dropped: list[Dropped] = []
    clean(page(f"A menu\n{GOOD}\n Only[1] two.\nA brace {{ stands in this line.\nA menu"), C4, dropped)
    assert dropped == [
        Dropped("no_end_mark", "A menu"),
        Dropped("few_words", "Only two."),  # as the rule saw it: stripped, without its citation
        Dropped("curly_brace", "A brace { stands in this line."),
    ]


def test_no_steps_keep_every_line() -> None:
    assert cleaned(" a \n\nb", ()) == ("a\n\nb", {})


class Lenient(EndMark):
    """Lets one line pass that has no end mark."""

    def breaks(self, line: str) -> bool:
        return super().breaks(line) and line != "a"


class OneWord(MaxWordLength):
    """Judges something else than the length of words."""

    def breaks(self, line: str) -> bool:
        return line == "word"


class Inherited(NoBrace):
    """Judges something else than what `needs` says, which it has inherited."""

    def breaks(self, line: str) -> bool:
        return "word" in line


class Opened(LineEdit):
    """Makes what a rule behind it needs."""

    says: ClassVar = "gets a brace"
    source: ClassVar = "this test"

    def edit(self, line: str) -> str:
        return line.replace("word", "{")


STEPS: dict[str, tuple[LineStep, ...]] = {
    "C4": C4,
    "the early paper": c4_lines(min_words=3),
    "short words": (MaxWordLength(10), StripCitations(), EndMark(), NoBrace()),
    "no words": (MaxWordLength(0), StripCitations(), EndMark()),
    "other marks": (MaxWordLength(), StripCitations(), EndMark(marks=("。", "word", "a"), cut="ord"), MinWords(2)),
    "a mark that is a blank": (MaxWordLength(), StripCitations(), EndMark(marks=(" ", "\t"), cut="."), MinWords(1)),
    "a mark that is a bracket": (MaxWordLength(), StripCitations(), EndMark(marks=("]", ".["), cut="[]")),
    "an empty mark": (MaxWordLength(), StripCitations(), EndMark(marks=("", "."))),
    "no marks": (MaxWordLength(), StripCitations(), EndMark(marks=())),
    "end mark first": (EndMark(), MaxWordLength(), StripCitations(), NoBrace()),
    "citations first": (StripCitations(), MaxWordLength(10), EndMark(), MinWords(2)),
    "the leading rules alone": C4[:3],
    "needs that do not fit": (*C4[:3], Inherited(), NoPolicy(("word",))),
    "more needs than bits": (*C4, NoPolicy(tuple(f"{a}{b} word" for a in "abcdefghi" for b in "abcdefghi"))),
    "needs with more letters than bits": (*C4, NoPolicy(("word long-word", "long-word word", "five words stand"))),
    "needs beyond ASCII": (*C4, NoPolicy(("é word", "。"))),
    "an edit behind the end mark": (*C4[:3], Opened(), NoBrace()),
    "two rules": C4[:2],
    "the end of C4": C4[3:],
    "one rule twice": (*C4, EndMark(), EndMark(cut="d.")),
    "no rule": (),
    "an end mark of one's own": (MaxWordLength(), StripCitations(), Lenient(), NoBrace()),
    "a word length of one's own": (OneWord(), StripCitations(), EndMark(), NoJavascript(), NoPolicy()),
}


@settings(max_examples=400, deadline=None)
@given(TEXTS)
@example("x" * 1001)
@example(f"A menu\n{GOOD} \n\u00a0a\u00a0\n{GOOD}[1]")
def test_fast_clean_is_clean_for_c4(text: str) -> None:
    verdict = fast_clean(C4)(page(text))
    # It tells how many lines both texts have, when it went over them.
    assert [count_lines(each) for each in (text, verdict.page.text)] == [
        len(each.splitlines()) for each in (text, verdict.page.text)
    ]
    assert told(verdict) == told(clean(page(text), C4))


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
@example(text="a\nword\nb")
@example(text=f"{GOOD}\nA menu\nxxxxxxxxxxxx yes.\nA {{ brace.")
def test_fast_clean_is_clean_for_other_steps(steps: tuple[LineStep, ...], text: str) -> None:
    verdict = fast_clean(steps)(page(text))
    assert told(verdict) == told(clean(page(text), steps))
    assert count_lines(text) == len(text.splitlines())
    assert count_lines(verdict.page.text) == len(verdict.page.text.splitlines())


def test_a_page_with_many_doubtful_lines_walks_the_loop() -> None:
    text = f"{GOOD}\nPlease enable JavaScript to go on.\nA menu\n" * (ROOM + 1)
    for whole in (text, text[: len(text) // 2], f"{text}A brace {{ stands in this line."):
        assert told(fast_clean(C4)(page(whole))) == told(clean(page(whole), C4))


def test_threads_do_not_share_what_is_written() -> None:
    fast = fast_clean(C4)
    pages = [page(f"{number} is the number of this page.\nA menu[1]\n" * (1 + number % 50)) for number in range(400)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(fast, pages)) == [clean(each, C4) for each in pages]


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
@example(text=f"{GOOD}\nA menu \n{GOOD}[1]\nA {{ brace stands in here.\nA menu")
def test_dropped_lines_are_those_of_the_loop(steps: tuple[LineStep, ...], text: str) -> None:
    dropped: list[Dropped] = []
    clean(page(text), steps, dropped)
    assert dropped_by(page(text), steps) == dropped


def test_the_short_cuts_know_every_character() -> None:
    characters = [chr(code) for code in range(0x110000)]
    assert {c for c in characters if not c.strip()} == set(BLANKS)
    assert {c for c in characters if not c.isascii() and any(map(str.isascii, c.lower()))} == set(ASCII_IN_SMALL)


@cache
def real_texts() -> list[str]:
    texts = []
    for path in sorted((SHARED / "wet").glob("*.wet.gz")):
        with path.open("rb") as stream:
            texts += [v.page.text for v in read_wet(stream, path.name) if isinstance(v, Kept)]
    return texts


@needs.shared
def test_fast_clean_is_clean_on_real_pages() -> None:
    fast = fast_clean(C4)
    codes: set[str] = set()
    for text in real_texts():
        verdict = clean(page(text), C4)
        assert told(fast(page(text))) == told(verdict)
        codes |= {*verdict.tally, *([verdict.reason.code] if isinstance(verdict, Rejected) else [])}
    # Pages that never meet a rule would show little.
    assert {"no_end_mark", "few_words", "javascript", "curly_brace", "policy"} <= codes


@pytest.mark.parametrize("phrase", ["terms of use", "use cookies", "JavaScript", "\u0130", "{"])
def test_a_phrase_is_found_wherever_it_stands_in_a_line_of_any_length(phrase: str) -> None:
    words = "some words of a line " * 8
    lines = [f"{words[:at]}{phrase}{words[at:size]}." for size in range(0, 168, 3) for at in range(0, size + 1, 2)]
    fast = fast_clean(C4)
    for line in lines:
        assert told(fast(page(line))) == told(clean(page(line), C4))


@pytest.mark.parametrize("citation", ["[1]", "[]", "[edit]", "[citation needed]", "[note]", "[[2]]", "[٣]", "["])
def test_a_line_with_citations_is_judged_without_them(citation: str) -> None:
    lines = [
        f"This line has{citation} five words.",
        f"{citation} This line has five words.",
        f"Only {citation} three words.",
        f"This line ends so far .{citation}..",
        f"This line asks for java{citation}script.",
        f"  This line {citation} has five words. \u00a0",
    ]
    text = "\n".join([*lines, "A menu", *lines])
    assert told(fast_clean(C4)(page(text))) == told(clean(page(text), C4))
