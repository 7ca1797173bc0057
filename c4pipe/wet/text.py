"""The text of a page: the one definition of what a line is and what of it is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator

BLOCK = 1 << 18  # characters cut into lines at a time: very short lines cost fifty bytes each while they are apart
_UNTIDY = re.compile(r"\n(?:\s|(?<=\s\n))")  # the literal first character makes it fast
PREVIEW_CHARS = 200  # characters


def page_text(body: str) -> str:
    r"""Lines end at "\n", "\r" or "\r\n" and nowhere else; each is stripped, blank ones go, "\n" joins the rest.

    >>> page_text(" a \r\n\r\n\u00a0b\u2028c\rd")
    'a\nb\u2028c\nd'
    """
    if "\r" in body:
        body = body.replace("\r", "\n")  # "\r\n" becomes two ends of lines, and blank lines go anyway
    body = body.strip()
    if not _UNTIDY.search(body):  # as most pages are written
        return body
    if len(body) <= BLOCK:
        return _stripped(body)
    return "\n".join(filter(None, map(_stripped, _blocks(body))))


def _stripped(body: str) -> str:
    return "\n".join(filter(None, map(str.strip, body.split("\n"))))


def decode(body: bytes) -> tuple[str, bool]:
    """UTF-8 as text, with U+FFFD for what is not; and whether there was any. Never gives a lone surrogate."""
    try:
        return body.decode("utf-8"), False
    except UnicodeDecodeError:
        return body.decode("utf-8", "replace"), True


def _blocks(body: str) -> Iterator[str]:
    """Cut at ends of lines, in blocks of at most BLOCK characters where the lines allow it."""
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
    """The beginning of a text, for people who look into why its page was rejected."""
    return page_text(body[: 4 * PREVIEW_CHARS].decode("utf-8", "replace"))[:PREVIEW_CHARS]
