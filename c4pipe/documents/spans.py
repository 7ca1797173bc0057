"""Parts of a file, so that several workers can read it: a part owns what begins in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from c4pipe.wet.window import READ_BYTES


class Span(NamedTuple):
    """Bytes of a file as it is stored. A file that cannot be cut belongs completely to the span that starts at 0."""

    start: int = 0
    stop: int | None = None  # None: to the end

    def holds(self, offset: int) -> bool:
        """Whether something that begins there belongs to it."""
        return self.start <= offset and not self.is_behind(offset)

    def is_behind(self, offset: int) -> bool:
        """Whether all of it is before that place."""
        return self.stop is not None and offset >= self.stop


WHOLE = Span()


def first_line(stream: Any, span: Span) -> tuple[int, Iterator[bytes]]:
    """Where the first line begins in a span that does not start at 0, and the bytes from there to the file's end; no
    bytes if no line begins in it. `stream` must have `seek`."""
    at = span.start - 1  # a line begins after the end of another
    stream.seek(at)
    while not span.is_behind(at + 1) and (piece := stream.read(READ_BYTES)):
        end = piece.find(b"\n") + 1
        if end:
            return at + end, _and_on(piece[end:], stream)
        at += len(piece)
    return at, iter(())


def _and_on(piece: bytes, stream: Any) -> Iterator[bytes]:
    yield piece
    while piece := stream.read(READ_BYTES):
        yield piece
