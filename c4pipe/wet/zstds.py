"""Zstandard (RFC 8878) as text and breaks for damage: one frame or many, with skippable frames between them.

    Window --unzstd--> bytes, bytes, b"", bytes, Torn, bytes, ...

Frames are found by their own structure and unpacked one by one, so that damage only costs the frame it is in; the
search for the next frame continues behind it. Of a damaged frame, the text before the damage is yielded, except for
some kilobytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from c4pipe.wet.window import READ_BYTES, Window

MAGIC = b"\x28\xb5\x2f\xfd"
UNPACK_BYTES = 4096  # bytes of text requested at a time, because those just before an error are lost with it
SMALL = 1 << 20  # bytes: a frame up to this size, packed and unpacked, is unpacked at once
GO_BACK_BYTES = 8 << 20  # bytes of a large frame kept for a search after damage
FREE_BYTES = 64 << 20  # bytes that may be read twice before the input's own size sets the limit
SEEN_AGAIN = 4  # after that, bytes read again for every byte read: keeps a hostile file linear
_SKIPPABLE = tuple(bytes([n]) + b"\x2a\x4d\x18" for n in range(0x50, 0x60))  # frames without text; pzstd writes them
_LONGEST_BLOCK = 128 << 10  # bytes, RFC 8878, 3.1.1.2.4
_CHECKSUM = 4


class Torn(NamedTuple):
    """Bytes that could not be unpacked."""

    says: str
    cut: bool  # by the end of the file


class _Head(NamedTuple):
    """The header of a frame."""

    bytes: int
    text: int  # bytes of text; -1 if not given
    checksum: bool


def opens_zstd(head: bytes) -> bool:
    """Whether a file that begins so looks like zstd data."""
    return head.startswith((MAGIC, *_SKIPPABLE))


def unzstd(window: Window) -> Iterator[bytes | Torn]:
    """The text of zstd data in pieces, b"" at the end of a whole frame, and a Torn where text is lost.

    Exceptions of the stream pass through.
    """
    pos = spent = 0
    told = False  # damage is reported, and no text has followed it
    while at_hand := window.need(pos, 8):
        head = window.bytes(pos, 8)
        torn: Torn | None = Torn("no zstd frame begins there", cut=at_hand < 4)
        end = pos
        if head.startswith(_SKIPPABLE) and at_hand >= 8:
            end = pos + 8 + int.from_bytes(head[4:], "little")
            torn = None if _passed(window, pos, end) else Torn("the file ends in a frame without text", cut=True)
        elif head.startswith(MAGIC):
            frame = _Frame(window, pos)
            for text in frame.text():
                yield text
                told = False
            torn, end = frame.torn, frame.at
            if torn is None:
                yield b""
        if torn is None:
            pos = end
            window.forget(pos)
            continue
        if not told:
            yield torn
        told = True
        spent += end - pos
        found = _next(window, pos + 1) if spent <= FREE_BYTES + SEEN_AGAIN * window.end else None
        if found is None:
            return
        pos = found


def _passed(window: Window, pos: int, end: int) -> bool:
    """Skips bytes that hold no text; returns whether they are all there."""
    while pos < end and window.need(pos, READ_BYTES) > 0:
        pos = min(end, window.end)
        window.forget(pos)
    return pos >= end


def _next(window: Window, pos: int) -> int | None:
    """Where the next possible frame begins."""
    pos = max(pos, window.base)
    while window.need(pos, len(MAGIC)) >= len(MAGIC):
        found = window.buf.find(MAGIC, pos - window.base)
        if found >= 0:
            pos = window.base + found
            if _head(window, pos) is not None:
                return pos
            pos += 1
        else:
            pos = window.end - len(MAGIC) + 1
            window.forget(pos)
            window.need(pos, READ_BYTES)
            if window.end - pos < len(MAGIC):
                return None
    return None


def _head(window: Window, pos: int) -> _Head | None:
    """The header of the frame at this place; None if it is invalid or incomplete."""
    window.need(pos, 18)
    data = window.bytes(pos, 18)
    if len(data) < 6 or data[4] & 0x08:
        return None
    single = data[4] >> 5 & 1
    own = (0, 1, 2, 4)[data[4] & 3]  # bytes of the dictionary's number
    wide = (single, 2, 4, 8)[data[4] >> 6]  # bytes of the text's size
    size = 5 + (not single) + own + wide
    if len(data) < size:
        return None
    text = int.from_bytes(data[size - wide : size], "little") + (256 if wide == 2 else 0) if wide else -1
    return _Head(size, text, bool(data[4] & 4))


class _Frame:
    """One frame at `pos`. When its `text` is over, `at` is its end, or how far it was read if it is `torn`."""

    def __init__(self, window: Window, pos: int):
        self._window, self._start, self.at = window, pos, pos
        self.torn: Torn | None = None
        self._error: BaseException | None = None  # raised by the stream
        self._until = pos  # end of the piece of the frame that may be read
        self._last = False  # the last block was seen
        self._cut = False
        self._head = _head(window, pos)

    def text(self) -> Iterator[bytes]:
        head = self._head
        if head is None:
            cut = self._window.need(self._start, 18) < 18
            self.torn = Torn(
                "the file ends in the header of a frame" if cut else "the header of a frame is damaged", cut
            )
            return
        self._until += head.bytes
        if 0 <= head.text <= SMALL and (end := self._small_end()) is not None:
            packed = self._window.bytes(self._start, end - self._start)
            self.at = end
            try:
                text = pa.decompress(packed, head.text, "zstd", asbytes=True) if head.text else b""
            except OSError as error:
                self.torn = Torn(str(error), cut=False)
                return
            if text:
                yield text
            return
        yield from self._streamed()

    def _small_end(self) -> int | None:
        """Where the frame ends, if it is small and matches its own structure; None: use the slow path."""
        until, last = self._until, self._last
        while self._step():
            if self._until - self._start > SMALL:
                break
        end = self._until if self._last and self._window.need(self._start, self._until - self._start) >= 0 else None
        whole = end is not None and self._window.end >= end and end - self._start <= SMALL
        self._until, self._last = until, last
        return end if whole else None

    def _step(self) -> bool:
        """Advances by a block; False if there are no more, for whatever reason."""
        if self._last:
            return False
        if self._window.need(self._until, 3) < 3:
            self._cut = True
            return False
        block = int.from_bytes(self._window.bytes(self._until, 3), "little")
        kind, size = block >> 1 & 3, block >> 3
        if kind == 3 or size > _LONGEST_BLOCK:
            return False
        self._until += 3 + (1 if kind == 1 else size)
        if block & 1:
            self._last = True
            self._until += _CHECKSUM if self._head is not None and self._head.checksum else 0
        return True

    def _streamed(self) -> Iterator[bytes]:
        unpacker = pa.CompressedInputStream(pa.PythonFile(self, mode="r"), "zstd")
        while True:
            try:
                text = unpacker.read(UNPACK_BYTES)
            except OSError as error:
                if self._error is not None:
                    raise self._error from None
                self.torn = Torn("the file ends in a frame" if self._cut else str(error), self._cut)
                return
            if not text:
                if not self._last:
                    self.torn = Torn("the file ends in a frame" if self._cut else "a block is damaged", self._cut)
                return
            yield text

    # The file that pyarrow reads: the bytes of this frame, and no more.

    closed = False

    def read(self, size: int = -1, /) -> bytes:
        try:
            if self.at >= self._until and not self._step():
                return b""
            wanted = min(self._until - self.at, size if size >= 0 else READ_BYTES)
            if self._window.need(self.at, wanted) < wanted:
                self._cut = True
            data = self._window.bytes(self.at, wanted)
        except BaseException as error:  # C++ would turn it into another one
            self._error = error
            raise
        self.at += len(data)
        self._window.forget(max(self._start + 1, self.at - GO_BACK_BYTES))
        return data

    def close(self) -> None:
        """Does nothing: the stream belongs to whoever opened it."""
