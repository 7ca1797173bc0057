"""Text and numbers as they are printed."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.inspect.report.show import linked, name, setting_text, shown, size, spelt_out, unbroken_percent


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a & b", "a &amp; b"),
        ("\u202eabc", "<i>\\u202e</i>abc"),
        ("a\x00\x1bb", "a<i>\\x00\\x1b</i>b"),
        ("می‌خواهم", "می‌خواهم"),  # with a joiner that Persian needs
        ("全角\u3000空白", "全角\u3000空白"),
        ("\ud800", "<i>\\ud800</i>"),
        ("x" * 281, "x" * 280 + "…"),
    ],
)
def test_what_could_be_obeyed_is_spelt_out(text: str, expected: str) -> None:
    assert spelt_out(text) == expected


@given(st.text(), st.integers(1, 60))
def test_what_is_shown_is_short_and_harmless(text: str, most: int) -> None:
    found = str(spelt_out(text, most))
    bare = re.sub("</?i>", "", found)
    assert "<" not in bare
    assert all(char.isprintable() or char.isspace() or char in "\u200c\u200d" for char in bare)
    assert len(found) <= 6 * most + 20  # an ampersand is five characters, an odd one is paid for with thirteen
    if text.isprintable() and len(text) <= most:
        assert html.unescape(found) == text


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//a.example/", "", "https://", "ftp://a.example",
        "https://a.example/ b", "https://a.example/\x07", "https://a.example\\@b.example/",
        "https://a.example/" + "a" * 2000,
        " https://a.example/", "https://a.example/\u202e",
    ],
)  # fmt: skip
def test_only_addresses_of_the_web_are_links(url: str) -> None:
    assert "<a " not in linked(url)


def test_a_link_is_shown_in_full() -> None:
    url = "HTTP://bücher.example:8443/a?b=1&c=" + "d" * 500
    escaped = html.escape(url)
    assert linked(url) == f'<a href="{escaped}" rel="noopener noreferrer nofollow"><bdi>{escaped}</bdi></a>'


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_share_is_never_rounded_to_all_or_nothing(part: int, of: int) -> None:
    words = unbroken_percent(min(part, of) / of)
    assert (words == "0\u00a0%") == (part == 0)
    assert (words == "100\u00a0%") == (part >= of)


def test_the_rest() -> None:
    assert shown(None) == "<bdi>None</bdi>"
    assert name("a\x00b" * 99) == "ab" * 40
    assert setting_text({"a": [1, 2], "b": {}}) == "a 1 2, b none"
    assert size(999_949_999) == "999.9\u00a0MB"
    assert size(5e12) == "5,000.0\u00a0GB"
