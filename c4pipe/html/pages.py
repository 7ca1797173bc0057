"""Turns a response into the text of a page, or the reason for having none: the WARC content for the reader of `wet`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from c4pipe.html.charsets import decoded
from c4pipe.html.extract import text_of
from c4pipe.html.http import http_answer, sent_body, type_of
from c4pipe.html.reasons import BAD_HTML, BAD_HTTP, CUT_BY_CRAWLER, NOT_HTML, NOT_OK, WRONG_CHARSET
from c4pipe.html.unpacking import StillPacked
from c4pipe.page import Verdict
from c4pipe.text import shortened
from c4pipe.text.words import CUT_MARK
from c4pipe.wet.kinds import is_markup
from c4pipe.wet.pages import NoRecordText, RecordContent, RecordText, read_pages
from c4pipe.wet.reasons import NO_TEXT, NOT_A_PAGE, UNDECODABLE
from c4pipe.wet.record import DEFAULT_LIMITS, Limits, WarcRecord
from c4pipe.wet.text import PREVIEW_CHARS, page_text
from c4pipe.wet.window import Readable

HTML_BYTES = "html_bytes"  # the column with the size of a page's HTML: bytes of the decoded body
HTML_TYPES = ("text/html", "application/xhtml+xml")
_DETAIL = 80  # characters of a content type in a detail


def read_warc(
    stream: Readable, source: str, extract: str = "main", limits: Limits = DEFAULT_LIMITS
) -> Iterator[Verdict]:
    """The pages of a WARC file in file order, and for all else a rejection with its reason (one of HTML_REASONS).

    Everything is as in `wet.read_wet`, except that pages are responses. A page has the column HTML_BYTES. `extract` is
    one of EXTRACTS.
    """
    return read_pages(stream, source, limits, RecordContent("response", partial(_said, extract, limits)))


def _said(extract: str, limits: Limits, record: WarcRecord) -> RecordText | NoRecordText:
    headers = record.headers
    kind = type_of(named := headers.get("content-type", "application/http"))
    if kind and kind != "application/http":  # DNS, for example
        return NoRecordText(NOT_A_PAGE, _told_type(kind, named))
    response = http_answer(record.body, limits.header)
    if response is None:
        return NoRecordText(BAD_HTTP, f"begins with {record.body[:40]!r}")
    if response.status != 200:
        return NoRecordText(NOT_OK, str(response.status))
    told = response.fields.get("content-type", "")
    found = type_of(named := headers.get("warc-identified-payload-type", "")) or type_of(named := told)
    if found and found not in HTML_TYPES:
        return NoRecordText(NOT_HTML, _told_type(found, named))
    body = sent_body(response, limits.record)
    if isinstance(body, StillPacked):
        return NoRecordText(body.reason, body.detail)
    if not found and not is_markup(bytes(body[:512])):
        return NoRecordText(NOT_HTML, "says no type, and begins with no tag")
    html = decoded(body, told)
    text, wrong = text_of(html.text, extract, body if html.as_is else None)
    text = page_text(text)
    if not text:
        why = (BAD_HTML, wrong) if wrong else (NO_TEXT, f"{len(body)} bytes of HTML")
        return NoRecordText(*why, page_text(html.text[: 4 * PREVIEW_CHARS])[:PREVIEW_CHARS])
    flags = (
        (UNDECODABLE, html.undecodable),
        (WRONG_CHARSET, html.lied),
        (CUT_BY_CRAWLER, "warc-truncated" in headers),
    )
    return RecordText(text, flags, {HTML_BYTES: len(body)})


def _told_type(found: str, header: str) -> str:
    """A type as a detail, with a mark if it is only the beginning of a word of the header."""
    behind = header.strip()[len(found) :]
    return shortened(found if not behind or behind[0] in " \t;," else found + CUT_MARK, _DETAIL)
