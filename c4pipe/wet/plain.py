"""The fast path of both readers: the pages of members that hold one record each, written as Common Crawl writes it."""

from __future__ import annotations

import ctypes
import struct
from array import array
from collections.abc import Generator

from isal import isal_zlib

from c4pipe.page import NO_LOSS, Kept, Page
from c4pipe.text.dates import parsed_date
from c4pipe.text.utf8 import read_utf8
from c4pipe.wet.chunks import Chunk
from c4pipe.wet.locate import HEADER_LIMIT, KNOWN, locate
from c4pipe.wet.members import FAST, INFLATE_BYTES, ISAL_ERROR
from c4pipe.wet.reasons import MAX_URL
from c4pipe.wet.record import Limits
from c4pipe.wet.window import Window

MEMBER = b"\x1f\x8b\x08\0"  # the beginning of one with an empty header
_PLACES = struct.Struct("8q").unpack_from  # of text, URL, date and name
_KNOWN = ctypes.cast(ctypes.c_char_p(KNOWN), ctypes.c_void_p).value  # ctypes converts a number faster than bytes


class PlainPages:
    """Reads the pages of one file. Its output equals that of the slow path. It does not go layer by layer, which would
    double the time of everything except inflating and decoding."""

    def __init__(self, source: str, limits: Limits, quirks: bool = False) -> None:
        self._source = source
        self._numbers = array("q", [*bytes(HEADER_LIMIT), limits.header, limits.record, MAX_URL, quirks])
        self._quirks = quirks
        self._data, self._member = b"", 0  # of the page yielded last

    @property
    def chunk(self) -> Chunk:
        """The member of the page yielded last."""
        return Chunk(self._data, self._member, True, True)

    def run(self, window: Window, pos: int) -> Generator[Kept, None, int]:
        """The pages of the members from `pos` on, in order; returns the start of the first member that is not plain."""
        numbers, source = self._numbers, self._source
        address = numbers.buffer_info()[0]
        buf, base, likely = (
            window.buf,
            window.base,
            INFLATE_BYTES,
        )  # probable size of a member in bytes, from the one before
        while True:
            at = pos - base
            if at + likely > len(buf) and not window.ended:
                window.cut(pos)
                window.need(pos, likely)
                buf, base, at = window.buf, window.base, pos - window.base
            feed = buf[at : at + likely]
            if not feed.startswith(MEMBER):
                return pos
            inflater = isal_zlib.decompressobj(31)
            try:
                data = inflater.decompress(feed, FAST)
                if not inflater.eof and likely < FAST:
                    likely *= 8
                    continue
                if not inflater.eof or not locate(data, len(data), _KNOWN, address):
                    return pos
                start, end, url, url_end, date, date_end, name, name_end = _PLACES(numbers)
                text, head = read_utf8(data[start:end]), data[:start].decode()
            except (ISAL_ERROR, UnicodeDecodeError):
                return pos
            moment = head[date:date_end] if self._quirks else parsed_date(head[date:date_end])
            if moment is None:
                return pos
            page = Page(head[url:url_end], text, moment, f"{source}#{pos}", head[name:name_end])
            self._data, self._member = data, pos
            yield Kept(page, NO_LOSS)
            size = len(feed) - len(inflater.unused_data)
            pos += size
            likely = min(max(2 * size, INFLATE_BYTES // 8), INFLATE_BYTES)
