"""The running text: all chunks in sequence, of which only the part not yet consumed is held."""

from __future__ import annotations

import re
from typing import NamedTuple

from c4pipe.wet.chunks import Chunk
from c4pipe.wet.opening import BOM, WHITESPACE, version_line

START = 256  # bytes that surely hold the first two lines of a record
_MANY = 64
_BLANKS = re.compile(rb"[ \t\r\n]*")


class _Mark(NamedTuple):
    """The beginning of a member, or of plain text."""

    at: int  # position in the running text
    text: int  # the same, after blank lines
    member: int  # offset in the file
    hard: bool  # it begins with a record: the one before ends here at the latest
    plain: bool


class RunningText:
    """Positions count from the start of the running text, in bytes. `base` is the position of `buf[0]`."""

    def __init__(self) -> None:
        self.buf = bytearray()
        self.base = 0
        self.pos = 0  # all before it is consumed
        self.searched = 0  # the search target does not begin before this position
        self.doubtful = False  # the last bytes are from a damaged member
        self._marks: list[_Mark] = []  # the last one up to `pos`, and all after it
        self._ends: list[int] = []  # where members ended, checksum verified, from `pos` on

    @property
    def end(self) -> int:
        """Position after the last byte available."""
        return self.base + len(self.buf)

    def add(self, chunk: Chunk) -> None:
        """Appends the next bytes."""
        self.doubtful = chunk.doubtful
        if chunk.first:
            lead = chunk.data[: 8 * START]
            text = lead.removeprefix(BOM).lstrip(WHITESPACE)
            is_record = version_line(text[:START], 0) is not None
            self._marks.append(_Mark(self.end, self.end + len(lead) - len(text), chunk.member, is_record, chunk.plain))
        self.buf += chunk.data
        if chunk.last and not chunk.plain:
            self._ends.append(self.end)

    def consume(self, to: int) -> None:
        """Drops everything before this position."""
        del self.buf[: to - self.base]
        self.base = self.pos = to
        self.searched = max(self.searched, to)
        while len(self._marks) > 1 and self._marks[1].at <= to:
            del self._marks[0]
        while self._ends and self._ends[0] < to:
            del self._ends[0]

    def thin(self) -> None:
        """Forgets most of the members inside a record that is spread over very many: all but the first and last."""
        if len(self._marks) + len(self._ends) > _MANY:
            del self._marks[1:-1], self._ends[1:-1]

    def forget_ends(self) -> None:
        """Separates what follows from what came before."""
        self._ends.clear()

    def bytes(self, start: int, end: int) -> bytes:
        """The bytes between two positions."""
        return bytes(self.buf[start - self.base : end - self.base])

    def after_blanks(self, at: int) -> int:
        """The position of the first byte from `at` on that is not a blank or a line break."""
        blanks = _BLANKS.match(self.buf, at - self.base)
        return self.base + blanks.end() if blanks else at

    def hard(self, after: int) -> int | None:
        """The next start of a member that begins with a record."""
        return next((mark.at for mark in self._marks if mark.hard and mark.at > after), None)

    def member_end(self, start: int, end: int | None = None) -> int | None:
        """The first verified end of a member from `start` to `end`, inclusive."""
        return next((at for at in self._ends if at >= start and (end is None or at <= end)), None)

    def crosses(self, start: int, end: int) -> bool:
        """Whether a member begins between these positions."""
        return any(start < mark.at < end for mark in self._marks)

    def place(self, at: int) -> tuple[int, int]:
        """Offset of the member and the position in it, 0 for its first record; in plain text the byte offset, and 0."""
        mark = next((mark for mark in reversed(self._marks) if mark.at <= at), None)
        if mark is None:
            return 0, at
        if mark.plain:
            return mark.member + at - mark.at, 0
        return mark.member, 0 if at <= mark.text else at - mark.at
