"""c4pipe.text.tokens against its definition."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from c4pipe.text.tokens import CHARTED, KIND, characters, word_hashes
from tests.text.oracle import hashed, kind_of, lower, pieces

# Of each script without blanks a letter, a sign and a number, and of every other kind of character some.
MIXED = (
    "aZéßİıſΣσςÅKǅЖж٣५Ⅷ½ªʰ한אبि東〇々カー゙が𠀀ภาำ๕ລັក្ម៥မ်၅བོ༥ᥐꀀ"
    " ,.'’-_\n\t\u200c\u00ad\ufe0f❤😀\u302e\U000e0100\ud800\U0010ffff"
)
texts = st.text(st.one_of(st.sampled_from(MIXED), st.characters(max_codepoint=0x24F)), max_size=60)
plain = st.text(string.ascii_letters + string.digits + "äÖжЖאبक한 .,;:!?'\"()\n", max_size=80)


def words_in(text: str) -> list[str]:
    return [text[start:end] for start, end in zip(*(column.tolist() for column in word_hashes(text)[1:]), strict=True)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("... – !", []),
        ("One two, THREE.", ["One", "two", "THREE"]),
        ("don't  e-mail x_y\n3.14", ["don", "t", "e", "mail", "x", "y", "3", "14"]),
        ("naïve Straße Ἀθῆναι", ["naïve", "Straße", "Ἀθῆναι"]),
        ("cafe\u0301 हिन्दी", ["cafe\u0301", "हिन्दी"]),  # marks belong to their letter
        ("한국어 문장", ["한국어", "문장"]),  # Korean has blanks
        ("東京都へ行く", ["東", "京", "都", "へ", "行", "く"]),
        ("コーヒー", ["コ", "ー", "ヒ", "ー"]),
        ("ภาษา", ["ภ", "า", "ษ", "า"]),
        ("iPhone15を買う2台", ["iPhone15", "を", "買", "う", "2", "台"]),  # by character
        ("I ❤️ you 👍🏽", ["I", "you"]),  # the mark behind an emoji is no word
        ("a\u0301\u00ad\u0301b", ["a\u0301", "b"]),
        ("𠮷野家", ["𠮷", "野", "家"]),
    ],
)
def test_words_of(text: str, words: list[str]) -> None:
    assert words_in(text) == words


@pytest.mark.parametrize(
    ("one", "other"), [("İSTANBUL x", "istanbul X"), ("ΟΔΟΣ, ς", "οδος Σ"), ("ÀÉ ЖЩ", "àé жщ"), ("ⅷ Ⓐ", "Ⅷ Ⓐ")]
)
def test_case_makes_no_difference_and_shifts_nothing(one: str, other: str) -> None:
    assert word_hashes(one).hashes.tolist() == word_hashes(other).hashes.tolist()


def test_a_hash_never_changes() -> None:
    assert word_hashes("The 東 straße").hashes.tolist() == [hashed("the"), hashed("東"), hashed("straße")]
    assert hashed("the") == 0xCB3FF435B889FB31


@given(texts)
@example(MIXED)
@example("".join(f"a{char}b" for char in MIXED))
def test_words_are_as_defined(text: str) -> None:
    hashes, starts, ends = word_hashes(text)
    assert [*zip(starts.tolist(), ends.tolist(), strict=True)] == [(start, end) for _, start, end in pieces(text)]
    assert hashes.tolist() == [hashed(word) for word, _, _ in pieces(text)]


@given(plain)
def test_case_and_punctuation_make_no_difference(text: str) -> None:
    hashes = word_hashes(text).hashes.tolist()
    assert word_hashes(text.upper()).hashes.tolist() == hashes
    assert word_hashes(text.lower()).hashes.tolist() == hashes
    assert (
        word_hashes("".join(f" -{char}" if char in " .,;:!?'\"()\n" else char for char in text)).hashes.tolist()
        == hashes
    )


@given(plain, plain)
def test_the_words_of_two_texts_are_those_of_both(one: str, other: str) -> None:
    assert words_in(f"{one} {other}") == words_in(one) + words_in(other)


@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="Python's own tables are of another Unicode")
def test_the_table_is_unicode_14_to_the_last_character() -> None:
    kinds = ("none", "letter", "mark", "alone")
    known = [(kinds[entry >> KIND], chr(entry & 0xFFFFFF)) for entry in characters().tolist()]
    strange = [point for point in range(CHARTED) if known[point] != (kind_of(chr(point)), lower(chr(point)))]
    assert [f"{point:X}" for point in strange] == []
