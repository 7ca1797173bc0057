"""The fast path of both readers: the page of a member that holds one record, written as Common Crawl writes it."""

from __future__ import annotations

import ctypes
from array import array

from c4pipe.page import NO_LOSS, Kept, Page
from c4pipe.wet.locate import FIELDS, PLACES, VANISHING, locate
from c4pipe.wet.members import Piece
from c4pipe.wet.reasons import MAX_URL
from c4pipe.wet.record import Limits

# Their addresses, for ctypes takes a number sooner than bytes.
_FIELDS, _VANISHING = (ctypes.cast(ctypes.c_char_p(each), ctypes.c_void_p).value for each in (FIELDS, VANISHING))


class PlainPages:
    """Makes verdicts of pieces; one of them serves one file. What it gives, the long way gives too."""

    def __init__(self, source: str, limits: Limits, least: int) -> None:
        """`least` is what `locate` has to say of a member: PLAIN, or SAME for the reader with quirks."""
        self._source, self._least, self._most = source, least, limits.header + limits.record
        self._places = array("q", bytes(8 * PLACES))
        self._arguments = limits.header, limits.record, _FIELDS, _VANISHING, self._places.buffer_info()[0]

    def page(self, piece: Piece) -> Kept | None:
        """The page of a whole member; None: look closer."""
        data = piece.data
        if not data.startswith(b"WARC/1.0\r\n") or piece.plain or len(data) > self._most:
            return None
        if locate(data, len(data), *self._arguments) < self._least:
            return None
        start, end, kind, kind_end, url, url_end, date, date_end, name, name_end, *_ = self._places
        if (
            data[kind:kind_end] != b"conversion"
            or not 0 < url_end - url <= MAX_URL
            or data.startswith(b"<", url)
            or date == date_end
        ):
            return None
        try:
            text = data[start:end].decode()
        except UnicodeDecodeError:
            return None
        record_id = data[name:name_end].decode("ascii").strip("<>")
        page = Page(
            data[url:url_end].decode("ascii"), text, data[date:date_end].decode("ascii"),
            f"{self._source}#{piece.member}", record_id,
        )  # fmt: skip
        return Kept(page, NO_LOSS)
