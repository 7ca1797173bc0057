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
    "is a response that is not HTTP, or whose header does not end",
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
    why="Images, PDF and data need other extractors, which this reader does not have.",
)
BAD_PACKING = Reason(
    "bad_content_encoding",
    Unit.PAGE,
    "is compressed (Content-Encoding) in a way that cannot be decoded",
    "RFC 9110, 8.4",
    keeps="gzip",
    drops="sdch",
    why="Only gzip, deflate and brotli can be decompressed and read.",
)
BAD_HTML = Reason(
    "bad_html",
    Unit.PAGE,
    "is HTML with more tags, deeper or more tangled than pages are",
    _GUARD,
    why="Some pages are built so that a parser needs minutes or all memory for them.",
)
WRONG_CHARSET = Reason(
    "wrong_charset",
    Unit.PAGE,
    "is in another charset than it declares (kept)",
    "WHATWG Encoding Standard; bytes that are UTF-8 are taken for it whatever a page says",
    why="The bytes show the right charset, which is used; the count shows how often this happened.",
)
CUT_BY_CRAWLER = Reason(
    "cut_by_crawler",
    Unit.PAGE,
    "was cut by the crawler (kept)",
    "WARC 1.1, 5.13: WARC-Truncated",
    why="Its first megabyte is normal text; only its end is missing.",
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
