"""c4pipe.text.tokens against its definition, spelt out in plain Python over Python's own tables of characters."""

from __future__ import annotations

import string
import unicodedata

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from c4pipe.text.tokens import CHARTED, KIND, characters, word_hashes

BLOCKS = """
Thai Lao Tibetan Myanmar Myanmar_Extended_A Myanmar_Extended_B Khmer Tai_Le New_Tai_Lue Tai_Tham Tai_Viet Ahom
Yi_Syllables Yi_Radicals CJK_Radicals_Supplement Kangxi_Radicals CJK_Symbols_And_Punctuation Hiragana Katakana
Katakana_Phonetic_Extensions Bopomofo Bopomofo_Extended CJK_Unified_Ideographs CJK_Unified_Ideographs_Extension_A
CJK_Compatibility_Ideographs Ideographic_Symbols_And_Punctuation Tangut Tangut_Components Khitan_Small_Script
Tangut_Supplement Kana_Extended_A Kana_Extended_B Kana_Supplement Small_Kana_Extension
"""
_NAMED = "".join(f"\\p{{Block={name}}}" for name in BLOCKS.split())
WITHOUT_BLANKS = regex.compile(f"[[{_NAMED}\uff65-\uff9f]--[\u302e\u302f]]", regex.V1)
# Of each script without blanks a letter, a sign and a number, and of every other kind of character some.
MIXED = (
    "aZéßİıſΣσςÅKǅЖж٣५Ⅷ½ªʰ한אبि東〇々カー゙が𠀀ภาำ๕ລັក្ម៥မ်၅བོ༥ᥐꀀ"
    " ,.'’-_\n\t\u200c\u00ad\ufe0f❤😀\u302e\U000e0100\ud800\U0010ffff"
)
texts = st.text(st.one_of(st.sampled_from(MIXED), st.characters(max_codepoint=0x24F)), max_size=60)
plain = st.text(string.ascii_letters + string.digits + "äÖжЖאبक한 .,;:!?'\"()\n", max_size=80)


def pieces(text: str) -> list[tuple[str, int, int]]:
    """The words as (word in lower case, start, end), character by character."""
    found: list[tuple[str, int, int]] = []
    goes_on = False
    for at, char in enumerate(text):
        kind = kind_of(char)
        if (kind == "letter" and not goes_on) or kind == "alone":
            found.append((lower(char), at, at + 1))
        elif kind in ("letter", "mark") and goes_on:
            word, start, _ = found[-1]
            found[-1] = (word + lower(char), start, at + 1)
        goes_on = kind == "letter" or (kind == "mark" and goes_on)
    return found


def kind_of(char: str) -> str:
    category = unicodedata.category(char)[0]
    if "\U00020000" <= char < "\U00040000":
        return "alone"
    if category not in "LMN" or char > "\U00040000":
        return "none"
    if WITHOUT_BLANKS.match(char):
        return "alone"
    return "mark" if category == "M" else "letter"


def lower(char: str) -> str:
    """One character, whatever its lower case is; both small sigmas are one."""
    return char.lower()[0].replace("ς", "σ")


def hashed(word: str) -> int:
    """FNV-1a over the code points, then MurmurHash3's finaliser."""
    value = 0xCBF29CE484222325
    for char in word:
        value = (value ^ ord(char)) * 0x100000001B3 % 2**64
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        value = (value ^ value >> 33) * factor % 2**64
    return value ^ value >> 33


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
