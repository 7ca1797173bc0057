"""Texts and the bytes that they were read from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.errors import BuildError
from c4pipe.text import hash64
from c4pipe.text.hashed import hashed_english
from c4pipe.text.utf8 import encoded, read_utf8, strict_utf8


def test_the_bytes_of_the_two_texts_read_last_are_those_that_were_read() -> None:
    data = "Où est l’église ?".encode()
    text = read_utf8(data)
    assert text == "Où est l’église ?"
    assert encoded(text) is data
    read_utf8(b"another")
    assert strict_utf8(text) is data
    read_utf8(b"a third")
    assert encoded(text) == data
    assert encoded(text) is not data


def test_what_is_no_utf8_is_not_read() -> None:
    with pytest.raises(UnicodeDecodeError):
        read_utf8(b"\xed\xa0\x80")  # a surrogate
    with pytest.raises(UnicodeDecodeError):
        read_utf8(b"caf\xe9")


@pytest.mark.parametrize("use", [hash64, lambda text: hashed_english(text, list), strict_utf8])
def test_half_of_a_surrogate_pair_is_an_error_that_says_what_to_do(use: Callable[[str], object]) -> None:
    with pytest.raises(BuildError, match=r"U\+DC80 at character 4 of 'One.\\udc80 two'.* have it return text.encode"):
        use("One.\udc80 two")


@given(st.lists(st.text(st.characters(), max_size=3), min_size=1), st.data())
def test_a_text_has_the_same_bytes_whatever_was_read(texts: list[str], data: st.DataObject) -> None:
    read = [read_utf8(text.encode(errors="replace")) for text in texts]
    text = data.draw(st.sampled_from([*texts, *read]))
    assert encoded(text) == text.encode(errors="surrogatepass")
