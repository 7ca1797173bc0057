"""The page layer: a record becomes a verdict.

    WarcRecord | LostRecord --read_wet--> Kept(page) | Rejected(page, reason)

Every record and every damaged stretch gives exactly one verdict, so that read = kept + rejected.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

from c4pipe.page import NO_LOSS, Kept, Page, Reason, Rejected, Tally, Verdict
from c4pipe.wet.members import no_run
from c4pipe.wet.packed import pieces
from c4pipe.wet.plain import PlainPages
from c4pipe.wet.quirks import read_quirky
from c4pipe.wet.reasons import BAD_URL, LENGTH_MISMATCH, MAX_URL, NO_DATE, NO_TEXT, NO_URL, NOT_A_PAGE, UNDECODABLE
from c4pipe.wet.record import DEFAULT_LIMITS, Limits, LostRecord, WarcRecord
from c4pipe.wet.records import records_in
from c4pipe.wet.splitter import RecordSplitter
from c4pipe.wet.text import decode, page_text, preview
from c4pipe.wet.window import Readable, Window

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TALLIES: dict[tuple[bool, bool], Tally] = {  # by length mismatch and undecodable bytes
    (False, False): NO_LOSS,
    (True, False): {LENGTH_MISMATCH.code: 1},
    (False, True): {UNDECODABLE.code: 1},
    (True, True): {LENGTH_MISMATCH.code: 1, UNDECODABLE.code: 1},
}


def read_wet(stream: Readable, source: str, limits: Limits = DEFAULT_LIMITS, quirks: bool = False) -> Iterator[Verdict]:
    """The pages of a WET file, and what is no page with the reason (one of READ_REASONS), in the order of the file.

    `stream` needs only `read(n)` and gives the file as it is stored: gzip, zstd or plain text is told by content. The
    caller owns it; what its `read` raises passes through, and nothing else is raised. `source` names the file: a page's
    `source` is that name, "#", the byte offset of its gzip member (plain files: of the record) and, for a record that
    is not the first of its member, "+" and its place in the decompressed member; of a zstd file the number is the byte
    offset of the record in the unpacked text, where what is lost counts as one byte. `quirks` reads pages out of it
    exactly as TensorFlow Datasets c4 3.1.0 does (preset en.tfds). At most about 200 MB are held, whatever the input.
    """
    if quirks:
        yield from read_quirky(stream, source, limits)
        return
    splitter = RecordSplitter(limits)
    plain = PlainPages(source, limits)

    def run(window: Window, pos: int) -> Generator[Kept, None, int]:
        return plain.run(window, pos) if splitter.idle else no_run(window, pos)

    for event in pieces(stream, run, splitter.claimed):
        if isinstance(event, Kept):
            splitter.passed_by()
            yield event
        else:
            yield from (_verdict(item, source) for item in records_in(event, splitter, limits))
    yield from (_verdict(item, source) for item in splitter.finish())


def _verdict(item: WarcRecord | LostRecord, source: str) -> Verdict:
    return page_of(item, source) if isinstance(item, WarcRecord) else _lost(item, source)


def page_of(record: WarcRecord, source: str) -> Verdict:
    """The page in a record, or why there is none."""
    field = record.headers.get
    url = field("warc-target-uri", "")
    if url.startswith("<") and url.endswith(">"):  # as wget writes it
        url = url[1:-1].strip()
    date = field("warc-date", "")
    kind = field("warc-type", "")
    if kind != "conversion" and kind.lower() != "conversion":
        return _rejected(record, source, url, NOT_A_PAGE, kind or "no WARC-Type")
    if not url:
        return _rejected(record, source, url, NO_URL)
    if len(url) > MAX_URL:
        return _rejected(record, source, url, BAD_URL, f"{len(url)} characters")
    if not url.isprintable() and (control := _CONTROL.search(url)) is not None:
        return _rejected(record, source, url, BAD_URL, f"control character {control[0]!r}")
    if not date:
        return _rejected(record, source, url, NO_DATE)
    body, undecodable = decode(record.body)
    text = page_text(body)
    if not text:
        return _rejected(record, source, url, NO_TEXT, f"{len(record.body)} bytes")
    page = Page(url, text, date, _where(source, record), field("warc-record-id", "").strip("<>"))
    return Kept(page, _TALLIES[record.length_mismatch, undecodable])


def _where(source: str, item: WarcRecord | LostRecord) -> str:
    return f"{source}#{item.offset}+{item.inner}" if item.inner else f"{source}#{item.offset}"


def _rejected(record: WarcRecord, source: str, url: str, reason: Reason, detail: str = "") -> Rejected:
    """With the beginning of the text and without the end of an endless URL."""
    date, record_id = record.headers.get("warc-date", ""), record.headers.get("warc-record-id", "").strip("<>")
    page = Page(url[:MAX_URL], preview(record.body), date, _where(source, record), record_id)
    return Rejected(page, reason, detail)


def _lost(lost: LostRecord, source: str) -> Rejected:
    url = lost.headers.get("warc-target-uri", "").removeprefix("<").removesuffix(">")[:MAX_URL]
    date, record_id = lost.headers.get("warc-date", ""), lost.headers.get("warc-record-id", "").strip("<>")
    return Rejected(Page(url, "", date, _where(source, lost), record_id), lost.reason, lost.detail)
