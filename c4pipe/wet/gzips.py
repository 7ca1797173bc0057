"""What a gzip member looks like (RFC 1952), and how much of a doubtful one is credible. Pure functions on bytes."""

from __future__ import annotations

import zlib

from c4pipe.wet.opening import opens_record
from c4pipe.wet.window import Window

GZIP_MAGIC = b"\x1f\x8b\x08"
CHUNK_BYTES = 256 * 1024  # bytes of text returned at a time, which bounds memory for a decompression bomb
MAX_NAME = 64 * 1024  # bytes of a file name or comment in the header of a member
_FHCRC, _FEXTRA, _FNAME, _FCOMMENT, _RESERVED = 2, 4, 8, 16, 0xE0


class CutShortError(Exception):
    """The file ends in the header of a member. Internal to the byte layer."""


def is_magic(buf: bytes, at: int) -> bool:
    """Whether a member may begin here: magic number, method and no reserved flag."""
    return buf.startswith(GZIP_MAGIC, at) and len(buf) > at + 3 and not buf[at + 3] & _RESERVED


def body_start(window: Window, start: int) -> int | None:
    """Offset of the compressed data of the member at `start`; None if its header is invalid. Raises CutShortError.

    The header's checksum (FHCRC) is ignored: the text's checksum decides.
    """
    at = start + 10
    if window.need(start, 10) < 10:
        raise CutShortError
    flags = window.bytes(start + 3, 1)[0]
    if flags & _FEXTRA:
        if window.need(at, 2) < 2:
            raise CutShortError
        at += 2 + int.from_bytes(window.bytes(at, 2), "little")
    for flag in (_FNAME, _FCOMMENT):
        if flags & flag:
            window.need(at, MAX_NAME)
            name = window.bytes(at, MAX_NAME)
            zero = name.find(0)
            if zero < 0:
                if len(name) < MAX_NAME:
                    raise CutShortError
                return None
            at += zero + 1
    if flags & _FHCRC:
        at += 2
    if window.need(at, 1) < 1:
        raise CutShortError
    return at


def is_stored(packed: bytes) -> bool:
    """Whether the first block of deflate data is stored uncompressed: see RFC 1951, 3.2.4."""
    return len(packed) > 4 and not packed[0] & 6 and packed[1] ^ packed[3] == packed[2] ^ packed[4] == 0xFF


def opens_with_record(packed: bytes) -> bool | None:
    """Whether deflate data begins with a WARC record. None: it inflates, but to something else or to too little."""
    inflater = zlib.decompressobj(-15)
    try:
        text = inflater.decompress(packed, 512)
    except zlib.error:
        return False
    return True if opens_record(text) else None


def member_length(packed: bytes) -> tuple[int, int]:
    """Bytes of deflate data and trailer if it ends here with the right checksum and length, else 0.

    Also the bytes spent on finding out.
    """
    inflater = zlib.decompressobj(-15)
    crc = size = cost = 0
    feed = packed
    try:
        while not inflater.eof and size < 64 * CHUNK_BYTES:
            out = inflater.decompress(feed, CHUNK_BYTES)
            crc, size, cost = zlib.crc32(out, crc), size + len(out), cost + len(out) // 8 + len(feed)
            feed = inflater.unconsumed_tail
            if not out and not feed:
                break
    except zlib.error:
        return 0, cost + len(feed)
    trailer = crc.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")
    if not inflater.eof or not size or not inflater.unused_data.startswith(trailer):
        return 0, cost
    return len(packed) - len(inflater.unused_data) + len(trailer), cost


def salvage(inflater: zlib._Decompress, feed: bytes) -> bytes:
    """All text that `feed` yields before the error in it. zlib discards the output of a call that fails."""
    saved = []
    step = CHUNK_BYTES // 16
    while step:
        trial = inflater.copy()
        try:
            out = trial.decompress(feed, step)
        except zlib.error:
            step //= 4
            continue
        if not out:
            break
        saved.append(out)
        inflater, feed = trial, trial.unconsumed_tail
    return b"".join(saved)
