"""Decodes bodies with a content encoding (RFC 9110, 8.4.1) within a bound, which also stops bombs. Pure functions."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from c4pipe.html.reasons import BAD_PACKING
from c4pipe.page import Reason
from c4pipe.text import shortened
from c4pipe.wet.kinds import is_markup
from c4pipe.wet.reasons import TOO_LARGE
from c4pipe.wet.window import Window
from c4pipe.wet.zstds import Torn, opens_zstd, unzstd

_STEP = 1 << 20  # bytes unpacked at a time


class StillPacked(NamedTuple):
    """Why a body could not be decoded."""

    reason: Reason
    detail: str


def unpacked_body(body: bytes, name: str, most: int) -> bytes | StillPacked:
    """The body without one encoding, named as in Content-Encoding; unchanged if its bytes show that it has none.

    Of a truncated or damaged body, the part before the damage.
    """
    if not body or name in ("", "identity", "none") or is_markup(body[:512]):
        return body
    if name not in _UNPACKERS:
        return StillPacked(BAD_PACKING, shortened(name, 40))
    parts, size = [], 0
    for part in _UNPACKERS[name](body):
        parts.append(part)
        size += len(part)
        if size > most:
            return StillPacked(TOO_LARGE, f"text of more than {most} bytes, packed in {len(body)}")
    return b"".join(parts) if size else StillPacked(BAD_PACKING, f"{name} data that cannot be unpacked")


def _inflated(body: bytes, window: int) -> Iterator[bytes]:
    """zlib's text in pieces, for gzip that of all its members, up to its end or the first error."""
    while body:
        inflater = zlib.decompressobj(window)
        try:
            while not inflater.eof:
                out = inflater.decompress(body, _STEP)
                body = inflater.unconsumed_tail
                if out:
                    yield out
                elif not body:
                    return
        except zlib.error:
            return
        body = inflater.unused_data if window > zlib.MAX_WBITS else b""


def _gzip(body: bytes) -> Iterator[bytes]:
    if not body.startswith(b"\x1f\x8b"):
        yield body  # the crawler decoded it, but left the header
        return
    yield from _inflated(body, 16 + zlib.MAX_WBITS)


def _deflate(body: bytes) -> Iterator[bytes]:
    """In zlib's form as in RFC 9110, or bare, which servers also send."""
    zlibs = len(body) > 1 and body[0] & 15 == 8 and not int.from_bytes(body[:2], "big") % 31
    yield from _inflated(body, zlib.MAX_WBITS if zlibs else -zlib.MAX_WBITS)


def _brotli(body: bytes) -> Iterator[bytes]:
    import brotli  # comes with resiliparse

    unpacker = brotli.Decompressor()
    feed = body
    try:
        while not unpacker.is_finished():
            out = unpacker.process(feed, output_buffer_limit=_STEP)
            feed = b""
            if not out:
                return
            yield out
    except brotli.error:
        return


def _zstd(body: bytes) -> Iterator[bytes]:
    if not opens_zstd(body):
        yield body
        return
    for item in unzstd(Window(io.BytesIO(body))):
        if isinstance(item, Torn):
            return
        yield item


_UNPACKERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
