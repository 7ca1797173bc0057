"""c4pipe.text: sentences and hashes."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

import mmh3
import nltk.data
import pytest
import sentencex
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.errors import ConfigError
from c4pipe.text import count_lines, count_sentences, hash64, know_lines, sentence_splitter
from c4pipe.text.sentences import _MAY_STOP


def test_hashes_are_the_same_on_every_machine_and_for_ever() -> None:
    """They name samples, orders and partitions: a change here changes every corpus."""
    assert hash64("") == 0
    assert hash64("a") == 0x85555565F6597889
    assert hash64("Grüße 😀") == int.from_bytes(mmh3.hash_bytes("Grüße 😀".encode())[:8], "little")


@given(st.text(st.characters(codec="utf-8")))
def test_a_hash_is_the_first_half_of_128_bits_of_utf8(text: str) -> None:
    assert hash64(text) == int.from_bytes(mmh3.hash_bytes(text.encode())[:8], "little")
    assert 0 <= hash64(text) < 2**64


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        ("no end", ["no end"]),
        ("One. Two! Three?  And four", ["One. ", "Two! ", "Three?  ", "And four"]),
        ("Mr. Smith went home.", ["Mr. Smith went home."]),
        ("He said: “Go.” She went.", ["He said: “Go.” ", "She went."]),
    ],
)
def test_sentencex_cuts_a_text_into_pieces(text: str, sentences: list[str]) -> None:
    assert list(sentence_splitter("sentencex:en")(text)) == sentences


TEXTS = st.text(
    st.one_of(st.sampled_from("aB.?! \t\"'\x0b\x1c\x85\u2028\u3000。…()[]0"), st.characters(codec="utf-8")), max_size=60
)


@settings(max_examples=200, deadline=None)
@given(TEXTS.filter(lambda text: "\n" not in text), st.sampled_from(["en", "de", "fr"]))
def test_the_sentences_of_a_line_joined_are_the_line(line: str, language: str) -> None:
    """Span dedup takes sentences away and joins the rest: a character between them would be lost."""
    sentences = list(sentence_splitter(f"sentencex:{language}")(line))
    assert "".join(sentences) == line
    assert "" not in sentences


@pytest.mark.usefixtures("punkt")
def test_punkt_cuts_a_text_as_nltk_does() -> None:
    split = sentence_splitter("punkt:english")
    assert list(split("One is here. Two is there.  Mr. J. Smith goes.")) == [
        "One is here.",
        "Two is there.",
        "Mr. J. Smith goes.",
    ]
    assert list(split("")) == []
    assert split is sentence_splitter("punkt:english")  # loaded once a process
    assert count_sentences(split, "One. Two. Three. Four.", 3) == 3


# What Punkt has learnt of and what it has not, initials, numbers, and letters that are none of ASCII.
WORDS = "end The ﬁne Ünd İst Mr vs st al co o ludcke J b Smith I 1998 -2,5 3rd ² ٣ a_b it's non-stop e.g éé 日本"
BETWEEN = [" ", "\n", "  ", " \n", "\t", "\xa0", "\u2028", ""]
MARKS = [".", "?", "!", "...", ". . .", "?!", ",", '"', "'", ")", "(", "”", "«", "--", ":", "*", "\u200b"]


@settings(max_examples=400)
@given(
    pieces=st.lists(
        st.tuples(st.sampled_from(WORDS.split()), st.sampled_from([*MARKS, *".?!"]), st.sampled_from(BETWEEN)),
        max_size=8,
    )
)
def test_a_plain_stop_is_what_punkt_makes_of_it(punkt_folder: Path, pieces: list[tuple[str, str, str]]) -> None:
    text = "".join(map("".join, pieces))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nltk.data, "path", [str(punkt_folder)])
        spans = nltks_own().span_tokenize(text)
        assert list(sentence_splitter("punkt:english")(text)) == [text[start:end] for start, end in spans]


@cache
def nltks_own() -> Any:
    from nltk.tokenize.punkt import PunktTokenizer

    return PunktTokenizer("english")


def test_an_unknown_splitter_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"unknown sentence splitter 'nltk:english'.*sentencex:en"):
        sentence_splitter("nltk:english")


@given(st.integers(0, 9), st.integers(0, 9))
def test_sentences_are_counted_up_to_enough(number: int, enough: int) -> None:
    assert count_sentences(str.split, "x " * number, enough) == min(number, enough)


PLAIN = "".join(c for c in map(chr, range(sys.maxunicode + 1)) if not _MAY_STOP.search(c))
ITEMS = st.sampled_from(
    ["1", "2:", "a", "IV", "(1", "[1]", "#1", "-", "*", "–", "One", "Dr", "No", "e-mail", '"So"', "“", "”"]
)


def test_no_character_of_a_plain_line_ends_a_sentence() -> None:
    assert {"a", "é", "ж", "“"} < set(PLAIN)
    for context in ("Abc{} Def ", "abc {} Def ", "abc {}Def ", "Dr{} Def "):
        text = "".join(map(context.format, PLAIN))
        assert sentencex.segment("en", text) == [text]


@settings(max_examples=300)
@given(
    st.lists(ITEMS | st.text(st.sampled_from(PLAIN), max_size=3), min_size=1, max_size=8).map(" ".join),
    st.characters(codec="utf-8") | st.sampled_from(".?!)"),
)
def test_a_plain_line_is_one_sentence_whatever_ends_it(line: str, end: str) -> None:
    assert sentencex.segment("en", line + end) == [line + end] == list(sentence_splitter("sentencex:en")(line + end))


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("1) One 2) Two", ["1) One ", "2) Two"]),  # no stop is in these: marks of items
        ("• One • 2", ["• One ", "• 2"]),
        ("One\n\nTwo", ["One", "\n\n", "Two"]),
    ],
)
def test_a_line_that_is_cut_without_a_stop_is_not_plain(line: str, sentences: list[str]) -> None:
    assert list(sentence_splitter("sentencex:en")(line)) == sentences


@settings(max_examples=400)
@given(st.text(st.sampled_from("ab \n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")))
def test_lines_are_counted_as_they_are_cut(text: str) -> None:
    assert count_lines(text) == len(text.splitlines())


def test_the_lines_of_two_texts_are_known_by_their_identity() -> None:
    one, other, third = ("".join(["a\n", end]) for end in ("b", "c", "d"))
    assert know_lines(one, 7) == 7
    know_lines(other, 8)
    assert (count_lines(one), count_lines(other), count_lines(one[:1] + one[1:])) == (7, 8, 2)
    assert count_lines(third) == 2
    assert count_lines(one) == 2  # two came since
