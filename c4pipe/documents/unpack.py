"""The byte layer: turns a file as it is stored into its text, whatever its compression, with breaks for damage.

    stream --unpacked--> bytes, bytes, Break, bytes, ...

Compression is detected by the first bytes, not by the name. Gzip is read by the members of the WET reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from c4pipe.wet.chunks import Break, Chunk
from c4pipe.wet.gzips import GZIP_MAGIC
from c4pipe.wet.kinds import HEAD_BYTES, foreign
from c4pipe.wet.members import Members
from c4pipe.wet.reasons import DAMAGED_MEMBER, TRUNCATED, UNREADABLE
from c4pipe.wet.window import READ_BYTES, Readable, Window
from c4pipe.wet.zstds import Torn, opens_zstd, unzstd

HOLD = 4 << 20  # bytes of text: members up to this size are accepted whole or not at all


class Guarded:
    """A stream for a library to read, which remembers exceptions of its own methods.

    A C++ library also raises OSError for damaged bytes, so the two must be distinguished.
    """

    closed = False  # read by pyarrow

    def __init__(self, stream: Any, head: bytes = b""):
        """`head`: bytes already taken from the stream, to be read first."""
        self._stream = stream
        self._head = head
        self.error: BaseException | None = None

    def read(self, size: int = -1, /) -> bytes:
        if self._head:
            taken, self._head = self._head[:size], self._head[size:]
            return taken
        return self._call("read", size)  # type: ignore[no-any-return]

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._call("seek", offset, whence)  # type: ignore[no-any-return]

    def tell(self) -> int:
        return self._call("tell")  # type: ignore[no-any-return]

    def close(self) -> None:
        """Does nothing: the stream belongs to whoever opened it."""

    def _call(self, method: str, *arguments: int) -> Any:
        try:
            return getattr(self._stream, method)(*arguments)
        except BaseException as error:
            self.error = error
            raise


def unpacked(stream: Readable) -> Iterator[bytes | Break]:
    """The text of a file in pieces, with breaks where some of it could not be read.

    After a break in gzip or zstd data, reading resumes at the next intact member or frame, if any. Exceptions of
    `stream.read` pass through.
    """
    return unpacking(stream).pieces


class Opened(NamedTuple):
    """A file whose first bytes have been read."""

    packed: bool
    pieces: Iterator[bytes | Break]  # as `unpacked` yields them


def unpacking(stream: Readable) -> Opened:
    """What a file is, and its contents."""
    head = b""
    while len(head) < HEAD_BYTES and (more := stream.read(HEAD_BYTES - len(head))):
        head += more
    source = Guarded(stream, head)
    if opens_zstd(head):
        return Opened(True, _zstd(source))
    if head.startswith(GZIP_MAGIC[:2]):
        return Opened(True, _believed(Members(source)))
    if (says := foreign(head)) is not None:
        return Opened(False, iter([Break(UNREADABLE, 0, says)]))
    return Opened(False, iter(lambda: source.read(READ_BYTES), b""))


def _believed(events: Iterable[Chunk | Break]) -> Iterator[bytes | Break]:
    """A member's checksum comes last. A member of a few megabytes is held back until then; of a larger one, the text
    before the damage was already yielded. The text before a truncation is valid."""
    held: list[bytes] = []
    size = 0
    for item in events:
        if isinstance(item, Chunk):
            held.append(item.data)
            size += len(item.data)
        if isinstance(item, Break) and item.reason is not TRUNCATED:
            held, size = [], 0
        if isinstance(item, Break) or item.last or item.plain or size > HOLD:
            yield from filter(None, held)
            held = []
        if isinstance(item, Break):
            yield item
        if isinstance(item, Break) or item.last:
            size = 0


def _zstd(source: Guarded) -> Iterator[bytes | Break]:
    size = 0
    for item in unzstd(Window(source)):
        if isinstance(item, Torn):
            reason = TRUNCATED if item.cut else DAMAGED_MEMBER
            yield Break(reason, size, f"after {size} bytes of text: {item.says}")
        elif item:
            size += len(item)
            yield item
