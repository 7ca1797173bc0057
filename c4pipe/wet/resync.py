"""Where to resume after damage: the search for the next credible gzip member, or plain record."""

from __future__ import annotations

import re

from c4pipe.wet import headers
from c4pipe.wet.gzips import GZIP_MAGIC, CutShortError, body_start, is_magic, member_length, opens_with_record
from c4pipe.wet.opening import RECORD_START, WHITESPACE, is_record, next_record
from c4pipe.wet.window import READ_BYTES, Window

LOOKAHEAD = 4096  # bytes that show whether a record or a member starts here
TRIAL = 1 << 20  # bytes of a member that are inflated to see whether it is intact
RETAIN = 8 << 20  # bytes of a large member kept for a search after damage
FREE_RESCAN = 64 << 20  # bytes that may be read twice before the input's own size sets the limit
LONGEST_HEADER = 64 << 10  # most bytes in the header of a plain record
BEHIND = 256  # bytes in front of a plain record that show its context
RESCANS = 4  # after that, bytes read again for every byte read: keeps a hostile file linear

_MEMBER = re.compile(re.escape(GZIP_MAGIC))
_DATA = re.compile(re.escape(GZIP_MAGIC) + rb"|WARC/")
_LONGEST = len(b"WARC/")


class Resync:
    """Finds members in the bytes of a window; counts the bytes that are examined more than once."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._spent = 0

    def after(self, start: int, reached: int, end: int | None, plain: bool) -> int | None:
        """Offset of the next member after the damaged one at `start`; None: there is none.

        `reached` is how far inflating got; `end` where it ends, if only its checksum is wrong. `plain`: a plain record
        also counts.
        """
        window = self._window
        if end is not None and (not window.need(end, LOOKAHEAD) or self._begins(end)):
            swallowed = self._swallowed(start, end)
            return end if swallowed is None else swallowed
        again = min(reached - start - 1, RETAIN, self._credit)
        start = max(start + 1, reached - again, window.base)
        self._spent += max(0, reached - start)
        return self.search(start, plain=plain)

    def search(
        self, pos: int, until: int | None = None, plain: bool = False, behind: re.Pattern[bytes] | None = None
    ) -> int | None:
        """Offset of the first credible member from `pos` on, in all of the file or starting before `until`.

        `plain`: or of the first plain record that is whole by its length and follows what `behind` finds.
        """
        window, data = self._window, _DATA if plain else _MEMBER
        while (until is None or pos < until) and window.need(pos, _LONGEST):
            found = data.search(window.buf, pos - window.base)
            at = window.end if found is None else found.start() + window.base
            if found is None:
                if until is not None or window.ended:
                    return None
                pos = max(pos, window.end - _LONGEST + 1)
                window.forget(pos - BEHIND)
                window.need(pos, READ_BYTES)
            elif until is not None and at >= until:
                return None
            elif self.believable(at) if found[0] == GZIP_MAGIC else self._is_whole_record(at, behind):
                return at
            else:
                pos = at + 1
        return None

    def record_may_end(self, at: int) -> bool:
        """Whether a plain record may end here: after blanks, a record, a member or the end follows."""
        window = self._window
        window.need(at, LOOKAHEAD)
        after = window.bytes(at, LOOKAHEAD).lstrip(WHITESPACE)
        return at <= window.end and (not after or RECORD_START.match(after) is not None or is_magic(after, 0))

    def believable(self, at: int) -> bool:
        """Whether what looks like the start of a member is one: it holds a record, or at least it is intact."""
        body = self._body(at)
        if body is None:
            return False
        self._window.need(body, LOOKAHEAD)
        verdict = opens_with_record(self._window.bytes(body, LOOKAHEAD))
        if verdict is None and self._credit > 2 * TRIAL:
            return self._end(at) is not None
        return bool(verdict)

    @property
    def _credit(self) -> int:
        return max(0, FREE_RESCAN + RESCANS * self._window.end - self._spent)

    def _swallowed(self, start: int, end: int) -> int | None:
        """A member inside the one from `start` to `end`, which ends where it should but has the wrong checksum.

        Such a member is text of the outer one, unless bytes are missing and intact members fill the place to its end.
        """
        at: int | None = max(start, self._window.base)
        while at is not None and self._credit > 2 * TRIAL:
            at = self.search(at + 1, end)
            after = at
            while after is not None and after < end:
                after = self._end(after)
            if at is not None and after == end:
                return at
        return None

    def _begins(self, at: int) -> bool:
        """Whether a member or a plain record begins here, credible or not."""
        return is_magic(self._window.buf, at - self._window.base) or is_record(self._window.bytes(at, LOOKAHEAD))

    def _is_whole_record(self, at: int, behind: re.Pattern[bytes] | None) -> bool:
        """Whether a plain record is here that ends, by its length, where a record may."""
        window = self._window
        window.need(at, LONGEST_HEADER)
        if RECORD_START.match(window.buf, at - window.base) is None or not self._credit:
            return False
        head = window.bytes(at, LONGEST_HEADER)
        head = head[: next_record(head, _LONGEST)]
        body = headers.head_end(head, 0, len(head))
        self._spent += body or len(head)
        length = None if body is None else headers.content_length(headers.parse_headers(head[:body]))
        if body is None or length is None or length > RETAIN or not self.record_may_end(at + body + length):
            return False
        start = max(window.base, at - BEHIND)
        return behind is None or behind.search(window.bytes(start, at - start)) is not None

    def _body(self, at: int) -> int | None:
        if not is_magic(self._window.buf, at - self._window.base):
            return None
        try:
            return body_start(self._window, at)
        except CutShortError:
            return None

    def _end(self, at: int) -> int | None:
        """Where the member at `at` ends; None: it is not intact, or too large to check."""
        body = self._body(at)
        if body is None:
            return None
        self._window.need(body, TRIAL)
        length, cost = member_length(self._window.bytes(body, TRIAL))
        self._spent += cost
        return body + length if length else None
