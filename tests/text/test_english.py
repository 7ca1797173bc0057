"""c4pipe.text.english and its neighbours: words and sentences as spaCy, Unicode and fastText cut them.

`bench.recipes` holds them against those libraries; what they say of texts that once differed stands here.
"""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from c4pipe.errors import ConfigError
from c4pipe.text import sentence_splitter
from c4pipe.text.between import unicode_words
from c4pipe.text.counted import counted_words
from c4pipe.text.english import LONG_ADDRESS, cut, english_words
from c4pipe.text.english_patterns import english_patterns

# Pieces of which runs are made that have rules of their own.
MARKS = "' ’ . .. ... … , : ; ! ? ( ) :) :-) [ ] - -- — / @ # $ US$ % + _ * ~ “ ” ½ 東 ಠ_ಠ"
WORDS = "s S n't ll cannot im Mr. e.g. U.S. 5 12 km kg °C °C. a B é www.a.com http:// x@y.org"
PIECES = st.lists(st.sampled_from(f"{MARKS} {WORDS}".split()), max_size=6).map("".join)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("Hello, world.", ["Hello", ",", "world", "."]),
        ("I can't, won't; cannot!", ["I", "ca", "n't", ",", "wo", "n't", ";", "can", "not", "!"]),
        ("Mr. Smith's U.S. flag", ["Mr.", "Smith", "'s", "U.S.", "flag"]),
        ("end.Mr.Smith", ["end", ".", "Mr.", "Smith"]),
        ("im.", ["i", "m."]),  # two words of an exception and a stop; of these two are an exception
        ("good:) :)", ["good", ":)", ":)"]),
        ("good:) )", ["good", ":", ")", ")"]),  # ":))" with a blank in it is none, but keeps ":)" from being one
        ("(see www.example.com/a-b).", ["(", "see", "www.example.com/a-b", ")", "."]),
        (
            "well-known 3-4 5km $5 US$5 5%",
            ["well", "-", "known", "3", "-", "4", "5", "km", "$", "5", "US$", "5", "5", "%"],
        ),
        ("a\u00a0b\n\n c", ["a", "b", "c"]),
        ("...", ["..."]),
        ("wait.....what", ["wait", ".....", "what"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert list(english_words(text)) == words


@given(st.lists(PIECES | st.text(max_size=8), max_size=6))
def test_no_character_is_lost_and_blanks_alone_go(runs: list[str]) -> None:
    text = " ".join(runs)
    words = english_words(text)
    assert "".join(words) == "".join(text.split())
    assert all(words)
    assert english_words(text) == english_words.__wrapped__(text)


@given(PIECES)
def test_what_a_run_is_cut_into_hangs_on_the_run_alone(run: str) -> None:
    """The short ways and the long one, asked one by one and together."""
    assert "".join(cut(run)) == run
    assert english_words(f"{run}\n{run}") == english_words(run) * 2


def test_a_hostile_run_takes_no_time() -> None:
    """Marks are cut off without copying what is left; a long run with an @ is no address."""
    assert len(english_words("(" * 20_000 + ")" * 20_000)) == 40_000
    assert "".join(english_words("a:@" * 5_000)) == "a:@" * 5_000


def test_what_words_are_like() -> None:
    assert counted_words("Don't stop #1 … ever!") == (8, 5, 14, 4)  # Do n't stop # 1 … ever !
    assert counted_words("") == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        ("One. Two! Three", ["One. ", "Two! ", "Three"]),
        ("Wait... what?! (Yes.)", ["Wait... what?! (", "Yes.)"]),
        ("Mr. B. is in.  ", ["Mr. B. is in. ", " "]),
    ],
)
def test_sentences_of_the_sentencizer(text: str, sentences: list[str]) -> None:
    assert list(sentence_splitter("sentencizer:en")(text)) == sentences


@given(st.lists(PIECES | st.sampled_from([" ", "  ", "\n"]), max_size=8).map("".join))
def test_sentences_hold_the_whole_text(text: str) -> None:
    assert "".join(sentence_splitter("sentencizer:en")(text)) == text


def test_the_sentencizer_knows_english_alone() -> None:
    with pytest.raises(ConfigError, match="only splits English"):
        sentence_splitter("sentencizer:de")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop (ever), at 3.5.", ["Don't", "stop", "ever", "at", "3.5"]),
        ("a_b _c 1,000 a:b a-b", ["a_b", "1,000", "a:b", "a", "b"]),
        ("東京 ノート100 x²", ["東", "京", "ノート", "100", "x", "²"]),
        ("a\u202fb", ["a\u202fb"]),
        ('ש"ח a"b w\u00ad.\u00adn', ['ש"ח', "a", "b", "w\u00ad.\u00adn"]),
        ("किया ne\u0301e", ["किया", "ne\u0301e"]),
        ("नमस्ते ગુજરાતી مَدرسة שָׁלוֹם", ["नमस्ते", "ગુજરાતી", "مَدرسة", "שָׁלוֹם"]),
        ("foo\u2060bar 12\ufeff a\u202eb", ["foo\u2060bar", "12\ufeff", "a\u202eb"]),
        ("a\u180eb c\ufffbd e\U000e0101f", ["a\u180eb", "c\ufffbd", "e\U000e0101f"]),
    ],
)
def test_words_between_boundaries(text: str, words: list[str]) -> None:
    assert list(unicode_words(text)) == words


@given(st.lists(st.sampled_from(["a", "b.c", "a.bc", ":", "@", "//", "x://", ".", "1.2.3.4", "/", "_"]), max_size=9))
@example(["a", ":", "b.c", "@", "a.bc"])
def test_who_is_asked_for_is_all_up_to_an_at(pieces: list[str]) -> None:
    """As by spaCy's expression, which has a name and a password."""
    run, ours = "".join(pieces), english_patterns().address_at
    theirs = re.compile(ours.pattern.replace(r"(?:\S+@)?", r"(?:\S+(?::\S*)?@)?"))
    assert theirs.pattern != ours.pattern
    assert bool(ours.match(run)) == bool(theirs.match(run))


def test_no_run_keeps_us_long() -> None:
    """By the square of its length the first would take 0.07 s, and a page may hold fifty; the second three seconds."""
    for run, most in ((":@." * (LONG_ADDRESS // 3) + "_", 0.02), ("a" + "," * 600_000, 1.2)):
        assert any(seconds_to_cut(run) < most for _ in range(3)), run[:9]


def seconds_to_cut(run: str) -> float:
    start = time.process_time()
    cut(run)
    return time.process_time() - start
