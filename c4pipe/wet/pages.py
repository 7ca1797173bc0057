"""The page layer: turns a record into a verdict.

    WarcRecord | LostRecord --read_pages--> Kept(page) | Rejected(page, reason)

Every record and every damaged stretch yields exactly one verdict, so that read = kept + rejected. A `RecordContent`
defines what a page is in a kind of WARC file: in a WET, the text of a conversion.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, NamedTuple

from c4pipe.page import NO_EXTRA, NO_LOSS, Kept, Page, Reason, Rejected, Tally, Verdict
from c4pipe.text.dates import parsed_date
from c4pipe.wet.members import no_run
from c4pipe.wet.packed import pieces
from c4pipe.wet.plain import PlainPages
from c4pipe.wet.quirks import read_quirky
from c4pipe.wet.reasons import (
    BAD_DATE,
    BAD_URL,
    LENGTH_MISMATCH,
    MAX_URL,
    NO_DATE,
    NO_TEXT,
    NO_URL,
    NOT_A_PAGE,
    UNDECODABLE,
)
from c4pipe.wet.record import DEFAULT_LIMITS, Limits, LostRecord, WarcRecord
from c4pipe.wet.records import records_in
from c4pipe.wet.splitter import RecordSplitter
from c4pipe.wet.text import decode, page_text, preview
from c4pipe.wet.window import Readable, Window

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class RecordText(NamedTuple):
    """The text of a record's page, tidied as by `page_text` and not empty."""

    text: str
    flags: tuple[tuple[Reason, bool], ...] = ()  # possible counts on the page, and whether each applies
    extra: Mapping[str, Any] = NO_EXTRA  # columns of the page


class NoRecordText(NamedTuple):
    """Why a record has no text for a page, and the beginning of what it has."""

    reason: Reason
    detail: str
    shown: str = ""


class RecordContent(NamedTuple):
    """What a page is in a kind of WARC file."""

    kind: str  # WARC-Type of its record, in lower case
    said: Callable[[WarcRecord], RecordText | NoRecordText]


def _text_of_conversion(record: WarcRecord) -> RecordText | NoRecordText:
    body, undecodable = decode(record.body)
    text = page_text(body)
    if not text:
        return NoRecordText(NO_TEXT, f"{len(record.body)} bytes")
    return RecordText(text, ((UNDECODABLE, undecodable),))


CONVERSION = RecordContent("conversion", _text_of_conversion)


def read_wet(stream: Readable, source: str, limits: Limits = DEFAULT_LIMITS, quirks: bool = False) -> Iterator[Verdict]:
    """The pages of a WET file in file order, and for all else a rejection with its reason (one of READ_REASONS).

    `stream` needs only `read(n)` and returns the file as it is stored: gzip, zstd or plain text is detected by content.
    The caller owns it; exceptions of its `read` pass through, and no others are raised. `source` names the file: a
    page's `source` is that name, "#", the byte offset of its gzip member (plain files: of the record) and, for a record
    that is not the first of its member, "+" and its offset in the decompressed member. For a zstd file the number is
    the byte offset of the record in the unpacked text, where lost data counts as one byte. `quirks` reads pages exactly
    as TensorFlow Datasets c4 3.1.0 does (preset en.tfds), with dates as they are written; otherwise dates are
    normalised (`text.dates`). Memory stays below about 200 MB, whatever the input.
    """
    return read_quirky(stream, source, limits) if quirks else read_pages(stream, source, limits, CONVERSION)


def read_pages(stream: Readable, source: str, limits: Limits, content: RecordContent) -> Iterator[Verdict]:
    """The pages of a WARC file of any kind, with the conventions of `read_wet`."""
    splitter = RecordSplitter(limits)
    plain = PlainPages(source, limits)

    def run(window: Window, pos: int) -> Generator[Kept, None, int]:
        return plain.run(window, pos) if content is CONVERSION and splitter.idle else no_run(window, pos)

    for event in pieces(stream, run, splitter.claimed):
        if isinstance(event, Kept):
            splitter.passed_by()
            yield event
        else:
            yield from (_verdict(item, source, content) for item in records_in(event, splitter, limits))
    yield from (_verdict(item, source, content) for item in splitter.finish())


def _verdict(item: WarcRecord | LostRecord, source: str, content: RecordContent) -> Verdict:
    return page_of(item, source, content) if isinstance(item, WarcRecord) else _lost(item, source)


def page_of(record: WarcRecord, source: str, content: RecordContent = CONVERSION) -> Verdict:
    """The page in a record, or why there is none."""
    field = record.headers.get
    url = bare_url(field("warc-target-uri", ""))
    kind = field("warc-type", "")
    if kind != content.kind and kind.lower() != content.kind:
        return _rejected(record, source, url, NOT_A_PAGE, kind or "no WARC-Type")
    if not url:
        return _rejected(record, source, url, NO_URL)
    if wrong := fault_of_url(url):
        return _rejected(record, source, url, BAD_URL, wrong)
    if not field("warc-date"):
        return _rejected(record, source, url, NO_DATE)
    said = content.said(record)
    where, name = _where(source, record), field("warc-record-id", "").strip("<>")
    date = parsed_date(record.headers["warc-date"])
    if isinstance(said, NoRecordText):
        return Rejected(Page(url, said.shown, date or "", where, name), said.reason, said.detail)
    page = Page(url, said.text, date or "", where, name, extra=said.extra)
    return Kept(page, flags_of((LENGTH_MISMATCH, record.length_mismatch), *said.flags, (BAD_DATE, not date)))


def bare_url(url: str) -> str:
    """The URL without the brackets that wget writes."""
    return url[1:-1].strip() if url.startswith("<") and url.endswith(">") else url


def fault_of_url(url: str) -> str:
    """Why no page can have this URL; "" if one can."""
    if len(url) > MAX_URL:
        return f"{len(url)} characters"
    control = None if url.isprintable() else _CONTROL.search(url)
    return "" if control is None else f"control character {control[0]!r}"


def flags_of(*reasons: tuple[Reason, bool]) -> Tally:
    """What is counted on a page that is kept."""
    return {reason.code: 1 for reason, is_so in reasons if is_so} or NO_LOSS


def _where(source: str, item: WarcRecord | LostRecord) -> str:
    return f"{source}#{item.offset}+{item.inner}" if item.inner else f"{source}#{item.offset}"


def _rejected(record: WarcRecord, source: str, url: str, reason: Reason, detail: str = "") -> Rejected:
    """A rejection with the beginning of the text, and of an endless URL only the beginning."""
    page = Page(url[:MAX_URL], preview(record.body), *_named(record.headers, _where(source, record)))
    return Rejected(page, reason, detail)


def _named(headers: Mapping[str, str], where: str) -> tuple[str, str, str]:
    """Date, source and name of something that is not a page."""
    return parsed_date(headers.get("warc-date", "")) or "", where, headers.get("warc-record-id", "").strip("<>")


def _lost(lost: LostRecord, source: str) -> Rejected:
    url = lost.headers.get("warc-target-uri", "").removeprefix("<").removesuffix(">")[:MAX_URL]
    return Rejected(Page(url, "", *_named(lost.headers, _where(source, lost))), lost.reason, lost.detail)
