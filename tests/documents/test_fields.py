"""c4pipe.documents.fields: that nothing is filled in, and that the rest is judged as a WET record is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pytest

from c4pipe.documents import DOCUMENT_REASONS
from c4pipe.documents.fields import Fields, Location, document, names
from c4pipe.page import Kept, Page

PLACE = Location("a/b.jsonl", 9)
DATE = "2019-04-25T12:57:54Z"
TEXT_MD5 = hashlib.md5(b"Text.").hexdigest()


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
            Page("", "Text.", "", "a/b.jsonl#9", text_md5=TEXT_MD5),
            {"no_url_given", "no_date_given"},
        ),
        (Fields(b"Text.", " ", DATE), Page("", "Text.", DATE, "a/b.jsonl#9", text_md5=TEXT_MD5), {"no_url_given"}),
        (Fields(b"Text.\n", [], DATE), Page("", "Text.", DATE, "a/b.jsonl#9", text_md5=TEXT_MD5), {"no_url_given"}),
        (Fields(b"T.", "u", "last May"), Page("u", "T.", "", "a/b.jsonl#9"), {"bad_date"}),
        (Fields(b"T.", "u", True), Page("u", "T.", "", "a/b.jsonl#9"), {"bad_date"}),
        *(
            (Fields(b"T.", "u", {"$date": date}), Page("u", "T.", DATE, "a/b.jsonl#9"), {})
            for date in (DATE, 1556197074000, {"$numberLong": "1556197074000"})
        ),
        (Fields(b"T.", "u", {"$date": 1000}), Page("u", "T.", "1970-01-01T00:00:01Z", "a/b.jsonl#9"), {}),
        *(
            (Fields(b"T.", "u", date), Page("u", "T.", "", "a/b.jsonl#9"), {"bad_date"})
            for date in ({"$date": None}, {"$date": {}}, {"$date": 1, "b": 2}, {"date": 1}, {"$date": 10**17}, {})
        ),
        (Fields(b"T.", "u", 1e300), Page("u", "T.", "", "a/b.jsonl#9"), {"bad_date"}),
        (Fields(b"T.", "u", float("nan")), Page("u", "T.", "", "a/b.jsonl#9"), {"no_date_given"}),
        (Fields(b"T.", "u", 1556197074000, 7), Page("u", "T.", DATE, "a/b.jsonl#9", "7"), {}),
        (
            Fields(b"T.", "<http://a/>", "Thu, 25 Apr 2019 12:57:54 GMT"),
            Page("http://a/", "T.", DATE, "a/b.jsonl#9"),
            {},
        ),
        (Fields(b"caf\xe9", "u", DATE), Page("u", "caf\ufffd", DATE, "a/b.jsonl#9"), {"undecodable"}),
        (
            Fields(b"a\xed\xa0\x80b", "u\ud800", "\udfff"),  # halves of surrogate pairs
            Page("u" + "\ufffd" * 3, "a" + "\ufffd" * 3 + "b", "", "a/b.jsonl#9"),
            {"undecodable", "bad_date"},
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


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ({}, "none"),
        ({"title": 1, "b\x1b": 2}, "title, b\\x1b"),
        ({"x" * 999: 1}, "x" * 199 + "…"),
        ({"\ud800": 0}, "\\ud800"),
    ],
)
def test_the_names_that_were_found_are_fit_to_print(keys: Mapping[str, int], shown: str) -> None:
    assert names(keys) == shown


def test_reasons_are_declared_once() -> None:
    assert len({reason.code for reason in DOCUMENT_REASONS}) == len(DOCUMENT_REASONS) == 12
    assert all(reason.says and reason.source for reason in DOCUMENT_REASONS)
