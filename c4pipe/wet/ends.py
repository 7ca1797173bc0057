"""Where a record ends: the evidence for and against a place."""

from __future__ import annotations

from typing import NamedTuple

from c4pipe.wet import headers
from c4pipe.wet.opening import RECORD_START, is_beginning
from c4pipe.wet.record import Limits
from c4pipe.wet.running import START, RunningText

_RECORD_ENDS = (b"\r\n\r\n", b"\n\n", b"\r\r")


class Open(NamedTuple):
    """A record whose header is read and whose end is not found yet. Positions in the running text."""

    start: int
    body: int
    version: str
    fields: dict[str, str]
    end: int | None  # by Content-Length; None if that is absent, not a number or above the limit


class Left(NamedTuple):
    """How much text is still to come."""

    final: bool = False  # none
    broken: bool = False  # none, because of damage
    joined: bool = False  # none of this text, because a member follows it


MORE, END, SEAM, DAMAGE = Left(), Left(True), Left(True, joined=True), Left(True, broken=True)


def fits_end(text: RunningText, end: int, left: Left, limits: Limits) -> bool | None:
    """Whether this place is followed by the end of the member or file, or by a record. None: more text is needed."""
    if end > text.end:
        return False if left.final else None
    after = text.after_blanks(end)
    if text.member_end(end, after) is not None or after - end > limits.header:
        return True
    if after == text.end:
        return not left.broken if left.final else None
    if RECORD_START.match(text.buf, after - text.base):
        return True
    if text.end - after < START and is_beginning(text.buf[after - text.base :]):
        enough = not left.broken or text.end - after >= len(b"WARC/1.")  # damage may produce a few of these bytes
        return enough if left.final else None
    return False


def text_after_junk(text: RunningText, record: Open, left: Left, limits: Limits) -> tuple[int, int] | None:
    """The text of a record whose blank line is missing, if its length then turns out right."""
    if record.end is None:
        return None
    junk = headers.first_junk_line(text.bytes(record.start, record.body))
    if junk is None:
        return None
    body = record.start + junk
    end = body + record.end - record.body
    return (body, end) if fits_end(text, end, left, limits) else None


def is_torn(text: RunningText, record: Open, over: int | None) -> bool:
    """Whether damage may have hit this record, which does not end where it should. `over`: its member ended intact.

    What looks like the next record does not end it then, because it may be a quotation, and its length may be damaged.
    """
    return over is None or (record.end is not None and is_cut(text, record, over))


def is_cut(text: RunningText, record: Open, end: int) -> bool:
    """Whether a record continues after the text available, if its length is credible, even above the limit."""
    length = headers.content_length(record.fields)
    return length is not None and record.body + length > end and not _is_closed(text, record, end)


def _is_closed(text: RunningText, record: Open, end: int) -> bool:
    """Whether the text of a record that ends here is followed by the blank lines that every record has."""
    return text.bytes(max(record.body, end - 4), end).endswith(_RECORD_ENDS)
