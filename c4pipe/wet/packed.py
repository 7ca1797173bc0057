"""Splits a file into its pieces, whatever its compression: gzip members, plain text, or zstd.

stream --pieces--> Chunk | Break | what `run` makes of members
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from c4pipe.wet.chunks import Break, Chunk
from c4pipe.wet.gzips import GZIP_MAGIC
from c4pipe.wet.members import FromMember, MemberReader, Members, claims_nothing, no_run
from c4pipe.wet.opening import next_record
from c4pipe.wet.reasons import DAMAGED_MEMBER, TRUNCATED
from c4pipe.wet.window import Readable, Window
from c4pipe.wet.zstds import Torn, opens_zstd, unzstd


def _holds_records(buf: bytes | bytearray) -> bool:
    """Whether a file that was read to its end, and begins like zstd data, may be something else."""
    return GZIP_MAGIC in buf or next_record(buf, 0) is not None


def pieces(
    stream: Readable,
    run: MemberReader[FromMember] = no_run,
    claimed: Callable[[], int | None] = claims_nothing,
) -> Iterator[FromMember | Chunk | Break]:
    """As from `Members`; zstd data counts as plain text, and its offsets are those of the unpacked text.

    Lost zstd data counts as one byte there.
    """
    window = Window(stream)
    window.need(0, 8)
    if not opens_zstd(window.buf):
        yield from Members(window, run, claimed)
        return
    offset, first = 0, True
    for item in unzstd(window):
        if not isinstance(item, Torn):  # a verified end counts like a member's, offsets are those of text
            yield Chunk(item, offset, first, last=not item, plain=bool(item))
            offset, first = offset + len(item), not item
        elif offset or window.base or (item.cut and not _holds_records(window.buf)):
            says = f"after {offset} bytes of text: {item.says}"
            yield Break(TRUNCATED if item.cut else DAMAGED_MEMBER, offset, says)
            offset, first = offset + 1, True
        else:  # it only begins like zstd data
            yield from Members(window, run, claimed)
            return
