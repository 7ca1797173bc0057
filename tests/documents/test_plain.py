"""c4pipe.documents.plain: a file is a book."""

from __future__ import annotations

import gzip
import hashlib
from functools import partial

import pytest
import zstandard

from c4pipe.page import Kept, Page
from c4pipe.wet import Limits
from tests.documents.reading import details, read, short

BOOK = "\ufeffChapter 1\r\n\r\n  It was a café. \r\nThen it was not.\r\n"
packed = partial(gzip.compress, mtime=0)
TEXT = "Chapter 1\nIt was a café.\nThen it was not."


@pytest.mark.parametrize("pack", [bytes, packed, zstandard.compress], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("chunk", [0, 1, 7])
def test_a_file_is_one_page_however_it_is_packed(pack, chunk: int) -> None:  # type: ignore[no-untyped-def]
    page = Page("", TEXT, "", "shelf/one book.txt#0", text_md5=hashlib.md5(TEXT.encode()).hexdigest())
    [verdict] = read(pack(BOOK.encode()), "text", chunk=chunk, name="shelf/one book.txt")
    assert verdict == Kept(page, {"no_url_given": 1, "no_date_given": 1})


@pytest.mark.parametrize(
    ("data", "reason", "detail"),
    [
        (b"", "unreadable", "empty file"),
        (b" \r\n\n", "no_text", "4 bytes"),
        (packed(b""), "no_text", "0 bytes"),
        (b"\xff\xfeO\0n\0e\0", "unreadable", "UTF-16 or UTF-32 text, not UTF-8"),
        (b"%PDF-1.7\n", "unreadable", "a PDF document"),
        (b"PK\x03\x04....", "unreadable", "a zip archive"),
        (b"x" * 1001, "too_large", "more than 1000 bytes of text"),
        (packed(b"x" * 1001), "too_large", "more than 1000 bytes of text"),
        (zstandard.compress(b"x" * 1001), "too_large", "more than 1000 bytes of text"),
        (packed(BOOK.encode())[:-9], "truncated", "bytes 0 to 61: the file ends in a gzip member"),
        (zstandard.compress(BOOK.encode())[:-9], "truncated", "after 0 bytes of text: the file ends in a frame"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_page_says_why(data: bytes, reason: str, detail: str) -> None:
    verdicts = read(data, "text", Limits(record=1000))
    assert (short(verdicts), details(verdicts)) == ([f"<{reason}>"], [detail])


def test_half_a_book_is_none() -> None:
    """One of two members is whole: its chapter alone is not the document."""
    book = packed(b"Chapter 1.\n") + packed(b"Chapter 2.\n")
    assert short(read(book, "text")) == ["Chapter 1.\nChapter 2."]
    [verdict] = read(book[:-3], "text")
    assert not isinstance(verdict, Kept)
    assert (verdict.reason.code, verdict.page.text) == ("truncated", "Chapter 1.\nChapter 2.")


def test_the_limit_itself_is_allowed() -> None:
    assert short(read(b"x" * 1000, "text", Limits(record=1000))) == ["x" * 1000]


def test_bytes_that_are_not_utf8_are_replaced_and_counted() -> None:
    [verdict] = read(b"caf\xe9", "text")
    assert verdict.page.text == "caf\ufffd"
    assert verdict.tally == {"undecodable": 1, "no_url_given": 1, "no_date_given": 1}
