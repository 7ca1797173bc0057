"""The text of a page: the one definition of a line and of what is kept of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

BLOCK = 1 << 18  # characters cut into lines at a time: while split, each line costs fifty bytes
_UNTIDY = re.compile(r"\n(?:\s|(?<=\s\n))")  # a literal first character makes the search fast
PREVIEW_CHARS = 200  # characters


def page_text(body: str) -> str:
    r"""Lines end at "\n", "\r" or "\r\n" and nowhere else. Each is stripped, blank ones dropped, the rest joined by
    "\n".

    >>> page_text(" a \r\n\r\n\u00a0b\u2028c\rd")
    'a\nb\u2028c\nd'
    """
    if "\r" in body:
        body = body.replace("\r", "\n")  # "\r\n" becomes two line breaks, but blank lines are dropped anyway
    body = body.strip()
    if not _UNTIDY.search(body):  # true for most pages
        return body
    if len(body) <= BLOCK:
        return _stripped(body)
    return "\n".join(filter(None, map(_stripped, _blocks(body))))


def _stripped(body: str) -> str:
    return "\n".join(filter(None, map(str.strip, body.split("\n"))))


def decode(body: bytes) -> tuple[str, bool]:
    """The text of UTF-8 bytes, with U+FFFD for invalid ones; and whether there were any. Never a lone surrogate."""
    try:
        return body.decode("utf-8"), False
    except UnicodeDecodeError:
        return body.decode("utf-8", "replace"), True


def _blocks(body: str) -> Iterator[str]:
    """The text cut at line breaks, in blocks of at most BLOCK characters if the lines allow it."""
    start = 0
    while len(body) - start > BLOCK:
        end = body.rfind("\n", start, start + BLOCK)
        if end < 0:
            end = body.find("\n", start + BLOCK)
        if end < 0:
            break
        yield body[start:end]
        start = end + 1
    yield body[start:]


def preview(body: bytes) -> str:
    """The beginning of a text, for finding out why its page was rejected."""
    return page_text(body[: 4 * PREVIEW_CHARS].decode("utf-8", "replace"))[:PREVIEW_CHARS]
