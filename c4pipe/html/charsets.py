r"""The charset of an HTML page: from the bytes themselves first, then from declarations.

In order: byte order mark; UTF-8 if all bytes are valid (no other charset looks so by chance); the header; the page's
`meta`; detection by resiliparse (uchardet). Only labels of the WHATWG Encoding Standard count as names: Python has
codecs (idna, unicode_escape) that no page may request.

>>> decoded("<p>Größe".encode(), "text/html")
Decoded(text='<p>Größe', undecodable=False, lied=False, as_is=True)
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import NamedTuple

PRESCAN = 1024  # bytes searched for `meta`: HTML Standard, 13.2.3.2
_FEW = 50  # one bad sequence to so many good ones is UTF-8 with an error: cut in a letter, or pasted
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LABEL = r"""charset\s*=\s*["']?\s*([\w.:-]{1,40})"""
_IN_HEADER = re.compile(_LABEL, re.IGNORECASE)
_IN_META = re.compile(_LABEL.encode(), re.IGNORECASE)
_META = re.compile(rb"<meta\b[^>]*", re.IGNORECASE)
_IN_XML = re.compile(rb"""<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([\w.:-]{1,40})""")
_WIDER = {  # Python's names of the wider charsets that the standard means by a narrower name
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "iso8859-11": "cp874",
}


class Decoded(NamedTuple):
    """The page as text."""

    text: str
    undecodable: bool  # bytes invalid in its charset became U+FFFD
    lied: bool = False  # it declares another charset
    as_is: bool = False  # its bytes are UTF-8 and were not changed


def decoded(body: bytes | memoryview, content_type: str) -> Decoded:
    """The HTML in some bytes; `content_type` as in the HTTP header. Never raises, never returns a lone surrogate."""
    head = bytes(body[:PRESCAN])
    for mark, name in _MARKS:
        if head.startswith(mark):
            return _as(name, body[len(mark) :])
    said = _by_header(content_type)
    if wide := _wide(head, said):
        return _as(wide, body)._replace(lied=said not in ("", "utf-16-le", wide))
    try:
        text = str(body, "utf-8")
    except UnicodeDecodeError:
        return _not_utf8(body, [name for name in (said, _by_page(head)) if name])
    said = said or _by_page(head)
    if len(text) == len(body):
        return _as("iso2022_jp", body) if said == "iso2022_jp" and "\x1b" in text else Decoded(text, False, as_is=True)
    return Decoded(text, False, said not in ("", "utf-8"), as_is=True)


def _not_utf8(body: bytes | memoryview, said: list[str]) -> Decoded:
    """By the first declaration that fits; else UTF-8 if it nearly is; else by detection."""
    others = [name for name in said if name != "utf-8"]
    for name in others:
        found = _as(name, body)
        if not found.undecodable:
            return found._replace(lied=name != said[0])
    as_utf8 = _as("utf-8", body)
    bad = as_utf8.text.count("\ufffd")
    good = sum(map(len, _NOT_ASCII.findall(as_utf8.text))) - bad
    if _FEW * bad <= good or (others == [] and bad <= 1 and said):
        return as_utf8._replace(lied=bool(said) and said[0] != "utf-8")
    if others:
        return _as(others[0], body)
    return _as(_detected(bytes(body)), body)._replace(lied=bool(said))


_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def _by_header(content_type: str) -> str:
    """The charset in the header, by Python's name; "" if there is none that exists."""
    found = _IN_HEADER.search(content_type)
    return "" if found is None else _python_name(found[1])


def _by_page(head: bytes) -> str:
    """The same for the page itself. What it declares in ASCII is not UTF-16 (HTML Standard, 13.2.3.2)."""
    found = _IN_XML.match(head.lstrip())
    for tag in _META.findall(head) if found is None else ():
        found = found or _IN_META.search(tag)
    name = "" if found is None else _python_name(found[1].decode("ascii", "replace"))
    return "utf-8" if name.startswith("utf-16") else name


@lru_cache(maxsize=256)  # pages use the same few
def _python_name(label: str) -> str:
    """Python's name for the charset of a label; "" for a label not in the standard."""
    from resiliparse.parse.encoding import map_encoding_to_html5

    name = map_encoding_to_html5(label, False) or ""
    return _WIDER.get(name, name)


def _detected(body: bytes) -> str:
    from resiliparse.parse.encoding import detect_encoding

    name: str = detect_encoding(body) or "cp1252"
    return _WIDER.get(name, name)


def _wide(head: bytes, said: str) -> str:
    """UTF-16 without a mark, if its first letters are ASCII, or if it is declared; "" otherwise."""
    some = head[:64]
    for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(some) == 64 and not any(some[start::2]) and all(some[1 - start :: 2]):
            return name
    return said if said.startswith("utf-16") and b"\0" in head else ""


def _as(name: str, body: bytes | memoryview) -> Decoded:
    try:
        return Decoded(str(body, name), False)
    except UnicodeDecodeError:
        return Decoded(str(body, name, "replace"), True)
    except LookupError:  # a detected name that Python does not know
        return Decoded(str(body, "cp1252", "replace"), True)
