r"""An HTTP response as a WARC stores it: status, header, and the body before transfer. Pure functions on bytes.

Crawlers differ in what they decode before they write. Common Crawl stores bodies decoded, and renames the headers on
encoding to X-Crawl-Content-Encoding and X-Crawl-Transfer-Encoding; its older files leave the headers unchanged, and
other crawlers store the bytes as transferred. So a body is only decoded if its own bytes are encoded.

>>> http_answer(b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=x\r\n\r\n<p>Hello.", 4096)[:2]
(200, {'content-type': 'text/html; charset=x'})
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from c4pipe.html.unpacking import StillPacked, unpacked_body
from c4pipe.wet.headers import head_end, parse_headers

_STATUS_LINE = re.compile(rb"HTTP/\d{1,3}(?:\.\d{1,3})?[ \t]+(\d{3})(?=[ \t\r\n])")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,4096})?\r?\n")
_MIME = re.compile(r"[\w.+-]+/[\w.+-]+")


class HttpAnswer(NamedTuple):
    """A response, with its body as stored in the record."""

    status: int
    fields: Mapping[str, str]  # lower-cased name -> first value
    body: memoryview  # because copying each page would cost more than everything else here


def http_answer(block: bytes, limit: int) -> HttpAnswer | None:
    """The response in a record's block; None if there is none, or if its header takes more than `limit` bytes."""
    line = _STATUS_LINE.match(block)
    end = None if line is None else head_end(block, 0, limit)
    if line is None or end is None:
        return None
    return HttpAnswer(int(line[1]), parse_headers(block[:end]), memoryview(block)[end:])


def sent_body(response: HttpAnswer, most: int) -> bytes | memoryview | StillPacked:
    """The body without chunks and content encoding, at most `most` bytes."""
    fields = response.fields
    if "transfer-encoding" not in fields and "content-encoding" not in fields:
        return response.body
    body = bytes(response.body)
    if "chunked" in fields.get("transfer-encoding", "").lower():
        body = unchunked(body)
    names = fields.get("content-encoding", "").lower().split(",")
    for name in reversed([name.strip() for name in names]):  # the last one was applied last
        unpacked = unpacked_body(body, name, most)
        if isinstance(unpacked, StillPacked):
            return unpacked
        body = unpacked
    return body


def unchunked(body: bytes) -> bytes:
    r"""The chunks of RFC 9112, 7.1, joined, as far as they are valid; a body that does not begin with one is unchanged.

    >>> unchunked(b"5\r\nHello\r\n2;x=y\r\n, \r\n0\r\n\r\n"), unchunked(b"<p>Hello")
    (b'Hello, ', b'<p>Hello')
    """
    parts: list[bytes] = []
    at = 0
    while (line := _CHUNK.match(body, at)) is not None and (size := int(line[1], 16)):
        parts.append(body[line.end() : line.end() + size])
        at = line.end() + size
        if body[at : at + 2] == b"\r\n":
            at += 2
        elif body[at : at + 1] == b"\n":
            at += 1
        elif at < len(body):
            return body if len(parts) == 1 else b"".join(parts)
    return b"".join(parts) if at else body


def type_of(named: str) -> str:
    """The type in a Content-Type, in lower case; "" if it names none.

    >>> type_of("Text/HTML; charset=utf-8"), type_of("html"), type_of("")
    ('text/html', '', '')
    """
    found = _MIME.match(named.strip())
    return "" if found is None else found[0].lower()
