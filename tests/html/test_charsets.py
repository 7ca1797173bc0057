"""In which charset a page is: what it says, what it is, and who is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.html.charsets import decoded
from tests import needs

pytestmark = needs.resiliparse

RUSSIAN = "<p>Вечером в порту было тихо, и только чайки кричали над причалом.</p>" * 3
GERMAN = "<p>Größe über alles: fünf süße Öfen.</p>"
JAPANESE = "<p>夕方の港は静かで、かもめだけが鳴いていました。</p>" * 3


def meta(charset: str) -> str:
    return f'<!doctype html><head><meta name="x" content="y"><meta charset="{charset}">'


@pytest.mark.parametrize(
    ("page", "codec", "header"),
    [
        (GERMAN, "utf-8", "text/html; charset=utf-8"),
        (GERMAN, "utf-8", ""),
        (GERMAN, "cp1252", "text/html; charset=ISO-8859-1"),
        (GERMAN + "„“€", "cp1252", 'text/html; charset="iso-8859-1"'),  # which means windows-1252
        (RUSSIAN, "cp1251", "text/html;charset=windows-1251"),
        (meta("koi8-r") + RUSSIAN, "koi8-r", "text/html"),
        (meta("Shift_JIS") + JAPANESE, "cp932", "text/html"),
        (meta("EUC-JP") + JAPANESE, "euc_jp", ""),
        (meta("ISO-2022-JP") + JAPANESE, "iso2022_jp", ""),
        (meta("gb2312") + "<p>傍晚的港口很安静，㐀", "gb18030", ""),
        ('<?xml version="1.0" encoding="iso-8859-2"?><p>Żółta łódź', "iso8859_2", "application/xhtml+xml"),
        ('<meta http-equiv=Content-Type content="text/html; charset=iso-8859-9"><p>şeker', "iso8859_9", ""),
        (RUSSIAN, "utf-16", "text/html"),  # with its mark
        ("<!doctype html>" + GERMAN * 3, "utf-16-le", "text/html"),  # without
        ("<!doctype html>" + GERMAN * 3, "utf-16-be", "text/html; charset=utf-16be"),
        (RUSSIAN, "utf-16-le", "text/html; charset=utf-16"),
        (RUSSIAN, "cp1251", "text/html"),  # nobody says it: detected
        (GERMAN, "utf-8-sig", "text/html; charset=iso-8859-1"),  # the mark knows better
    ],
)
def test_it_is_read_as_what_it_is(page: str, codec: str, header: str) -> None:
    assert decoded(page.encode(codec), header)[:3] == (page, False, False)


@pytest.mark.parametrize(
    ("page", "codec", "header"),
    [
        (GERMAN, "utf-8", "text/html; charset=iso-8859-1"),
        (RUSSIAN, "cp1251", "text/html; charset=utf-8"),
        (meta("windows-1251") + RUSSIAN, "cp1251", "text/html; charset=utf-8"),
        (meta("utf-8") + RUSSIAN, "cp1251", "text/html"),
        ("<!doctype html>" + GERMAN * 3, "utf-16-le", "text/html; charset=utf-8"),
        (meta("us-ascii") + JAPANESE, "utf-8", ""),
    ],
)
def test_a_lie_is_found_out_and_counted(page: str, codec: str, header: str) -> None:
    assert decoded(page.encode(codec), header)[:3] == (page, False, True)


@pytest.mark.parametrize(
    "name", ["idna", "punycode", "unicode_escape", "zlib", "rot13", "utf-7", "x" * 500, "'; x", ""]
)
def test_no_page_may_ask_for_a_codec_of_python(name: str) -> None:
    assert decoded(GERMAN.encode(), f"text/html; charset={name}")[:3] == (GERMAN, False, False)
    assert decoded(RUSSIAN.encode("cp1251"), f"text/html; charset={name}").text == RUSSIAN


def test_a_fault_in_utf_8_is_replaced() -> None:
    page = RUSSIAN.encode()
    assert decoded(page[:100] + b"\xff" + page[100:], "text/html; charset=utf-8")[1:3] == (True, False)
    cut = page[: page.rindex("м".encode()) + 1]  # in a letter
    assert decoded(cut, "text/html; charset=utf-8")[:3] == (cut[:-1].decode() + "\ufffd", True, False)


@given(st.binary(max_size=300), st.text(max_size=40))
def test_anything_gives_text_that_can_be_written(body: bytes, header: str) -> None:
    found = decoded(body, header)
    assert found.text.encode("utf-8").decode() == found.text


@given(st.text(max_size=200).map(lambda text: "<p>é" + text))
def test_utf_8_is_believed_whatever_is_said(text: str) -> None:
    assert (
        decoded(text.encode("utf-8", "ignore"), "text/html; charset=windows-1251").text
        == text.encode("utf-8", "ignore").decode()
    )
