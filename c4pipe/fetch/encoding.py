"""Content-Encoding: decodes what a host compressed in transfer although it was asked not to."""

from __future__ import annotations

import urllib.parse
import zlib
from collections.abc import Iterator
from pathlib import Path

from c4pipe.fetch.policy import DamagedError, FetchError

_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # RFC 9110, 8.4.1; of zlib.decompressobj
_PIECE = 1 << 20  # bytes at a time, which bounds memory for a bomb
_MAGIC = b"\x1f\x8b"
PACKED_NAMES = (".gz", ".tgz")  # names of files that are gzip data themselves


def known_encoding(value: str | None) -> str:
    """The header's value, "" if nothing was encoded. Raises FetchError for an encoding that cannot be decoded."""
    coding = (value or "").strip().lower()
    if coding in ("", "identity"):
        return ""
    if coding not in _WINDOW_BITS:
        named = coding if coding in ("br", "compress", "dcb", "dcz", "zstd") else "an unknown one"
        raise FetchError(f"it is compressed (Content-Encoding: {named}), which was not requested")
    return coding


def names_itself(path: Path, url: str, coding: str) -> bool:
    """Whether a host labels `a.gz` as gzip because it is one, compressed once: then it is stored unchanged."""
    if coding == "deflate" or not urllib.parse.urlsplit(url).path.lower().endswith(PACKED_NAMES):
        return False
    return not next(_pieces(path, coding, len(_MAGIC)), b"").startswith(_MAGIC)


def undo(path: Path, to: Path, coding: str, largest: int) -> None:
    """Decodes the body of a response. Raises DamagedError if it is incomplete, FetchError above `largest` bytes."""
    size = 0
    with to.open("wb") as out:
        for piece in _pieces(path, coding, _PIECE):
            size += len(piece)
            if size > largest:
                raise FetchError(f"it unpacks to more than the {largest:,} bytes that a file may have")
            out.write(piece)


def _pieces(path: Path, coding: str, most: int) -> Iterator[bytes]:
    """The decoded data, at most so many bytes at a time; gzip data may have several members."""
    inflater = zlib.decompressobj(_WINDOW_BITS[coding])
    with path.open("rb") as packed:
        feed = packed.read(_PIECE)
        while feed:
            try:
                piece = inflater.decompress(feed, most)
            except zlib.error as error:
                raise DamagedError(f"not what Content-Encoding: {coding} says ({error})") from error
            if piece:
                yield piece
            feed = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            feed = feed or packed.read(_PIECE)
            if inflater.eof and feed:
                inflater = zlib.decompressobj(_WINDOW_BITS[coding])
        while not inflater.eof and (piece := inflater.decompress(b"", most)):
            yield piece
    if not inflater.eof:
        raise DamagedError(f"cut short in the middle of what Content-Encoding: {coding} packed")
