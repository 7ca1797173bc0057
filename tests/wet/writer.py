"""A tiny WET writer: literal bytes for the tests, right or wrong as told."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable

from c4pipe.html import read_warc
from c4pipe.page import Kept, Verdict
from c4pipe.wet import Limits, read_wet

DATE = "2024-05-22T10:11:12Z"
CRLF = b"\r\n"
WARC = False  # whether what is written, and read, are pages as HTTP responses: tests/html sets it, for the same damage


def response_of(body: bytes) -> bytes:
    """A text as the HTML of an HTTP response."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<!doctype html><pre>" + body


def text_of(n: int | str) -> str:
    """The text of page `n`: three lines, long enough that damage can hit the middle."""
    return f"Title of page {n}\nThis is what page {n} says, and it says it in a line of words.\nThe end of page {n}."


def record(
    n: int | str = 1,
    text: str | bytes | None = None,
    *,
    kind: str = "conversion",
    url: str | None = "",
    date: str | None = DATE,
    length: int | str | None = -1,
    extra: bytes = b"",
    eol: bytes = CRLF,
    end: bytes | None = None,
    version: bytes = b"WARC/1.0",
) -> bytes:
    """One WARC record. `url` "" and `length` -1 stand for the right ones, None for none at all."""
    body = text_of(n) if text is None else text
    body = body.encode() if isinstance(body, str) else body
    if WARC and kind.lower() == "conversion":
        kind, body = ("response" if kind.islower() else "Response"), response_of(body)
    elif WARC and kind == "response":
        kind = "conversion"
    lines = [version, b"WARC-Type: " + kind.encode()]
    if url is not None:
        lines.append(b"WARC-Target-URI: " + (url or f"http://a.example/{n}").encode())
    if date is not None:
        lines.append(b"WARC-Date: " + date.encode())
    lines.append(b"WARC-Record-ID: <urn:uuid:%s>" % str(n).encode())
    if extra:
        lines.append(extra)
    if length is not None:
        lines.append(b"Content-Length: " + str(len(body) if length == -1 else length).encode())
    return eol.join(lines) + eol + eol + body + (eol + eol if end is None else end)


def pack(data: bytes, level: int = 6) -> bytes:
    """One gzip member without name or time."""
    return gzip.compress(data, level, mtime=0)


def member(n: int | str = 1, *args: object, **kwargs: object) -> bytes:
    """A record in a gzip member of its own."""
    return pack(record(n, *args, **kwargs))  # type: ignore[arg-type]


def raw_member(data: bytes, flags: int = 0, fields: bytes = b"") -> bytes:
    """A gzip member with header fields."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = deflate.compress(data) + deflate.flush()
    tail = zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")
    return b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\0\x03" + fields + packed + tail


def flip(data: bytes, at: int, mask: int = 0xFF) -> bytes:
    """With one byte changed; `at` may count from the end."""
    at %= len(data)
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


def info() -> bytes:
    """What a WET file begins with."""
    return member("info", "Software-Info: test\r\n", kind="warcinfo", url=None)


def read(data: bytes, limits: Limits | None = None, quirks: bool = False, chunk: int = 0) -> list[Verdict]:
    """All verdicts on a file; `chunk` is the most that its stream gives at a time."""
    stream: io.BytesIO | Dribble = Dribble(data, chunk) if chunk else io.BytesIO(data)
    if WARC:
        return list(read_warc(stream, "f", "all", limits or Limits()))
    return list(read_wet(stream, "f", limits or Limits(), quirks))


def names(verdicts: Iterable[Verdict]) -> tuple[list[str], list[str]]:
    """The last part of the URL of each page kept, and the reason of each verdict else, in order."""
    verdicts = list(verdicts)
    kept = [v.page.url.rpartition("/")[2] for v in verdicts if isinstance(v, Kept)]
    return kept, [v.reason.code for v in verdicts if not isinstance(v, Kept)]


class Dribble:
    """A stream that has nothing but `read`, and gives less than it is asked for."""

    def __init__(self, data: bytes, chunk: int) -> None:
        self._data, self._chunk, self._at = data, chunk, 0

    def read(self, size: int, /) -> bytes:
        """The next bytes."""
        start = self._at
        self._at += min(size, self._chunk)
        return self._data[start : self._at]
