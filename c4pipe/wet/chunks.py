"""The output of the byte layer: pieces of text, and the breaks between them."""

from __future__ import annotations

from typing import NamedTuple

from c4pipe.page import Reason


class Chunk(NamedTuple):
    """Some bytes of text, in the order of the file."""

    data: bytes
    member: int  # offset in the file of the gzip member, or of the beginning of the plain text
    first: bool  # the member, or the plain text, begins here
    last: bool  # the member ends here, checksum and length verified; in plain text: a member follows
    plain: bool = False
    doubtful: bool = False  # from a member that is known to be damaged


class Break(NamedTuple):
    """Bytes that could not be read. The record in progress is lost; the next chunk begins a member, or plain text."""

    reason: Reason  # DAMAGED_MEMBER, TRUNCATED, NO_HEADER; for a whole file: UNREADABLE, NO_HEADER
    offset: int
    detail: str
