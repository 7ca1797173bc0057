"""Plain text in the byte layer: the text in front of all data, and the places where members follow plain text."""

from __future__ import annotations

from collections.abc import Callable, Generator

from c4pipe.wet.chunks import Break, Chunk
from c4pipe.wet.gzips import GZIP_MAGIC, is_magic
from c4pipe.wet.kinds import HEAD_BYTES, kind_of, text_kind
from c4pipe.wet.opening import end_of_markup, is_zip_archive, next_record
from c4pipe.wet.reasons import DAMAGED_MEMBER, NO_HEADER, UNREADABLE
from c4pipe.wet.resync import LOOKAHEAD, Resync
from c4pipe.wet.window import READ_BYTES, Window

_MAGIC_BYTES = len(GZIP_MAGIC) + 1  # including the flags


class PlainText:
    """The stretches of a file that are not compressed.

    `claimed` returns how many more bytes belong to the record in progress after the text yielded so far: 0 if it is
    whole and a member may follow, None if unknown.
    """

    def __init__(self, window: Window, resync: Resync, claimed: Callable[[], int | None]) -> None:
        self._window = window
        self._resync = resync
        self._claimed = claimed

    def head(self) -> Generator[Chunk | Break, None, int | None]:
        """Handles a file that begins with no data: returns where a member or a plain record begins, None if none does.

        In text the splitter finds the records itself. Records quoted by a page about WARC files, or inside another
        container, do not count.
        """
        window, pos, blank = self._window, 0, True
        head = window.buf[:HEAD_BYTES]
        kind, closing = kind_of(head), end_of_markup(window.buf)
        mute = kind is not None or closing is not None
        while not is_zip_archive(window.buf) and window.need(pos, READ_BYTES):
            end = window.end - (0 if window.ended else LOOKAHEAD)
            line = None if mute else next_record(window.buf, pos - window.base)
            record = None if line is None else window.base + line
            at = self._resync.search(pos, end, plain=True, behind=closing)
            member = at is not None and is_magic(window.buf, at - window.base)
            if record is not None and not member and (at is None or record <= at):
                return (yield from self.text(pos, 0))
            if at is not None:
                says = f"bytes 0 to {at}: neither gzip nor a WARC record"
                yield Break(DAMAGED_MEMBER if member else NO_HEADER, 0, says)
                return at
            blank = blank and not window.bytes(pos, end - pos).strip()
            if not mute:
                yield Chunk(window.bytes(pos, end - pos), 0, pos == 0, False, plain=True)
            pos = end
            window.forget(pos)
        if blank and not mute:
            yield Break(UNREADABLE, 0, "nothing but blank lines")
        elif (kind := kind or text_kind(head)) is not None:
            yield Break(UNREADABLE, 0, kind.says)
        else:
            yield Break(NO_HEADER, 0, f"{window.end} bytes without a WARC record")
        return None

    def text(self, pos: int, start: int) -> Generator[Chunk, None, int]:
        """Plain text from `pos` on, which began at `start`; returns where a member follows it, or the file ends."""
        window, first, look = self._window, pos == start, pos
        while window.need(pos, READ_BYTES + _MAGIC_BYTES + 1):  # enough to forget all but the end each time
            end = window.end - (0 if window.ended else _MAGIC_BYTES)
            at = self._magic(max(pos, look), end)
            stop = end if at is None else at
            if stop > pos:
                yield Chunk(window.bytes(pos, stop - pos), start, first, False, plain=True)
                pos, first = stop, False
            window.forget(pos - 1)  # the byte in front shows whether a line begins
            if at is not None:
                claimed = self._claimed()
                if self._is_seam(at, claimed):
                    yield Chunk(b"", start, first, True, plain=True)
                    return at
                look = at + max(claimed or 0, 1)
        return pos

    def _magic(self, pos: int, end: int) -> int | None:
        """Where a member may begin before `end`: after a line break, as records end, or if credible."""
        window = self._window
        while (at := window.buf.find(GZIP_MAGIC, pos - window.base, end - window.base + _MAGIC_BYTES)) >= 0:
            pos = window.base + at + 1
            if is_magic(window.buf, at) and (
                window.buf[at - 1 : at] in (b"\n", b"\r") or self._resync.believable(pos - 1)
            ):
                return pos - 1
        return None

    def _is_seam(self, at: int, claimed: int | None) -> bool:
        """Whether a member begins here, and not text of the record in progress that looks like one."""
        if claimed == 0:
            return True
        return self._resync.believable(at) and (claimed is None or not self._resync.record_may_end(at + claimed))
