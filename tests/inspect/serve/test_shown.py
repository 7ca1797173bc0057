"""Hostile text is shown and does nothing."""

from __future__ import annotations

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from c4pipe.inspect.explain import Segment
from c4pipe.inspect.serve.shown import (
    LONGEST_PIECE,
    MOST_LINES,
    as_kept,
    is_link,
    lines_of,
    marked,
    spelt,
)
from tests.inspect.serve.conftest import HOSTILE_URL, SCRIPT, TURNED


def test_markup_is_text() -> None:
    assert spelt(SCRIPT) == Markup("&lt;script&gt;alert(1)&lt;/script&gt;")
    assert marked(f"a {SCRIPT}", "script") == Markup(
        "a &lt;<mark>script</mark>&gt;alert(1)&lt;/<mark>script</mark>&gt;"
    )


def test_what_turns_text_around_or_steers_a_terminal_is_spelt_out() -> None:
    assert spelt("a\u202eb") == Markup('a<span class="control" title="RIGHT-TO-LEFT OVERRIDE">U+202E</span>b')
    for control in "\x00\x07\x1b\x7f\x85\x9b\u061c\u200e\u2028\u2066\u2069\ufeff\U000e0041":
        assert control not in spelt(f"a{control}b")
        assert f">U+{ord(control):04X}</span>" in spelt(f"a{control}b")


def test_what_people_write_stays() -> None:
    for text in ("tab\tnew\nline", "می‌خواهم", "שלום", "क्‍ष", "👩‍👧", "a\u00a0b", "ខ្មែរ\u200bខ្មែរ"):
        assert spelt(text) == Markup(text)


@given(st.text(), st.text(max_size=3))
def test_no_text_opens_a_tag_and_none_is_lost(text: str, q: str) -> None:
    html = str(marked(text, q))
    bare = html.replace("<mark>", "").replace("</mark>", "")
    while (start := bare.find('<span class="control"')) >= 0:
        end = bare.index("</span>", start)
        code = bare[start:end].partition(">U+")[2]
        bare = f"{bare[:start]}{chr(int(code, 16))}{bare[end + 7 :]}"
    assert "<" not in bare
    assert unescape(bare).replace("\r", "") == unescape(str(Markup.escape(text))).replace("\r", "")


def test_matches_are_marked_by_smart_case() -> None:
    assert marked("Abc abc", "abc") == Markup("<mark>Abc</mark> <mark>abc</mark>")
    assert marked("Abc abc", "Abc") == Markup("<mark>Abc</mark> abc")
    assert marked("a.c", ".") == Markup("a<mark>.</mark>c")


@pytest.mark.parametrize("url", ["http://a.example/", "https://a.example/x?q=1#y", "http://xn--e1afmkfd.example/"])
def test_a_web_address_is_a_link(url: str) -> None:
    assert is_link(url)


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "JaVaScRiPt:x", "//a.example/", "a.example", "", "http://", "http:///x",
     "ftp://a.example/", TURNED, "http://a.example/ b", "http://a\n.example/", "http://[", "\x01http://a.example/"],
)  # fmt: skip
def test_anything_else_is_none(url: str) -> None:
    assert not is_link(url)


def test_a_hostile_address_is_a_link_to_itself_only() -> None:
    assert is_link(HOSTILE_URL.replace(" ", ""))
    assert '"' not in spelt(HOSTILE_URL)


def test_long_lines_and_many_lines_are_cut_where_one_sees_it() -> None:
    lines = lines_of([[Segment("x" * (LONGEST_PIECE + 5), "long_word")], [Segment("y" * (LONGEST_PIECE + 7))]])
    assert [len(line.pieces[0].text) for line in lines] == [LONGEST_PIECE, LONGEST_PIECE]
    assert [line.pieces[0].more for line in lines] == [5, 7]
    assert (lines[0].kept, lines[1].kept_more) == ("", 7)
    assert len(lines_of([[Segment("x")]] * (MOST_LINES + 1))) == MOST_LINES


def test_lines_stand_beside_what_was_kept_of_them() -> None:
    lines = [[Segment("Menu", "no_end_mark")], [Segment(" A line."), Segment("[1]", "StripCitations")], [Segment("")]]
    assert as_kept(lines, "A line.")
    assert not as_kept(lines, "A line")
    assert not as_kept(lines, "Menu\nA line.")
