"""Finds the records in the running text and reports losses. The docstring of `records` has the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from c4pipe.page import Reason
from c4pipe.wet import headers
from c4pipe.wet.chunks import Break, Chunk
from c4pipe.wet.ends import DAMAGE, END, MORE, SEAM, Left, Open, fits_end, is_cut, is_torn, text_after_junk
from c4pipe.wet.kinds import HEAD_BYTES, inner_kind
from c4pipe.wet.opening import BOM, RECORD_START, is_beginning, next_record, version_line
from c4pipe.wet.reasons import DAMAGED_MEMBER, NO_HEADER, TOO_LARGE, TRUNCATED, UNREADABLE
from c4pipe.wet.record import NO_HEADERS, Limits, LostRecord, WarcRecord
from c4pipe.wet.running import START, RunningText


class _Useless(NamedTuple):
    """A stretch that is being skipped."""

    start: int
    lost: LostRecord
    head: bytes  # its first bytes
    known: bool = False  # the rest of a damaged record, which already has its verdict


class RecordSplitter:
    """One file's records."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._text = RunningText()
        self._open: Open | None = None
        self._useless: _Useless | None = None
        self._crossing = False  # a record of this file crosses the end of a member
        self._damaged = False  # no record has begun since
        self._right = self._wrong = 0  # Content-Lengths
        self._verdicts = 0  # everything yielded, including without the splitter

    @property
    def idle(self) -> bool:
        """Nothing is held or skipped, so a whole member can be judged alone."""
        return not self._text.buf and self._open is None and self._useless is None

    @property
    def _believes_lengths(self) -> bool:
        return self._right >= self._wrong

    def claimed(self) -> int | None:
        """Bytes left in the record in progress by its length; 0 between records, None if its length does not tell."""
        text, end = self._text, self._text.pos if self._open is None else self._open.end
        if self._useless is not None or end is None:
            return None
        if end >= text.end:
            return end - text.end
        return 0 if text.after_blanks(end) == text.end else None

    def passed_by(self) -> None:
        """Notes that a record was read without the splitter."""
        self._verdicts += 1
        self._right += 1

    def feed(self, chunk: Chunk) -> Iterator[WarcRecord | LostRecord]:
        """The records that this chunk completes."""
        self._text.add(chunk)
        yield from self._advance(SEAM if chunk.plain and chunk.last else MORE)
        self._text.thin()

    def finish(self) -> Iterator[WarcRecord | LostRecord]:
        """Handles the end of the file."""
        yield from self._advance(END)
        if self._useless is not None and not self._useless.known:
            yield self._lost_stretch(self._text.end, whole_file=not self._verdicts)
        elif not self._verdicts:
            yield LostRecord(UNREADABLE, 0, "no record: nothing but blank lines or empty gzip members")

    def broken(self, by: Break) -> Iterator[WarcRecord | LostRecord]:
        """Damage, or the end of the file inside a member: yields what is whole, then what is lost."""
        yield from self._advance(DAMAGE)
        self._verdicts += 1
        text = self._text
        start, fields = text.pos, NO_HEADERS
        if self._open is not None:
            start, fields = self._open.start, self._open.fields
        elif self._useless is None and text.pos < text.end:
            fields = headers.parse_headers(text.bytes(text.pos, text.end))
        offset, inner = text.place(start)
        if self._useless is not None and not self._useless.known:
            offset, inner, fields = self._useless.lost.offset, self._useless.lost.inner, self._useless.lost.headers
        elif self._open is None and (self._useless is not None or text.pos == text.end) and offset != by.offset:
            offset, inner = by.offset, 0  # the damaged bytes yielded nothing
        yield LostRecord(by.reason, offset, by.detail, inner, fields)
        self._open = self._useless = None
        self._damaged = True
        text.consume(text.end)
        text.forget_ends()

    # -- the machine --------------------------------------------------------------------------------------------

    def _advance(self, left: Left) -> Iterator[WarcRecord | LostRecord]:
        """Yields until more text is needed. A step returns a verdict, or True to continue, or False to wait."""
        while True:
            if self._useless is not None:
                step: WarcRecord | LostRecord | bool = self._pass_over()
            elif self._open is None:
                step = self._begin(left)
            else:
                step = self._close(self._open, left)
            if step is False:
                return
            if step is not True:
                self._verdicts += 1
                yield step

    def _begin(self, left: Left) -> LostRecord | bool:
        """Between records: reads the next header."""
        text = self._text
        start = text.after_blanks(text.pos)
        if text.buf.startswith(BOM, start - text.base):
            start += len(BOM)
        text.consume(start)
        if start == text.end:
            return False
        if text.end - start < START and not left.final and not RECORD_START.match(text.buf):
            return False
        version = version_line(text.buf, 0)
        whole = left.final and not left.broken
        if version is None and whole and text.end - start < START and self._is_cut_header(start):
            return self._cut(left, start, NO_HEADERS, "ends in a header")
        if version is None:
            return self._skip(NO_HEADER, start, {}, start, known=self._damaged)
        self._damaged = False
        body = self._body_start(start, left)
        if (text.end if body is None else body) - start > self._limits.header:
            fields = headers.parse_headers(text.bytes(start, start + self._limits.header))
            return self._skip(TOO_LARGE, start, fields, start + 5, f"header of more than {self._limits.header} bytes")
        if body is None and (not left.final or left.broken):
            text.searched = text.end
            return False
        if body is None:
            return self._cut(left, start, headers.parse_headers(bytes(text.buf)), "ends in a header")
        return self._opened(start, body, version)

    def _is_cut_header(self, start: int) -> bool:
        """Whether the last bytes of a file begin a record, and no record begins behind them."""
        text = self._text
        return is_beginning(text.buf) and text.hard(start) is None and next_record(text.buf, 0) is None

    def _opened(self, start: int, body: int, version: str) -> bool:
        fields = headers.parse_headers(self._text.bytes(start, body))
        length = headers.content_length(fields)
        end = None if length is None or length > self._limits.record else body + length
        self._open = Open(start, body, version, fields, end)
        self._text.searched = body
        return True

    def _body_start(self, start: int, left: Left) -> int | None:
        """Where the header that begins at `start` ends; None: not available yet."""
        text = self._text
        seen = max(start, text.searched - START) - text.base
        limit = start + self._limits.header - text.base
        end = headers.head_end(text.buf, seen, min(limit, seen + 4 * START))  # most end by then
        stop = next_record(text.buf, max(start - text.base + 5, seen), limit if end is None else end)
        end = end or headers.head_end(text.buf, seen, limit if stop is None else stop)
        if end == len(text.buf) and text.buf[-1:] == b"\r" and not left.final:
            return None  # a "\n" may follow
        places = [text.base + at for at in (end, stop) if at is not None]
        hard = text.hard(start)
        return min(places if hard is None else [*places, hard], default=None)

    def _close(self, record: Open, left: Left) -> WarcRecord | LostRecord | bool:
        """Inside a record: searches for its end."""
        text = self._text
        hard = text.hard(record.start)
        over = None if self._crossing else text.member_end(record.body)
        if record.end is not None and (hard is None or record.end <= hard):
            fit = fits_end(text, record.end, left, self._limits)
            if fit is None:
                return False
            if fit:
                return self._record(record, record.body, record.end)
        small = text.end - record.body <= self._limits.record
        if (left.broken or (text.doubtful and small)) and self._believes_lengths and is_torn(text, record, over):
            return False
        seen = max(record.body, text.searched - START) - text.base
        stop = next_record(text.buf, seen, None if hard is None else hard - text.base)
        places = (None if stop is None else text.base + stop, hard, over)
        end = min((at for at in places if at is not None), default=None)
        if end is None and small and (not left.final or left.broken):
            text.searched = text.end
            return False
        if (span := text_after_junk(text, record, left, self._limits)) is not None:
            return self._record(record, *span)
        if (text.end if end is None else end) - record.body > self._limits.record:
            says = f"text of more than {self._limits.record} bytes"
            return self._skip(TOO_LARGE, record.start, record.fields, max(record.body, text.searched - START), says)
        end = text.end if end is None else end
        whole = left.final and not left.broken
        if whole and end in (over, text.end) and self._believes_lengths and is_cut(text, record, end):
            says = f"ends after {text.end - record.body} of {record.fields['content-length']} bytes of text"
            return self._cut(left, record.start, record.fields, says)
        return self._record(record, record.body, end, mismatch=True)

    def _pass_over(self) -> LostRecord | bool:
        """In a skipped stretch: moves to the next record."""
        text = self._text
        at = next_record(text.buf, text.pos - text.base)
        places = [place for place in (None if at is None else text.base + at, text.hard(text.pos)) if place is not None]
        if not places:
            text.consume(max(text.pos, text.end - START))
            return False
        text.consume(min(places))
        known = self._useless is not None and self._useless.known
        lost = self._lost_stretch(text.pos)
        return True if known else lost

    # -- verdicts -----------------------------------------------------------------------------------------------

    def _record(self, record: Open, body: int, end: int, mismatch: bool = False) -> WarcRecord:
        text = self._text
        head, content = text.bytes(record.start, body), text.bytes(body, end)
        offset, inner = text.place(record.start)
        self._right += not mismatch
        self._wrong += mismatch
        self._crossing = self._crossing or text.crosses(record.start, end)
        self._open = None
        text.consume(end)
        if mismatch:
            content = content.rstrip(b"\r\n")
        return WarcRecord(offset, inner, record.version, record.fields, head, content, mismatch)

    def _cut(self, left: Left, start: int, fields: Mapping[str, str], says: str) -> LostRecord:
        """Ends a record whose text is cut off by the end of the file, or by a member."""
        offset, inner = self._text.place(start)
        self._open = None
        self._text.consume(self._text.end)
        if left.joined:
            return LostRecord(DAMAGED_MEMBER, offset, f"the plain text in front of a gzip member {says}", inner, fields)
        return LostRecord(TRUNCATED, offset, f"the file {says}", inner, fields)

    def _skip(
        self, reason: Reason, start: int, fields: dict[str, str], to: int, says: str = "", known: bool = False
    ) -> bool:
        offset, inner = self._text.place(start)
        head = self._text.bytes(start, start + HEAD_BYTES)
        self._useless = _Useless(start, LostRecord(reason, offset, says, inner, fields), head, known)
        self._open = None
        self._text.consume(to)
        return True

    def _lost_stretch(self, until: int, whole_file: bool = False) -> LostRecord:
        """The verdict on a skipped stretch."""
        assert self._useless is not None
        start, lost, head, _ = self._useless
        self._useless = None
        if whole_file and lost.reason is NO_HEADER and (kind := inner_kind(head)) is not None:
            return lost._replace(reason=UNREADABLE, detail=kind.says)
        return lost if lost.detail else lost._replace(detail=f"{until - start} bytes: {head[:60]!r}")
