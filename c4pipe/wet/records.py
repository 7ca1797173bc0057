"""The record layer: turns chunks of text into records, each with its header and exactly its own body.

    Chunk, Break, ... --read_records--> WarcRecord | LostRecord

A record ends where its Content-Length says, if the member or the file ends there or the next record begins (so a
record quoted in a text stays text). If not, it ends before the next record or at the end of the member, whichever
comes first, with `length_mismatch` set. A member that begins with a record ends the record before.
"""

from __future__ import annotations

from collections.abc import Iterator

from c4pipe.wet import headers
from c4pipe.wet.chunks import Break, Chunk
from c4pipe.wet.packed import pieces
from c4pipe.wet.record import DEFAULT_LIMITS, Limits, LostRecord, WarcRecord
from c4pipe.wet.splitter import RecordSplitter
from c4pipe.wet.window import Readable


def read_records(stream: Readable, limits: Limits = DEFAULT_LIMITS) -> Iterator[WarcRecord | LostRecord]:
    """The records of a WARC file and the damage in it, in file order.

    `stream` needs only `read(n)` and returns the file as it is stored: gzip, zstd or plain text is detected by content.
    Never raises on bad data; exceptions of `stream.read` pass through.
    """
    splitter = RecordSplitter(limits)
    for event in pieces(stream, claimed=splitter.claimed):
        yield from records_in(event, splitter, limits)
    yield from splitter.finish()


def records_in(event: Chunk | Break, splitter: RecordSplitter, limits: Limits) -> Iterator[WarcRecord | LostRecord]:
    """What the splitter yields for the next event; a member that holds one record bypasses it."""
    if isinstance(event, Break):
        return splitter.broken(event)
    if event.first and event.last and splitter.idle and (record := sole_record(event, limits)) is not None:
        splitter.passed_by()
        return iter((record,))
    return splitter.feed(event)


def sole_record(chunk: Chunk, limits: Limits) -> WarcRecord | None:
    """The record of a member that holds just one, in the form that Common Crawl writes; None: use the splitter.

    The fast path: its output equals the splitter's.
    """
    data = chunk.data
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
    return WarcRecord(chunk.member, 0, data[:8].decode("ascii"), fields, head, data[body : body + length])
