"""The byte layer: turns a stream of gzip members and plain text into chunks of text, with breaks for the damage.

    stream --Members--> Chunk, Chunk, Break, Chunk, ...

A gzip member is decompressed piece by piece, never by its claimed size. After damage, the search for the next member
starts one byte after the start of the damaged one, because inflating runs on into intact members when bytes are
missing. A member counts as found if it opens with a WARC record or is whole, checksum included; a plain record, if
its length leads to another one, to a member or to the end of the file. Joined files may alternate: plain text begins
where a member ends and a record follows, and ends at a member that no record claims as its text.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Iterator
from typing import Generic, NamedTuple, Never, TypeVar

from isal import isal_zlib

from c4pipe.wet.chunks import Break, Chunk
from c4pipe.wet.gzips import CHUNK_BYTES, GZIP_MAGIC, CutShortError, body_start, is_magic, is_stored, salvage
from c4pipe.wet.opening import is_beginning, is_record, opens_record
from c4pipe.wet.reasons import DAMAGED_MEMBER, TRUNCATED, UNREADABLE
from c4pipe.wet.resync import LOOKAHEAD, RETAIN, Resync
from c4pipe.wet.seams import PlainText
from c4pipe.wet.window import READ_BYTES, Readable, Window

FAST = 1 << 20  # bytes: members up to this size, packed and unpacked, take the fast path
ISAL_ERROR: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # the stub has an instance for the class
INFLATE_BYTES = 32 * 1024  # bytes of a large member inflated at a time


class _Fault(NamedTuple):
    """Why a member could not be read."""

    at: int  # offset reached
    says: str
    cut: bool = False  # by the end of the file
    next: int | None = None  # where the member ends, when only its checksum is wrong
    stored: bool = False  # its text is stored uncompressed: what looks like a record further on may belong to it


FromMember = TypeVar("FromMember")
MemberReader = Callable[
    [Window, int], Generator[FromMember, None, int]
]  # reads members from an offset on; returns where it stopped


def no_run(_: Window, pos: int) -> Generator[Never, None, int]:
    """Ignores the members: each is read in chunks."""
    yield from ()
    return pos


def claims_nothing() -> None:
    """The claim of a reader that tracks no lengths, see `PlainText`."""


class Members(Generic[FromMember]):
    """Iterates over the chunks and breaks of a stream, and what `run` yields for the whole small members in it.

    `claimed` is called for plain text, see `PlainText`. Exceptions of `stream.read` pass through.
    """

    def __init__(
        self,
        stream: Readable | Window,
        run: MemberReader[FromMember] = no_run,
        claimed: Callable[[], int | None] = claims_nothing,
    ) -> None:
        self._window = stream if isinstance(stream, Window) else Window(stream)
        self._run = run
        self._resync = Resync(self._window)
        self._plain = PlainText(self._window, self._resync, claimed)
        self._next = 0  # offset after the member just read
        self._damaged = False  # the member just tried on the fast path

    def __iter__(self) -> Iterator[FromMember | Chunk | Break]:
        window = self._window
        window.need(0, READ_BYTES)
        buf, pos = window.buf, 0
        if not buf:
            yield Break(UNREADABLE, 0, "empty file")
            return
        if not (buf[:2] == GZIP_MAGIC[:2] or GZIP_MAGIC.startswith(buf) or is_record(buf)):
            known = opens_record(buf) or (window.ended and is_beginning(buf))
            if known and self._resync.search(0, window.end) is None:
                pos = yield from self._plain.text(0, 0)
            elif (found := (yield from self._plain.head())) is None:
                return
            else:
                pos = found
        yield from self._members(pos)

    def _members(self, pos: int) -> Iterator[FromMember | Chunk | Break]:
        window = self._window
        while True:
            pos = yield from self._run(window, pos)
            if not window.need(pos, 18):  # the shortest member has a little over 18 bytes
                return
            fault: _Fault | None
            if is_magic(window.buf, pos - window.base):
                if (chunk := self._fast(pos)) is not None:
                    yield chunk
                    pos = self._next
                    window.forget(pos)
                    continue
                fault = yield from self._slow(pos, doubtful=self._damaged)
            elif window.need(pos, LOOKAHEAD) and is_record(window.bytes(pos, LOOKAHEAD)):
                pos = yield from self._plain.text(pos, pos)
                continue
            else:
                fault = self._stray(pos)
            if fault is None:
                pos = self._next
                continue
            resume = self._resync.after(pos, fault.at, fault.next, plain=not fault.stored)
            end = window.end if resume is None else resume
            reason = TRUNCATED if fault.cut and resume is None else DAMAGED_MEMBER
            says = "the end of a gzip member is missing" if fault.cut and reason is DAMAGED_MEMBER else fault.says
            yield Break(reason, pos, f"bytes {pos} to {end}: {says}")
            pos = end

    def _stray(self, pos: int) -> _Fault:
        """Handles a place where no member begins."""
        head = self._window.bytes(pos, 4)
        if len(head) < 4 and GZIP_MAGIC.startswith(head):
            return _Fault(pos, "the file ends in the header of a gzip member", cut=True)
        return _Fault(pos, "zero bytes" if not any(head) else "no gzip data")

    def _fast(self, pos: int) -> Chunk | None:
        """The whole member in one chunk, if it is small and intact."""
        window, at = self._window, pos
        inflater = isal_zlib.decompressobj(31)
        parts = []
        budget = FAST
        self._damaged = True
        try:
            while at - pos < FAST and budget > 0 and window.need(at, 18):
                local = at - window.base
                feed = window.buf[local : local + INFLATE_BYTES]
                at += len(feed)
                while budget > 0:
                    parts.append(inflater.decompress(feed, budget))
                    budget -= len(parts[-1])
                    feed = inflater.unconsumed_tail
                    if not feed:
                        break
                if inflater.eof:
                    self._next = at - len(inflater.unused_data)
                    return Chunk(parts[0] if len(parts) == 1 else b"".join(parts), pos, True, True)
            self._damaged = not window.need(at, 1)
        except ISAL_ERROR:
            pass  # the slow path finds out what and where, and salvages text
        return None

    def _slow(self, start: int, doubtful: bool) -> Generator[Chunk, None, _Fault | None]:
        """A member of any size, intact or not: yields what can be inflated, returns what is wrong with it."""
        window = self._window
        try:
            at = body_start(window, start)
        except CutShortError:
            return _Fault(window.end, "the file ends in the header of a gzip member", cut=True)
        if at is None:
            return _Fault(start, "the header of a gzip member is damaged")
        window.need(at, 5)
        stored = is_stored(window.bytes(at, 5))
        inflater = zlib.decompressobj(-15)
        crc = size = 0
        first, feed = True, b""
        while not inflater.eof:
            if not feed:
                window.need(at, INFLATE_BYTES)
                feed = window.bytes(at, INFLATE_BYTES)
                at += len(feed)
            ended = not feed
            saved = inflater.copy()
            try:
                out = inflater.decompress(feed, CHUNK_BYTES)
            except zlib.error as error:
                yield Chunk(salvage(saved, feed), start, first, False, doubtful=True)
                return _Fault(at, str(error).rpartition(": ")[2], stored=stored)
            feed = inflater.unconsumed_tail
            if ended and not out and not inflater.eof:
                return _Fault(at, "the file ends in a gzip member", cut=True, stored=stored)
            crc, size = zlib.crc32(out, crc), size + len(out)
            if out:
                yield Chunk(out, start, first, False, doubtful=doubtful)
                first = False
            window.forget(max(start + 1, at - RETAIN))
        at -= len(inflater.unused_data)
        window.need(at, 8)
        if len(trailer := window.bytes(at, 8)) < 8:
            return _Fault(window.end, "the file ends in a gzip member", cut=True, stored=stored)
        if trailer != crc.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little"):
            return _Fault(at + 8, "checksum or length of a gzip member is wrong", next=at + 8, stored=stored)
        self._next = at + 8
        yield Chunk(b"", start, first, True)
        return None
