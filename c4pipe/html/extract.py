"""The text of an HTML page by resiliparse, for pages that are safe for its parser.

resiliparse and its parser lexbor are machine code that cannot be interrupted. No page crashed them in our tests, but
nested elements, unclosed formatting and endless attributes take quadratic time, and half a megabyte of them became a
tree of gigabytes. So each page is measured first (`tangle`).
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any

from c4pipe.errors import ConfigError, unknown
from c4pipe.html.rough import most_tags, rough_tangle
from c4pipe.html.tangle import Tangle, tangle_of
from c4pipe.text import shortened

LIBRARY = "resiliparse"
_PLAIN: dict[str, Any] = {
    **dict.fromkeys(("alt_texts", "comments", "form_fields", "links", "list_bullets", "noscript"), False),
    "preserve_formatting": True,
}
EXTRACTS: dict[str, dict[str, Any]] = {
    "main": {**_PLAIN, "main_content": True},  # as in datatrove's `extractors/resiliparse.py`
    "all": {**_PLAIN, "main_content": False},  # with menus and footers, as in a WET
}

# Limits of ours: the worst page within each takes about three seconds or half a gigabyte (`bench.warc --hostile`);
# pages of the web stay far below.
MOST_TAGS = 200_000
MOST_DEPTH = 512  # deeper, Blink's tree builder makes siblings of children (kMaximumHTMLParserDOMTreeDepth)
TREE_WORK = 4 * 10**7  # tags times depth of the tree
FREE_WORK = 10**7  # the same, below which the tree is not checked; from a scan, so it may be far too large
MOST_WORK = 6 * 10**9  # the same, the most that a parser may get
MOST_ATTRIBUTES = 2 * 10**9  # sum of squares
MOST_AGAIN = 10**6  # tags times formatting elements that may be reopened
# No page below these can exceed the limits, so most need no scan: an attribute takes two characters, and at most half
# of the tags can be formatting that the other half reopens.
_SMALL, _FEW = 2 * 44_000, 2_000
_SHORT = 10_000  # characters that Python counts faster than it calls another function
PLAIN_FORMATS = 3 * 14  # without attributes: three of each of 14 elements are reopened (HTML Standard, "Noah's Ark")
MOST_PLAIN_AGAIN = 2 * 10**6

_HARMLESS = Tangle(0, 0, 0, 0, False)
_FORMATTING = re.compile(r"(<(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>]))[^>]*", re.IGNORECASE)


def check_extract(name: str) -> None:
    """Raises ConfigError for an unknown way of extracting, or one whose library is missing."""
    if name not in EXTRACTS:
        raise unknown("--extract", name, EXTRACTS)
    if find_spec(LIBRARY) is None:
        raise ConfigError(f"--input-format warc needs {LIBRARY}, which is missing: pip install 'c4pipe[warc]'")


def text_of(html: str, how: str, utf8: bytes | memoryview | None = None) -> tuple[str, str]:
    """The text of a page, by one of EXTRACTS, and why there is none: one of the two is "".

    `utf8` are the bytes of the page, if available.
    """
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLParserException, HTMLTree

    tangle = _measured(html, utf8)
    if wrong := too_much(tangle):
        return "", wrong
    if tangle.formatting * tangle.tags > MOST_AGAIN:
        html = _FORMATTING.sub(r"\1", html)
    try:
        tree = HTMLTree.parse(html)
    except HTMLParserException as error:
        return "", shortened(f"{LIBRARY}: {error}", 200)
    if tangle.depth * tangle.tags > FREE_WORK:
        deepest = min(MOST_DEPTH, TREE_WORK // tangle.tags)
        if tree.document.query_selector("*" + ">*" * deepest) is not None:
            return "", f"elements nested deeper than {deepest}, in {tangle.tags:,} tags"
    return extract_plain_text(tree, **EXTRACTS[how]), ""


def _measured(html: str, utf8: bytes | memoryview | None) -> Tangle:
    """Bounds of a page: rough ones if these already let it pass."""
    if len(html) <= _SMALL:
        tags = html.count("<") if utf8 is None or len(html) < _SHORT else most_tags(utf8)
        if tags <= _FEW:
            return _HARMLESS
    page = html.encode() if utf8 is None else utf8
    rough = rough_tangle(page)
    return rough if passes(rough) else tangle_of(page)


def passes(tangle: Tangle) -> bool:
    """Whether a page can be parsed as it is, without checking its tree."""
    again, work = tangle.formatting * tangle.tags, tangle.depth * tangle.tags
    return again <= MOST_AGAIN and work <= FREE_WORK and not too_much(tangle)


def too_much(tangle: Tangle) -> str:
    """Why a page must not be parsed, in words; "" if it may be."""
    if tangle.tags > MOST_TAGS:
        return f"{tangle.tags:,} tags, more than {MOST_TAGS:,}"
    if tangle.attributes > MOST_ATTRIBUTES or tangle.gave_up:
        return "tags with endless attributes, or quotes that are never closed"
    if tangle.depth * tangle.tags > MOST_WORK:
        return f"up to {tangle.depth:,} elements inside one another, in {tangle.tags:,} tags"
    again = tangle.formatting * tangle.tags
    if again > MOST_AGAIN and min(tangle.formatting, PLAIN_FORMATS) * tangle.tags > MOST_PLAIN_AGAIN:
        return f"up to {tangle.formatting:,} unclosed elements of formatting, in {tangle.tags:,} tags"
    return ""
