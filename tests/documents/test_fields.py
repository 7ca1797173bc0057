"""c4pipe.documents.fields: what is filled in, and that the rest is judged as a WET record is."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from c4pipe.documents import DOCUMENT_REASONS, EPOCH_DATE
from c4pipe.documents.fields import Fields, Location, document, names
from c4pipe.page import Kept, Page
from c4pipe.text.urls import url_key

PLACE = Location("a/b.jsonl", 9)
DATE = "2019-04-25T12:57:54Z"


@pytest.mark.parametrize(
    ("fields", "page", "tally"),
    [
        (
            Fields(b"Text.", "http://a.example/", DATE, "x1"),
            Page("http://a.example/", "Text.", DATE, "a/b.jsonl#9", "x1"),
            {},
        ),
        (
            Fields(b" One. \r\n\n\tTwo.\x00\n", " http://a.example/\n", f" {DATE}"),
            Page("http://a.example/", "One.\nTwo.\x00", DATE, "a/b.jsonl#9"),
            {},
        ),
        (
            Fields(b"Text."),
            Page("file:///a/b.jsonl#9", "Text.", EPOCH_DATE, "a/b.jsonl#9"),
            {"url_filled", "date_filled"},
        ),
        (Fields(b"Text.", " ", DATE), Page("file:///a/b.jsonl#9", "Text.", DATE, "a/b.jsonl#9"), {"url_filled"}),
        (Fields(b"T.", "u", "last May"), Page("u", "T.", "last May", "a/b.jsonl#9"), {}),  # a date is kept as written
        (Fields(b"caf\xe9", "u", DATE), Page("u", "caf\ufffd", DATE, "a/b.jsonl#9"), {"undecodable"}),
        (
            Fields(b"a\xed\xa0\x80b", "u\ud800", "\udfff"),  # halves of surrogate pairs
            Page("u" + "\ufffd" * 3, "a" + "\ufffd" * 3 + "b", "\ufffd" * 3, "a/b.jsonl#9"),
            {"undecodable"},
        ),
    ],
)
def test_a_document_is_a_page(fields: Fields, page: Page, tally: set[str]) -> None:
    assert document(fields, PLACE) == Kept(page, dict.fromkeys(tally, 1))


@pytest.mark.parametrize(
    ("fields", "code", "detail"),
    [
        (Fields(b"", "u", DATE), "no_text", "0 bytes"),
        (Fields(" \n\u3000\n".encode(), "u", DATE), "no_text", "6 bytes"),
        (Fields(b"Text.", "http://a.example/\x07", DATE), "bad_url", "control character '\\x07'"),
        (Fields(b"Text.", "u" * 8193, DATE), "bad_url", "8193 characters"),
    ],
)
def test_a_document_that_is_no_page_says_why(fields: Fields, code: str, detail: str) -> None:
    verdict = document(fields, PLACE)
    assert not isinstance(verdict, Kept)
    assert (verdict.reason.code, verdict.detail) == (code, detail)


def test_filled_urls_differ_wherever_the_places_do() -> None:
    """By the key that URL dedup compares, too: two books must not count as copies of one page."""
    named = ["a.txt", "a.txt?ref=1", "www.a.txt", "http://a.txt", "b/a.txt", "a#0.txt", "ä.txt", "a%.txt"]
    keys = {url_key(Location(name, 0, alone=True).url) for name in named}
    keys |= {url_key(Location(name, number).url) for name in named for number in (0, 1, 10)}
    assert len(keys) == 4 * len(named)
    assert all(url.isascii() and url.isprintable() and " " not in url for url in keys)


def test_the_filled_date_is_older_than_any_other() -> None:
    """Dates are compared as strings: of two pages with one URL, the one with a date of its own is kept."""
    assert min("1994-01-01", "2024", DATE) > EPOCH_DATE


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ({}, "none"),
        ({"title": 1, "b\x1b": 2}, "title, b\\x1b"),
        ({"x" * 999: 1}, "x" * 200),
        ({"\ud800": 0}, "\\ud800"),
    ],
)
def test_the_names_that_were_found_are_fit_to_print(keys: Mapping[str, int], shown: str) -> None:
    assert names(keys) == shown


def test_reasons_are_declared_once() -> None:
    assert len({reason.code for reason in DOCUMENT_REASONS}) == len(DOCUMENT_REASONS) == 11
    assert all(reason.says and reason.source for reason in DOCUMENT_REASONS)
