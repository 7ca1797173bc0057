"""Pages as TensorFlow Datasets c4 3.1.0 reads them (`split_wet_file`), quirks included: for the preset en.tfds.

The file is one run of lines; record boundaries and record types do not matter. A line equal to WARC/1.0 ends a page,
wherever it is. Of a page's `WARC-Target-URI:` and `WARC-Date:` lines the last ones count, and lines that begin with
WARC, Content- or CONTENT- vanish, wherever they are. Two things are ours, where the original crashes: bytes that are
not UTF-8 become U+FFFD, and damage only costs the page it is in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from c4pipe.page import NO_LOSS, Kept, Page, Rejected, Tally, Verdict
from c4pipe.wet.chunks import Break, Chunk
from c4pipe.wet.packed import pieces
from c4pipe.wet.plain import PlainPages
from c4pipe.wet.reasons import NO_DATE, NO_TEXT, NO_URL, TOO_LARGE, UNDECODABLE, UNREADABLE
from c4pipe.wet.record import Limits
from c4pipe.wet.running import START, RunningText
from c4pipe.wet.text import PREVIEW_CHARS, decode, page_text
from c4pipe.wet.window import Readable

_DELIMITER = b"WARC/1.0"
_URL, _DATE, _ID = "WARC-Target-URI:", "WARC-Date:", "WARC-Record-ID:"
_VANISHING = ("WARC", "CONTENT-", "Content-")
_INSIDE = tuple("\n" + prefix for prefix in _VANISHING)
_NEXT_VANISHING = re.compile(r"\n(?:WARC|CONTENT-|Content-)")
_LINE_END = re.compile(rb"[\r\n]")
_RECORD_ENDS = (b"\r\n\r\n", b"\n\n", b"\r\r")
_UNDECODABLE: Tally = {UNDECODABLE.code: 1}


def read_lines(lines: str) -> Page:
    r"""The page in some lines, which are stripped, not blank, and joined by "\n".

    >>> read_lines("WARC/1.0\nWARC-Target-URI: http://a.example/\nWARC-Date: 2019\nText.\nContent-wise.\nMore.")[:3]
    ('http://a.example/', 'Text.\nMore.', '2019')
    """
    url = date = record_id = ""
    kept = []
    searched = False  # most texts hold no such line, which is checked without reading each line
    at = 0
    while at < len(lines):
        if not lines.startswith(_VANISHING, at):
            searched = searched or any(lines.find(prefix, at) >= 0 for prefix in _INSIDE)
            found = _NEXT_VANISHING.search(lines, at) if searched else None
            end = len(lines) if found is None else found.start()
            kept.append(lines[at:end])
        else:
            end = lines.find("\n", at)
            end = len(lines) if end < 0 else end
            if lines.startswith(_URL, at):
                url = lines[at + len(_URL) : end].strip()
            elif lines.startswith(_DATE, at):
                date = lines[at + len(_DATE) : end].strip()
            elif lines.startswith(_ID, at):
                record_id = lines[at + len(_ID) : end].strip().strip("<>")
        at = end + 1
    return Page(url, "\n".join(kept), date, "", record_id)


def read_quirky(stream: Readable, source: str, limits: Limits) -> Iterator[Verdict]:
    """As `read_wet`; the reasons for rejection are no_url, no_text, no_date in this order, and those of damage."""
    reader = _Reader(source, limits)
    plain = PlainPages(source, limits, quirks=True)
    nothing = True
    for event in pieces(stream, plain.run):
        if isinstance(event, Kept):
            verdicts = reader.begin(plain.chunk, event)
        elif isinstance(event, Break):
            verdicts = reader.broken(event)
        else:
            verdicts = reader.feed(event)
        for verdict in verdicts:
            nothing = False
            yield verdict
    for verdict in reader.finish():
        nothing = False
        yield verdict
    if nothing:
        detail = "no record: nothing but blank lines or empty gzip members"
        yield Rejected(Page("", "", "", f"{source}#0"), UNREADABLE, detail)


def _is_delimiter(line: bytearray, at: int) -> bool:
    """Whether the line that holds a delimiter `at` this place holds only white space otherwise."""
    around = bytes(line[:at]) + bytes(line[at + len(_DELIMITER) :])
    return not around or not around.decode("utf-8", "replace").strip()


class _Reader:
    """Cuts the running text at the delimiters. Holds only the page in progress."""

    def __init__(self, source: str, limits: Limits) -> None:
        self._source = source
        self._limit = limits.record + limits.header
        self._text = RunningText()
        self._line = 0  # position where the current line begins
        self._seen = 0  # position up to which it is known not to end
        self._verified = 0  # position after the last intact member
        self._head: tuple[str, bytes] | None = None  # offset and first bytes of a page that is too large
        self._alone: tuple[Chunk, Kept] | None = None  # the whole page in progress, if not in the running text

    def begin(self, chunk: Chunk, kept: Kept) -> Iterator[Verdict]:
        """The page that ends in front of this chunk, whose page would be `kept` if the next delimiter followed it."""
        text = self._text
        if self._alone is not None:
            yield self._alone[1]
        elif text.pos < text.end or self._head is not None:
            yield from self._feed(chunk)
            if text.end - text.pos != len(chunk.data) or self._head is not None:
                return
            self._consume_all()
        self._alone = chunk, kept

    def feed(self, chunk: Chunk) -> Iterator[Verdict]:
        """The pages that end in this chunk."""
        yield from self._join()
        yield from self._feed(chunk)

    def _join(self) -> Iterator[Verdict]:
        """Moves the page in progress into the running text."""
        if self._alone is not None:
            chunk, self._alone = self._alone[0], None
            yield from self._feed(chunk)

    def _consume_all(self) -> None:
        self._text.consume(self._text.end)
        self._line = self._seen = self._verified = self._text.end

    def _feed(self, chunk: Chunk) -> Iterator[Verdict]:
        text = self._text
        if self._head is not None and chunk.first:
            text.buf += b"\n"  # a page that is too large ends with its member, also in the middle of a line
        text.add(chunk)
        yield from self._cut()
        if chunk.last:
            self._verified = text.end
        if text.end - text.pos > self._limit and text.doubtful and self._is_whole():
            yield from self._page(self._verified)  # damage must not lose it by making it too large
        if text.end - text.pos > self._limit:
            self._head = self._head or (self._where(text.pos), text.bytes(text.pos, text.pos + START * 8))
            text.consume(max(self._line, text.end - START))
        text.thin()

    def _is_whole(self) -> bool:
        """Whether the page in progress ends, as records do, where the last intact member ends."""
        intact = self._text.pos < self._verified and self._head is None
        return intact and self._text.bytes(self._text.pos, self._verified).endswith(_RECORD_ENDS)

    def broken(self, by: Break) -> Iterator[Verdict]:
        """Drops what is damaged; also the page in progress, if it is not whole without the damaged bytes."""
        yield from self._join()
        text = self._text
        if text.pos < self._verified and self._head is None:
            intact = text.bytes(text.pos, self._verified)
            if text.end == self._verified or intact.endswith(_RECORD_ENDS):
                yield Rejected(Page("", "", "", f"{self._source}#{by.offset}"), by.reason, by.detail)
                del text.buf[self._verified - text.base :]
                text.buf += b"\n"
                self._line = self._seen = self._verified = text.end
                return
        where = self._where(text.pos)
        if text.pos == text.end and text.place(text.pos)[0] != by.offset:
            where = f"{self._source}#{by.offset}"  # the damaged bytes yielded nothing
        start = text.bytes(text.pos, text.end)
        if self._head is not None:
            where, start = self._head
        page = read_lines(page_text(decode(start)[0]))
        yield Rejected(page._replace(text="", source=where), by.reason, by.detail)
        self._head = None
        self._consume_all()

    def finish(self) -> Iterator[Verdict]:
        """The last page."""
        if self._alone is not None:
            yield self._alone[1]
            return
        yield from self._cut(final=True)
        yield from self._page(self._text.end)

    def _cut(self, final: bool = False) -> Iterator[Verdict]:
        """The pages up to the last delimiter available. Each byte is examined once."""
        text = self._text
        while (at := text.buf.find(_DELIMITER, self._seen - text.base)) >= 0:
            self._enter_line(at)
            start = max(self._line - text.base, 0)
            found = _LINE_END.search(text.buf, at)
            end = len(text.buf) if found is None else found.start()
            near = text.buf[max(start, at - START) : at].decode("utf-8", "ignore")  # avoids a copy for most lines
            is_delimiter = not near.strip() and _is_delimiter(text.buf[start : min(end, at + START)], at - start)
            if found is None and is_delimiter and not final:
                return
            self._seen = text.base + end
            if is_delimiter:
                yield from self._page(text.base + start)
        self._enter_line(len(text.buf))
        self._seen = max(self._line, text.end - len(_DELIMITER) + 1)

    def _enter_line(self, at: int) -> None:
        """Moves to the line that holds the byte at this place of the buffer; no line ends up to `_seen`."""
        buf, seen = self._text.buf, self._seen - self._text.base
        newline = max(buf.rfind(b"\n", seen, at), buf.rfind(b"\r", seen, at))
        if newline >= 0:
            self._line = self._text.base + newline + 1
        self._seen = self._text.base + at

    def _page(self, end: int) -> Iterator[Verdict]:
        """The verdict on the lines up to `end`; none if they are all blank."""
        text = self._text
        where = self._where(text.pos)
        packed = text.bytes(text.pos, end)
        if text.doubtful and text.pos < self._verified < end:  # drops what is damaged, and what it is part of
            whole = text.bytes(text.pos, self._verified)
            packed = whole if whole.endswith(_RECORD_ENDS) or not packed[len(whole) :].strip() else b""
        text.consume(end)
        if self._head is not None:
            where, packed = self._head
            page = read_lines(page_text(decode(packed)[0]))
            yield Rejected(page._replace(text="", source=where), TOO_LARGE, f"text of more than {self._limit} bytes")
            self._head = None
            return
        head, blank, body = packed.partition(b"\r\n\r\n")  # separately, because tidy text is fast, and CRLF is not
        parts = [decode(head), decode(body)] if blank else [decode(packed)]
        undecodable = any(part[1] for part in parts)
        lines = "\n".join(filter(None, (page_text(part[0]) for part in parts)))
        if not lines:
            return
        page = read_lines(lines)._replace(source=where)
        for value, reason in ((page.url, NO_URL), (page.text, NO_TEXT), (page.timestamp, NO_DATE)):
            if not value:
                yield Rejected(page._replace(text=page.text[:PREVIEW_CHARS]), reason)
                return
        yield Kept(page, _UNDECODABLE if undecodable else NO_LOSS)

    def _where(self, at: int) -> str:
        offset, inner = self._text.place(at)
        return f"{self._source}#{offset}+{inner}" if inner else f"{self._source}#{offset}"
