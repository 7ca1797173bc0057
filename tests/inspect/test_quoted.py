"""The sentence that a page fell for, and words with long lists folded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.inspect.quoted import LEAD, TRAIL, fold_codes, sentence_around

MENU = "Home Sex Sport\nAll of it stood in the paper. She wrote about sex in old novels, and well! Contact"


@pytest.mark.parametrize(
    ("text", "words", "quote"),
    [
        (MENU, "sex", ("She wrote about ", "sex", " in old novels, and well!", True, True)),
        ("Essex. A Sex shop", "sex", ("A ", "Sex", " shop", True, True)),
        ("これは本です。悪い言葉がある。終わり", "言葉", ("悪い", "言葉", "がある。", True, True)),
        ("x" * 500 + " bad " + "y" * 500, "bad", ("x" * 159 + " ", "bad", " " + "y" * 219, False, False)),
        ("nothing here", "bad", None),
        ("nothing here", " ", None),
    ],
)
def test_the_sentence_around_a_word_and_not_the_menu(text: str, words: str, quote: object) -> None:
    assert sentence_around(text, words) == quote


@given(st.text("ab .\n。", max_size=600), st.text("ab", min_size=1, max_size=3))
def test_a_quote_is_a_piece_of_the_text_and_not_long(text: str, words: str) -> None:
    quote = sentence_around(text, words)
    assert (quote is None) == (words not in text)
    if quote:
        whole = quote.before + quote.words + quote.after
        assert whole in text
        assert len(whole) <= LEAD + len(words) + TRAIL


def test_many_languages_are_told_by_their_number() -> None:
    codes = ["af", "bg-Latn", "ceb", *(f"{a}{b}" for a in "xyz" for b in "abcd")]
    found = fold_codes(f"is in none of the languages {', '.join(codes)} (kept)")
    assert found.words == "is in none of the 15 languages (kept)"
    assert list(found.codes) == codes
    assert fold_codes("has fewer than 3 words, and says so").codes == ()
