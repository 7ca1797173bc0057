"""Why an HTTP response is not a page, and what is counted on a page that is kept; the rest as in a WET file."""

from __future__ import annotations

from c4pipe.page import Reason, Unit
from c4pipe.wet.reasons import READ_REASONS

_HTTP = "RFC 9110 and 9112 (HTTP)"
_CRAWL = "Common Crawl makes WET of answers with status 200 that are HTML or XHTML"
_GUARD = "c4pipe: bounded memory and time whatever the page"

BAD_HTTP = Reason("bad_http", Unit.PAGE, "is no answer of HTTP, or its header has no end", _HTTP)
NOT_OK = Reason("http_status", Unit.PAGE, "has another status than 200", _CRAWL, keeps="200", drops="404")
NOT_HTML = Reason("not_html", Unit.PAGE, "is no HTML or XHTML", _CRAWL, keeps="text/html", drops="application/pdf")
BAD_PACKING = Reason(
    "bad_content_encoding",
    Unit.PAGE,
    "is packed (Content-Encoding) in a way that cannot be undone",
    "RFC 9110, 8.4",
    keeps="gzip",
    drops="sdch",
)
BAD_HTML = Reason("bad_html", Unit.PAGE, "is HTML with more tags, deeper or more tangled than pages are", _GUARD)
WRONG_CHARSET = Reason(
    "wrong_charset",
    Unit.PAGE,
    "is in another charset than it says (kept)",
    "WHATWG Encoding Standard; bytes that are UTF-8 are taken for it whatever a page says",
)
CUT_BY_CRAWLER = Reason("cut_by_crawler", Unit.PAGE, "was cut by the crawler (kept)", "WARC 1.1, 5.13: WARC-Truncated")

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
