"""A sliding window over a stream that can only `read`: what resynchronisation after damage needs of a seek."""

from __future__ import annotations

from typing import Protocol

READ_BYTES = 256 * 1024  # bytes asked of the stream at a time


class Readable(Protocol):
    """All that is asked of a stream. Fewer bytes than wanted are fine; `b""` is the end."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes."""


class Window:
    """The bytes of a stream from offset `base` on; grows at the end on demand, forgets at the front when told.

    >>> import io
    >>> window = Window(io.BytesIO(b"abcdef"))
    >>> window.need(2, 3) >= 3, window.bytes(2, 3)
    (True, b'cde')
    """

    __slots__ = ("_stream", "base", "buf", "ended")

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.buf = b""
        self.base = 0
        self.ended = False

    @property
    def end(self) -> int:
        """Offset after the last byte at hand: the bytes read so far."""
        return self.base + len(self.buf)

    def need(self, start: int, size: int) -> int:
        """Get `size` bytes from `start` on, or all there are. Returns how many are at hand from `start` on."""
        missing = start + size - self.end
        if missing > 0 and not self.ended:
            parts = [self.buf]
            while missing > 0:
                chunk = self._stream.read(max(READ_BYTES, missing))
                if not chunk:
                    self.ended = True
                    break
                parts.append(chunk)
                missing -= len(chunk)
            self.buf = b"".join(parts)
        return self.end - start

    def bytes(self, start: int, size: int) -> bytes:
        """The bytes at hand from `start` on, `size` at most."""
        start -= self.base
        return self.buf[start : start + size]

    def forget(self, before: int) -> None:
        """Bytes before this offset are not asked for again."""
        if before - self.base >= READ_BYTES:  # a cut copies the rest, so not for every page
            self.cut(before)

    def cut(self, before: int) -> None:
        """Forgets them at once: for who has looked at most of what is at hand."""
        self.buf = self.buf[before - self.base :]
        self.base = before
