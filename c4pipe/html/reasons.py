"""Why an HTTP response is not a page, and what is counted on a page that is kept; the rest as in a WET file."""

from __future__ import annotations

from c4pipe.page import Reason, Unit
from c4pipe.wet.reasons import READ_REASONS

_HTTP = "RFC 9110 and 9112 (HTTP)"
_CRAWL = "Common Crawl makes WET of answers with status 200 that are HTML or XHTML"
_GUARD = "c4pipe: bounded memory and time whatever the page"

BAD_HTTP = Reason(
    "bad_http",
    Unit.PAGE,
    "is an answer that is not HTTP, or whose header has no end",
    _HTTP,
    why="Without a header it is unknown where the HTML begins, or what it is.",
)
NOT_OK = Reason(
    "http_status",
    Unit.PAGE,
    "has another status than 200",
    _CRAWL,
    keeps="200",
    drops="404",
    why="Errors and redirects are pages about pages.",
)
NOT_HTML = Reason(
    "not_html",
    Unit.PAGE,
    "is no HTML or XHTML",
    _CRAWL,
    keeps="text/html",
    drops="application/pdf",
    why="Images, PDF and data have other ways to become text, which this reader does not know.",
)
BAD_PACKING = Reason(
    "bad_content_encoding",
    Unit.PAGE,
    "is packed (Content-Encoding) in a way that cannot be undone",
    "RFC 9110, 8.4",
    keeps="gzip",
    drops="sdch",
    why="What cannot be unpacked cannot be read; gzip, deflate and brotli can.",
)
BAD_HTML = Reason(
    "bad_html",
    Unit.PAGE,
    "is HTML with more tags, deeper or more tangled than pages are",
    _GUARD,
    why="Some pages are built so that a parser takes minutes or all memory for them.",
)
WRONG_CHARSET = Reason(
    "wrong_charset",
    Unit.PAGE,
    "is in another charset than it says (kept)",
    "WHATWG Encoding Standard; bytes that are UTF-8 are taken for it whatever a page says",
    why="The bytes show what a page forgot to say, and it is read by them; the count tells how often that was so.",
)
CUT_BY_CRAWLER = Reason(
    "cut_by_crawler",
    Unit.PAGE,
    "was cut by the crawler (kept)",
    "WARC 1.1, 5.13: WARC-Truncated",
    why="Its first megabyte is text like any other; only its end is missing.",
)

HTML_REASONS = (
    *READ_REASONS,
    BAD_HTTP,
    NOT_OK,
    NOT_HTML,
    BAD_PACKING,
    BAD_HTML,
    WRONG_CHARSET,
    CUT_BY_CRAWLER,
)
