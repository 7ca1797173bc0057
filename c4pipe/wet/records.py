"""The record layer: pieces of text become records, each with its header and exactly its own body.

    Piece, Break, ... --read_records--> Record | Lost

Where a record ends: where its Content-Length says, if the end of the member, the end of the file or the next record
lies there (a record quoted in a text stays text). If not, before the next record or at the end of the member,
whichever comes first, and the record says `length_mismatch`. A member that begins with a record ends the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from c4pipe.wet import headers
from c4pipe.wet.members import Break, Members, Piece
from c4pipe.wet.record import DEFAULT_LIMITS, Limits, Lost, Record
from c4pipe.wet.splitter import Splitter
from c4pipe.wet.window import Readable

Made = TypeVar("Made")


def read_records(stream: Readable, limits: Limits = DEFAULT_LIMITS) -> Iterator[Record | Lost]:
    """The records of a WARC file and what is damaged in it, in the order of the file.

    `stream` needs only `read(n)` and gives the file as it is stored: gzip or plain text is told by content.
    Never raises on bad data; what `stream.read` raises passes through.
    """
    return walk_records(stream, limits, lambda piece: sole_record(piece, limits))


def walk_records(
    stream: Readable, limits: Limits, sole: Callable[[Piece], Made | None]
) -> Iterator[Made | Record | Lost]:
    """The same, with what `sole` makes of a member that it takes for one record."""
    splitter = Splitter(limits)
    for event in Members(stream):
        if isinstance(event, Break):
            yield from splitter.broken(event)
        elif event.first and event.last and splitter.idle and (made := sole(event)) is not None:
            splitter.passed_by()
            yield made
        else:
            yield from splitter.feed(event)
    yield from splitter.finish()


def sole_record(piece: Piece, limits: Limits) -> Record | None:
    """The record of a member that holds just one, in the form that Common Crawl writes; None: look closer.

    The fast path: what it gives, the splitter gives too.
    """
    data = piece.data
    body = data.find(b"\r\n\r\n") + 4
    if not 12 < body <= limits.header or not data.startswith(b"WARC/1.") or data[8:10] != b"\r\n":
        return None
    head = data[:body]
    lines = head.decode("utf-8", "replace").split("\r\n")
    if not head.count(b"\n") == head.count(b"\r") == len(lines) - 1:
        return None
    if b"\nWARC/" in head or b"\n " in head or b"\n\t" in head or not data[7:8].isdigit():
        return None
    fields = headers.parse_lines(lines)
    length = headers.content_length(fields)
    if length is None or length > limits.record or body + length > len(data):
        return None
    if data[body + length :] not in (b"\r\n\r\n", b""):
        return None
    return Record(piece.member, 0, data[:8].decode("ascii"), fields, head, data[body : body + length])
