"""A sliding window over a stream that can only `read`, so that resynchronising after damage can go back."""

from __future__ import annotations

from typing import Protocol

READ_BYTES = 256 * 1024  # bytes requested from the stream at a time


class Readable(Protocol):
    """The interface of a stream. Fewer bytes than requested are fine; `b""` is the end."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes."""


class Window:
    """The bytes of a stream from offset `base` on; grows at the end on demand, forgets at the front on request.

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
        """Offset after the last byte available: the bytes read so far."""
        return self.base + len(self.buf)

    def need(self, start: int, size: int) -> int:
        """Reads until `size` bytes from `start` on are available, or all. Returns how many are available."""
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
        """The available bytes from `start` on, at most `size`."""
        start -= self.base
        return self.buf[start : start + size]

    def forget(self, before: int) -> None:
        """Allows bytes before this offset to be dropped."""
        if before - self.base >= READ_BYTES:  # a cut copies the rest, so not for every page
            self.cut(before)

    def cut(self, before: int) -> None:
        """Drops them immediately: for callers that have consumed most of the window."""
        self.buf = self.buf[before - self.base :]
        self.base = before
