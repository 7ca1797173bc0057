"""The words of texts behind NFKC, and where they stand."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.benchmarks.normal import normal, normal_words, places_in
from c4pipe.text.tokens import word_hashes

# Letters, marks that compose or change places, and what NFKC makes letters, digits, blanks or marks of.
ODD = st.text("aE1 .\n'’…\xa0´²½ﬁＦ㎏ﾊﾞｶ\u0301\u0323\u3099\u1161\u11a8가각한东\u0928\u093cשּׁ\u05b0\u0651ㅏ🙂\U0002f800")


def words(text: str) -> list[int]:
    found: list[int] = word_hashes(text).hashes.tolist()
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Don't stop!", "DON’T STOP"),
        ("½ ﬁne ＷＯＲＤＳ…", "1⁄2 fine words"),
        ("cafe\u0301", "CAFÉ"),
        ("a\xa0b - c", "A b, c"),
        ("ﾊﾞｶ", "バカ"),
    ],
)
def test_what_is_the_same(one: str, other: str) -> None:
    assert normal_words(one)[1].hashes.tolist() == normal_words(other)[1].hashes.tolist()


@given(st.text() | ODD)
def test_the_words_are_those_behind_nfkc(text: str) -> None:
    assert words(normal(text)) == words(normalize("NFKC", text))


@given(st.text() | ODD)
def test_once_is_enough(text: str) -> None:
    assert normal(normal(text)) == normal(text)
    assert words(normal(normal(text))) == words(normal(text))


@given(st.lists(ODD, min_size=1, max_size=6), st.sampled_from(" \n"))
def test_a_place_in_the_text_holds_the_words(pieces: list[str], blank: str) -> None:
    text = blank.join(pieces)
    compared, found = normal_words(text)
    place = places_in(text, compared)
    for start, end, word in zip(found.starts.tolist(), found.ends.tolist(), found.hashes.tolist(), strict=True):
        begin, stop = place(start, end)
        assert 0 <= begin < stop <= len(text)
        assert word in words(normal(text[begin:stop]))
