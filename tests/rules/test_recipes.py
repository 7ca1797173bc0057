"""The page rules of other recipes: just in and just out, what they say, and which numbers are whose."""

from __future__ import annotations

import pickle
import re
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from c4pipe.errors import ConfigError
from c4pipe.page import Page, Rejected
from c4pipe.presets import PRESETS, for_languages
from c4pipe.recipes import DCLM, FINEWEB, FINEWEB_NEAR, GOPHER
from c4pipe.rules import (
    DCLM_LINES,
    DCLM_PAGES,
    FINEWEB_QUALITY,
    GOPHER_QUALITY,
    GOPHER_REPETITION,
    BetweenLengths,
    BetweenWords,
    MaxBulletLines,
    MaxCopiedLines,
    MaxCopiedRuns,
    MaxHashes,
    MaxLineCopies,
    MaxMeanWord,
    MaxNewlines,
    MaxRepeatedLineChars,
    MaxRepeatedRuns,
    MaxShortLines,
    MaxSpokenWords,
    MaxTopRun,
    MinEndedLines,
    MinLetteredWords,
    MinMeanWord,
    MinSpokenWords,
    MinStopWords,
    MinStopWordsAnyCase,
    NoCounter,
    PageRule,
    StripAddresses,
    StripPhrases,
    dclm_lines,
)
from c4pipe.stages import Corrected, judge
from c4pipe.text.urls import top_level_domains

ALL = (*GOPHER_QUALITY, *GOPHER_REPETITION, *FINEWEB_QUALITY, *DCLM_PAGES)
TEXTS = st.text(st.sampled_from("ab .,#-•…\n'"), max_size=60) | st.text(max_size=40)


def page(text: str) -> Page:
    return Page("http://a.example/", text, "2024-05-22T10:11:12Z")


@pytest.mark.parametrize(
    ("rule", "text", "offence"),
    [
        (MinSpokenWords(3), "One, two. Three!", None),
        (MinSpokenWords(3), "One, two ... !?", "2 words"),
        (MinSpokenWords(4), "Don't stop it", None),  # Do n't stop it
        (MaxSpokenWords(3), "one two three --", None),
        (MaxSpokenWords(3), "one two three four", "4 words"),
        (MinMeanWord(3), "one two", None),
        (MinMeanWord(3), "one two to", "2.67 characters a word"),
        (MaxMeanWord(3), "one, two", None),
        (MaxMeanWord(3), "one, three", "4.00 characters a word"),
        (MaxHashes(0.5), "#a b", None),
        (MaxHashes(0.3), "#a b", "0.3333 hash signs a word"),  # of # a b
        (MaxBulletLines(0.5), "- a\n• b\nc\nd", None),
        (MaxBulletLines(0.5), "- a\n  • b\n-c\nd", "0.7500 of the lines begin with a bullet"),
        (MinLetteredWords(0.5), "one 2", None),
        (MinLetteredWords(0.5), "one 2 3", "0.3333 of the words have a letter"),
        (MinStopWords(2), "the way to go", None),
        (MinStopWords(2), "the way the go", "1 stop words"),
        (MaxRepeatedLineChars(0.2), "ab\nab\ncdefg", None),  # 2 of 11
        (MaxRepeatedLineChars(0.2), "ab\nab\ncdef", None),  # 2 of 10 is not more
        (MaxRepeatedLineChars(0.2), "ab\nab\ncde", "0.2222 of the characters are in repeated lines"),
        (MaxTopRun((2,), (0.5,)), "a b c d", None),  # "a b" once is 3 of 7
        (MaxTopRun((2,), (0.5,)), "a b a b", "0.8571 of the characters are in the top run of 2 words"),
        (MaxTopRun((2, 3), (0.9, 0.2)), "a b c", "1.0000 of the characters are in the top run of 3 words"),
        (MaxRepeatedRuns((2,), (0.2,)), "ab c ab c", "0.3333 of the characters are in repeated runs of 2 words"),
        (MaxRepeatedRuns((2,), (0.4,)), "ab c ab c", None),
        (MinEndedLines(0.5), "One.\ntwo", None),
        (MinEndedLines(0.5), "One.\ntwo\n\n three", "0.3333 of the lines end in a mark"),
        (MinEndedLines(0.5), "一。\n二", None),
        (MaxShortLines(0.5, 3), "abc\nabcd", None),
        (MaxShortLines(0.5, 3), "abc\nab\nabcd", "0.6667 of the lines are short"),
        (MaxLineCopies(0.2), "a\na\nbbb", None),
        (MaxLineCopies(0.2), "a\na\nbb", "0.2500 of the characters are in repeated lines"),
        (MaxNewlines(0.5), "a b\nc d\ne", None),
        (MaxNewlines(0.5), "a\nb\nc", "0.6667 newlines a word"),
        (BetweenWords(2, 3), "a - b", None),
        (BetweenWords(2, 3), "a - (b)", "1 words"),
        (BetweenWords(2, 3), "a b c d", "4 words"),
        (BetweenLengths(2, 3), "ab abcd", None),
        (BetweenLengths(2, 3), "", "0.00 characters a word"),
        (MinStopWordsAnyCase(2), "The the", None),
        (MinStopWordsAnyCase(2), "The the.", "1 stop words"),
        (MaxCopiedLines(0.5, 1.0), "a\na\nb\nc", None),
        (MaxCopiedLines(0.4, 1.0), "a\n a \nb\nc", "0.5000 of the lines stand more than once"),
        (MaxCopiedLines(0.9, 0.5), "aaa\naaa\nb\nc", "0.7500 of the characters are in lines that stand more than once"),
        (MaxCopiedRuns((2,), (0.9,)), "a b c a b", None),
        (MaxCopiedRuns((2,), (0.7,)), "a b c a b", "0.8000 of the characters are in repeated runs of 2 words"),
    ],
)
def test_just_in_and_just_out(rule: PageRule, text: str, offence: str | None) -> None:
    assert rule.offence(page(text)) == offence


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: type(rule).__name__)
@given(text=TEXTS)
def test_any_text_is_judged_and_always_alike(rule: PageRule, text: str) -> None:
    first = rule.offence(page(text))
    assert first is None or first
    assert pickle.loads(pickle.dumps(rule)).offence(page(text)) == first


def test_the_first_rule_that_is_broken_is_the_reason() -> None:
    """In datatrove's order: a page of one word is short before it has no stop words."""
    verdict = judge(page("word"), GOPHER_QUALITY)
    assert isinstance(verdict, Rejected)
    assert verdict.reason.code == "gopher_few_words"


def test_a_share_for_each_size() -> None:
    with pytest.raises(ConfigError, match="expected a share for each size"):
        MaxTopRun((2, 3), (0.2,))
    with pytest.raises(ConfigError, match="sizes of one word or more"):
        MaxRepeatedRuns((0,), (0.2,))


@pytest.mark.parametrize("preset", [GOPHER, FINEWEB, FINEWEB_NEAR, DCLM], ids=lambda preset: preset.name)
def test_other_languages_are_refused(preset: object) -> None:
    with pytest.raises(ConfigError, match="counts English words; requested: de"):
        for_languages(preset, ["de"])  # type: ignore[arg-type]


def test_the_recipes_share_their_first_stages_and_gophers_rules() -> None:
    assert {PRESETS[name].stages[:3] for name in ("gopher", "fineweb", "fineweb.near", "dclm")} == {GOPHER.stages[:3]}
    assert set(GOPHER.stages) <= set(FINEWEB.stages)
    assert [stage.name for stage in FINEWEB_NEAR.stages] == [*(stage.name for stage in FINEWEB.stages), "near"]


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("Go to www.example.com/a?b=1 now.", "Go to now."),
        ("See https://example.co.uk.", "See"),
        ("mail me@example.org please", "mail please"),
        ("at http://93.184.216.34:80/x then", "at then"),
        ("Node.js is a.b.zzzz no address", "Node.js is a.b.zzzz no address"),
        ("One sentence.Another one.", "One sentence.Another one."),
        ("3.14 and 1.2.3", "3.14 and 1.2.3"),
    ],
)
def test_addresses_go(line: str, left: str) -> None:
    assert StripAddresses().edit(line) == left


PIECES_OF_ADDRESSES = [
    "www.", "example", ".com", ".co.uk", "a.b", "http://", "ftp://", "/a?b=1", "@", ".museum", ".", ",", "(", ")", "é",
    "x", " ", " ", "\t", "\u00a0", " " * 9, " " * 12, "1.2.3.4", ":80",
    ".xn--p1ai", "com", "a", ".c", "-", "_", "\x1f", "💡", "y" * 250,
]  # fmt: skip


@cache
def pattern_of_addresses() -> re.Pattern[str]:
    """What the reference takes out: slow, for it tries each start with each domain."""
    names = "|".join(sorted(top_level_domains(), key=lambda name: (-len(name), name)))
    return re.compile(
        r"\s{0,10}(?:(?:https?|ftp)://)?[-a-zA-Z0-9@:%._+~#=]{1,256}"
        rf"\.(?:{names})\b[-a-zA-Z0-9()@:%_+.~#?&/=]*"
    )


@given(st.lists(st.sampled_from(PIECES_OF_ADDRESSES) | st.text(max_size=2), max_size=16).map("".join))
@example("see " + "the." * 40)
@example("x.com.http://b.org/c")
@example("é.com .com ..com https://.com (https://a.b.com) ahttp://b.comé b.com_ b.com-")
@example(f"http://{'y' * 256}.com http://{'y' * 257}.com {'y' * 300}.com.org")
@example("\t" * 12 + "a.com" + " " * 12 + "b.com/;" + " " * 9 + "\u3000c.com")
@example(f"a.{'y' * 64}com.{'com' * 30} a.co.comm")
def test_addresses_go_as_by_the_pattern(line: str) -> None:
    assert dclm_lines._without_names(line) == pattern_of_addresses().sub("", line)
    edited = StripAddresses().edit(line)
    assert edited == dclm_lines._BY_NUMBER.sub("", pattern_of_addresses().sub("", line))
    assert edited == line or StripAddresses.sign.search(line)


def test_no_domain_is_left_out() -> None:
    assert dclm_lines._domains() == top_level_domains()


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("3 items in cart", "3"),
        ("A long story Read more...", "A long story"),
        ("Read more>>>", ""),  # the dots of the reference stand for any character
        ("Sign-in to go on", "to go on"),
        ("Please Sign-in", "Please Sign-in"),
        ("One two three four five six seven eight nine read more...",) * 2,  # eleven words
    ],
)
def test_phrases_go(line: str, left: str) -> None:
    assert StripPhrases().edit(line) == left


@pytest.mark.parametrize(
    ("line", "broken"), [("3 likes", True), ("- 1,234.5K Views -", True), ("3 likes and", False), ("likes", False)]
)
def test_counters(line: str, broken: bool) -> None:
    assert NoCounter().breaks(line) is broken


PROSE = "\n".join(f"This is line number {n} of a page that has enough words in it." for n in range(10))  # 140 words


def corrected(text: str, share: float = 0.05) -> object:
    return Corrected("lines", DCLM_LINES, share=share).bind(None)(page(text))


def test_a_page_may_lose_a_twentieth_of_its_words() -> None:
    kept = corrected(f"{PROSE}\nREAD ALL OF THIS TEXT NOW\nHome")  # 7 of 147
    assert kept.page.text == PROSE  # type: ignore[attr-defined]
    assert kept.tally == {"dclm_uppercase": 1, "dclm_single_word": 1}  # type: ignore[attr-defined]
    gone = corrected(f"{PROSE}\nREAD ALL OF THIS TEXT NOW OR NEVER\nHome")  # 9 of 149
    assert isinstance(gone, Rejected)
    assert (gone.reason.code, gone.detail) == ("dclm_words_lost", "9 of 149 words")
    assert gone.tally == {"dclm_uppercase": 1, "dclm_single_word": 1}
    assert not isinstance(corrected(f"{PROSE}\nREAD ALL OF THIS TEXT NOW OR NEVER\nHome", share=0.07), Rejected)


def test_a_page_of_which_nothing_is_left_goes() -> None:
    gone = corrected("HOME\nABOUT")
    assert isinstance(gone, Rejected)
    assert gone.detail == "2 of 2 words"
