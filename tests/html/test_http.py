"""Answers of HTTP as crawlers store them: each in, and what is read or why not."""

from __future__ import annotations

import gzip
import io
import zlib

import pytest

from c4pipe.html import HTML_BYTES, HTML_REASONS, read_warc
from c4pipe.html.http import http_answer, type_of, unchunked
from c4pipe.html.unpacking import StillPacked, unpacked_body
from c4pipe.page import Kept, Verdict
from c4pipe.wet import Limits
from tests import needs
from tests.wet.writer import record

pytestmark = needs.resiliparse

PAGE = "<!DOCTYPE html><title>T</title><main><h1>Weather</h1><p>It rained all day in the hills.</p></main>"
TEXT = "Weather\nIt rained all day in the hills."
HTML = "Content-Type: text/html"


def verdict(
    body: bytes | str = PAGE,
    header: str = HTML,
    status: str = "HTTP/1.1 200 OK",
    *,
    extract: str = "main",
    limits: Limits | None = None,
    **more: str,
) -> Verdict:
    """The one verdict on a response; `more` are headers of its record, with "_" for "-"."""
    body = body.encode() if isinstance(body, str) else body
    extra = "\r\n".join(f"{name.replace('_', '-')}: {value}" for name, value in more.items()).encode()
    data = record(1, f"{status}\r\n{header}\r\n\r\n".encode() + body, kind="response", extra=extra)
    [only] = read_warc(io.BytesIO(data), "f", extract, limits or Limits())
    return only


def told(one: Verdict) -> str:
    """Its text, or reason and detail."""
    return one.page.text if isinstance(one, Kept) else f"{one.reason.code}: {one.detail}"


def test_a_page_has_the_fields_of_its_record_and_the_size_of_its_html() -> None:
    one = verdict()
    assert isinstance(one, Kept)
    assert one.page == ("http://a.example/1", TEXT, "2024-05-22T10:11:12Z", "f#0", "urn:uuid:1", *one.page[5:])
    assert one.page.extra == {HTML_BYTES: len(PAGE)}
    assert dict(one.tally) == {}


@pytest.mark.parametrize(
    ("header", "status", "says"),
    [
        (HTML, "HTTP/1.0 200 OK", TEXT),
        (HTML, "HTTP/2 200", TEXT),
        (HTML, "HTTP/1.1 200 ", TEXT),
        ("CONTENT-TYPE:text/HTML;charset=UTF-8", "HTTP/1.1 200 OK", TEXT),
        ("Content-Type: application/xhtml+xml", "HTTP/1.1 200 OK", TEXT),
        ("Server: x", "HTTP/1.1 200 OK", TEXT),
        ("Content-Type: html", "HTTP/1.1 200 OK", TEXT),
        ("Content-Type: image/secret.type@b.com", "HTTP/1.1 200 OK", "not_html: image/secret.type…"),
        ("Content-Type: application/json", "HTTP/1.1 200 OK", "not_html: application/json"),
        (HTML, "HTTP/1.1 404 Not Found", "http_status: 404"),
        (HTML, "HTTP/1.1 206 Partial", "http_status: 206"),
        (HTML, "ICY 200 OK", "bad_http: begins with b'ICY 200 OK\\r\\nContent-Type: text/html\\r\\n\\r\\n<'"),
        ("X: " + "y" * 70_000, "HTTP/1.1 200 OK", "bad_http: begins with b'HTTP/1.1 200 OK\\r\\nX: " + "y" * 20 + "'"),
    ],
)
def test_status_and_type(header: str, status: str, says: str) -> None:
    assert told(verdict(header=header, status=status)) == says


def test_what_the_crawler_identified_goes_before_what_the_server_says() -> None:
    assert told(verdict(header="Content-Type: text/plain", WARC_Identified_Payload_Type="text/html")) == TEXT
    assert told(verdict(WARC_Identified_Payload_Type="application/pdf")) == "not_html: application/pdf"


def test_no_type_and_no_tag_is_no_page() -> None:
    assert told(verdict("Just a text.", "Server: x")) == "not_html: says no type, and begins with no tag"


def test_other_answers_are_no_pages() -> None:
    dns = record(1, b"20240522 a.example 1.2.3.4", kind="response", extra=b"Content-Type: text/dns")
    kinds = ("request", "metadata", "revisit", "conversion", "resource")
    others = b"".join(record(1, b"x", kind=kind) for kind in kinds)
    assert [told(one) for one in read_warc(io.BytesIO(dns + others), "f")] == [
        f"not_a_page: {kind}" for kind in ("text/dns", *kinds)
    ]


def test_a_page_that_the_crawler_has_cut_is_kept_and_counted() -> None:
    one = verdict(PAGE[: PAGE.index("s.</p>")], WARC_Truncated="length")
    assert told(one) == "Weather\nIt rained all day in the hill"
    assert isinstance(one, Kept)
    assert dict(one.tally) == {"cut_by_crawler": 1}


CHUNKS = b"8;a=b\r\n" + PAGE.encode()[:8] + b"\r\n%X\r\n" % (len(PAGE) - 8) + PAGE.encode()[8:] + b"\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (CHUNKS, TEXT),
        (CHUNKS.replace(b"\r\n", b"\n"), TEXT),
        (CHUNKS[:-40], "Weather\nIt rained"),  # of what was cut the beginning
        (PAGE.encode(), TEXT),  # the crawler has put it together, and left the header
    ],
)
def test_chunks(body: bytes, says: str) -> None:
    assert told(verdict(body, f"{HTML}\r\nTransfer-Encoding: chunked")).startswith(says)


def test_what_only_begins_like_a_chunk_is_none() -> None:
    assert unchunked(b"adds\r\nto your list") == b"adds\r\nto your list"
    assert unchunked(b"2\r\nand more") == b"2\r\nand more"
    assert unchunked(b"") == b""


def bare(body: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(body) + packer.flush()


def zstd(body: bytes) -> bytes:
    import pyarrow as pa

    return pa.compress(body, "zstd", asbytes=True)  # type: ignore[no-any-return]


def brotli(body: bytes) -> bytes:
    return __import__("brotli").compress(body)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", lambda body: gzip.compress(body[:30]) + gzip.compress(body[30:])),
        ("deflate", zlib.compress),
        ("deflate", bare),
        ("br", brotli),
        ("zstd", zstd),
        ("gzip, br", lambda body: brotli(gzip.compress(body))),
        ("identity", bytes),
        *((name, bytes) for name in ("gzip", "deflate", "br", "zstd", "sdch")),  # unpacked by the crawler
    ],
)
def test_content_encodings(name: str, pack) -> None:  # type: ignore[no-untyped-def]
    one = verdict(pack(PAGE.encode()), f"{HTML}\r\nContent-Encoding: {name}")
    assert told(one) == TEXT
    assert one.page.extra == {HTML_BYTES: len(PAGE)}


def test_encoding_that_cannot_be_undone() -> None:
    header = f"{HTML}\r\nContent-Encoding:"
    assert told(verdict(b"\0\1\2", f"{header} sdch")) == "bad_content_encoding: sdch"
    assert told(verdict(b"\x1f\x8b\x08junk", f"{header} gzip")) == (
        "bad_content_encoding: gzip data that cannot be unpacked"
    )
    assert told(verdict(b"\xff\xff\xff", f"{header} br")) == "bad_content_encoding: br data that cannot be unpacked"


@pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("deflate", bare), ("br", brotli), ("zstd", zstd)])
def test_bombs_stop_at_the_limit_and_cut_data_gives_its_beginning(name: str, pack) -> None:  # type: ignore[no-untyped-def]
    bomb = pack(b"<p>" + bytes(50_000_000))
    assert len(bomb) < 100_000
    found = unpacked_body(bomb, name, 1_000_000)
    assert isinstance(found, StillPacked)
    assert (found.reason.code, found.detail) == (
        "too_large",
        f"text of more than 1000000 bytes, packed in {len(bomb)}",
    )
    text = "".join(f"<p>Line {n} of the page.</p>" for n in range(20_000)).encode()
    half = unpacked_body(pack(text)[: len(pack(text)) // 2], name, 10_000_000)
    assert isinstance(half, bytes)
    assert text.startswith(half)
    assert len(half) > 1000


def test_larger_than_a_record_may_be() -> None:
    one = verdict("<p>" + "word " * 30_000, limits=Limits(record=100_000))
    assert told(one) == "too_large: text of more than 100000 bytes"


def test_types_and_answers() -> None:
    assert type_of(" TEXT/html ;x") == "text/html"
    assert http_answer(b"HTTP/1.1 200 OK\r\nA: b", 100) is None
    found = http_answer(b"HTTP/1.1 301 Moved\r\nLocation: x\r\n\r\nbody", 100)
    assert found is not None
    assert (found.status, found.fields, bytes(found.body)) == (301, {"location": "x"}, b"body")


def test_every_reason_of_html_has_its_own_code() -> None:
    codes = [reason.code for reason in HTML_REASONS]
    assert len(set(codes)) == len(codes)
