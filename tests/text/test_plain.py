"""c4pipe.text.plain: plain lines are cut as sentencex cuts them, and no others are."""

from __future__ import annotations

import gzip
from itertools import pairwise, product
from string import ascii_lowercase

import mmh3
import numpy as np
import pytest
import sentencex
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bench.outside import SHARED
from c4pipe.errors import BuildError
from c4pipe.native import native
from c4pipe.text import sentence_splitter
from c4pipe.text.hashed import hashed_english, hashed_sentences
from c4pipe.text.murmur import murmur
from c4pipe.text.plain.pages import MOST_SENTENCES, plain_sentences
from c4pipe.text.plain.tables import PLAIN_POINTS, SHORTENED_WORDS, STARTING_WORDS
from c4pipe.wet import read_wet
from tests import needs

split = sentence_splitter("sentencex:en")


def cut(line: str) -> list[str] | None:
    """The sentences of a line, None where it is not plain."""
    found = plain_sentences(line.encode())
    assert found is not None
    assert len(found.doubtful) <= 1
    return None if found.doubtful else [line[a:b] for a, b in pairwise([*found.starts, len(line)])]


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("", []),
        ("no end", ["no end"]),
        ("One. Two! Three?  And four", ["One. ", "Two! ", "Three?  ", "And four"]),
        ("At 3.5 m it stops.then 5. So.", ["At 3.5 m it stops.then 5. ", "So."]),
        ("Wait... what? No... We go! i do", ["Wait... what? ", "No... ", "We go! ", "i do"]),
        ("Mr. Smith and Dr. Who met.", ["Mr. Smith and Dr. ", "Who met."]),
        ("It is by Acme Inc. The end, etc. But on.", ["It is by Acme Inc. ", "The end, etc. ", "But on."]),
        ("The U.S. army. In the U.S. it is", ["The U.S. army. ", "In the U.S. it is"]),
        ("He (Mr. B. Then me.) went. (So.) It", ["He (Mr. B. Then me.) went. ", "(So.) It"]),
        ('He said "No. Go." Then "Why?" he asked', ['He said "No. Go." ', 'Then "Why?" he asked']),
        ("Er „ging. So.“ Dann «fort!» Da", ["Er „ging. So.“ ", "Dann «fort!» ", "Da"]),
        ("L'été. Don’t! Où?Ici", ["L'été. ", "Don’t! ", "Où?", "Ici"]),
        ("Why?Because.Now", ["Why?", "Because.", "Now"]),
        ("¿Qué?—dijo. Фото. Ёж п'ять. Στο", ["¿Qué?", "—dijo. ", "Фото. ", "Ёж п'ять. ", "Στο"]),
        ("Bien sûr ! Mais non", ["Bien sûr ! ", "Mais non"]),
    ],
)
def test_a_plain_line_is_cut(line: str, sentences: list[str]) -> None:
    assert cut(line) == sentences
    assert sentencex.segment("en", line) == sentences


@pytest.mark.parametrize(
    "line",
    [
        "Yahoo! News", "It is 5 ft. The end", "At 7 p.m. Tom", "Of 1890 A.D. The", "An M.Sc. Then",  # words
        "1) One 2) Two", "(a) One", "• One", "So (it. Is", 'So "it. Is', "He 'said. So' it", "A ‘b «c» d’ e",  # marks
        "One.[1] Two", "One.   . Two", "One; two\tthree", "a@b.c.Next", "\xa0One", "One.\u200cTwo", "İki. Üç", "ΟΣ",
        "N°. 5", "東京。大阪", "One" + "." + " " * 20 + "Two", "a\x00b", "One` two", "(" + "1" * 99 + ")",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_sentencex(line: str) -> None:
    assert cut(line) is None
    assert hashed_english(f"One.\n{line}\nTwo.", split) == hashed_sentences(f"One.\n{line}\nTwo.", split)


def test_every_shortened_word_is_known_and_no_other_is() -> None:
    """All words of up to three letters; of longer ones those that are known."""
    words = ["".join(letters) for size in (1, 2, 3) for letters in product(ascii_lowercase, repeat=size)]
    for word in {*words, *SHORTENED_WORDS.split()}:
        line = f"So {word}. Xy"
        assert cut(line) in (None, sentencex.segment("en", line)), word
        if word in SHORTENED_WORDS.split():
            assert sentencex.segment("en", line) == [line], word
    for word in STARTING_WORDS.split():
        assert sentencex.segment("en", f"So etc. {word} it") == ["So etc. ", f"{word} it"]
        assert cut(f"So etc. {word} it") in (None, ["So etc. ", f"{word} it"])


@pytest.mark.parametrize("context", ["Ab{}c. De", "ab {} cd. Ef", "So. {}Bc", "Ab{}. Cd", "a.{}B", "“A.{} B” C", "{}"])
def test_every_character_is_what_sentencex_and_python_take_it_for(context: str) -> None:
    runs = [run.partition("-") for run in PLAIN_POINTS.split()]
    points = {n for first, _, last in runs for n in range(int(first, 16) - 2, int(last or first, 16) + 3)}
    points = {point for point in points if not 0xAC20 < point < 0xD780} | {*range(0x100)} - {0x0A}
    chars = sorted(map(chr, points))
    for text in ("\n".join(map(context.format, chars[i : i + 500])) for i in range(0, len(chars), 500)):
        assert hashed_english(text, split) == hashed_sentences(text, split)


WORDS = """
The In He I I'm It's a b m A J mr Mr St U.S. e.g. a.m p.m A.D Ph.D BA ft in 5 3.5 1) (a) a) (iv) (XML) (2007) [1] No no
Inc etc art me word Word wörd Éa Но п'я Σας Yahoo " “ ” « » „ ‘ ’ 'so' ' don't a@b.c @x – — … ( ) [ ] < > : x.Y 7.Bg5
.NET Don't But Which Consequently $5 #1 & %
"""
BEHIND = ["", " ", " ", " ", ". ", ".", "! ", "?", "... ", '." ', ".) ", ", "]
LINES = st.lists(st.tuples(st.sampled_from(WORDS.split()), st.sampled_from(BEHIND)))


@settings(max_examples=1000, deadline=None)
@given(st.lists(LINES.map(lambda parts: "".join(map("".join, parts))), min_size=1, max_size=12).map("\n".join))
@example("No.Yahoo.Ph.D.\n ?–? 2\n“Go, etc.” While it\n \xa0b\nm.in. na")
def test_sentences_of_a_page_are_those_of_sentencex(text: str) -> None:
    try:
        expected = hashed_sentences(text, split)
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of pyo3, where sentencex panics
            raise
        assume(False)
    assert hashed_english(text, split) == expected


@settings(max_examples=500, deadline=None)
@given(st.lists(st.text(st.sampled_from("aB1.?!, '\"“”()éΣ–\xa0")), max_size=20).map("\n".join))
def test_so_are_those_of_any_marks(text: str) -> None:
    assert hashed_english(text, split) == hashed_sentences(text, split)


def test_pages_with_very_many_sentences_or_lines_walk_the_loop() -> None:
    for text in ("Oh. " * MOST_SENTENCES, "A` b.\n" * (MOST_SENTENCES + 1)):
        assert plain_sentences(text.encode()) is None
        assert hashed_english(text, split) == hashed_sentences(text, split)
    assert plain_sentences(("Oh. " * (MOST_SENTENCES - 2)).encode()) is not None


def test_a_text_that_is_no_unicode_is_an_error_either_way() -> None:
    for hashed in (hashed_english, hashed_sentences):
        with pytest.raises(BuildError, match="half of a surrogate pair"):
            hashed("One. \udc80.", split)


@native("void(uint8*, int64, int64, uint64*)")
def hash_piece(data, start, end, found):  # type: ignore[no-untyped-def]
    found[0] = murmur(data, start, end)


@given(st.binary(max_size=70), st.integers(0, 70))
def test_a_piece_is_hashed_like_a_text_of_its_own(data: bytes, start: int) -> None:
    found = np.zeros(1, np.uint64)
    start = min(start, len(data))
    hash_piece(data, start, len(data), found.ctypes.data)
    assert int(found[0]) == int.from_bytes(mmh3.hash_bytes(data[start:])[:8], "little")


@needs.shared
def test_real_pages_have_the_sentences_of_sentencex() -> None:
    plain = lines = 0
    for name in ("cc-wet-2016-50", "cc-wet-2017-30", "cc-wet-2024-22"):
        path = SHARED / "wet" / f"{name}.warc.wet.gz"
        with gzip.open(path) as file:
            for verdict in read_wet(file, name):
                text = verdict.page.text
                found = plain_sentences(text.encode())
                assert found is not None
                plain, lines = plain + text.count("\n") + 1 - len(found.doubtful), lines + text.count("\n") + 1
                assert hashed_english(text, split) == hashed_sentences(text, split)
    assert plain > 0.6 * lines  # as they came, in all languages
