"""Recognises the start of a record, and of containers of records that are not ours. Pure functions on bytes."""

from __future__ import annotations

import re

from c4pipe.wet.kinds import is_markup

BOM = b"\xef\xbb\xbf"
WHITESPACE = b" \t\r\n"

RECORD_START = re.compile(rb"WARC/\d{1,3}\.\d{1,3}[ \t]*(?:\r\n|\n|\r)[!-9;-~]{1,100}[ \t]*:")
_VERSION = re.compile(rb"WARC/\d{1,3}\.\d{1,3}[ \t]*(?=[\r\n]|\Z)")
_ELEMENT = re.compile(rb"<([A-Za-z][\w:.-]*)")


def is_zip_archive(head: bytes) -> bool:
    """Whether a zip archive begins here, by more than its magic number. Its contents are left to whoever unpacks it."""
    version, name = head[4:5], int.from_bytes(head[26:28], "little")  # APPNOTE.TXT, 4.3.7
    return head.startswith(b"PK\x03\x04") and b"\x09" < version < b"\x40" and 0 < name <= 1024


def end_of_markup(head: bytes) -> re.Pattern[bytes] | None:
    """What ends the HTML or XML page that begins here, its closing tag and blanks; None if none begins."""
    if not is_markup(head):
        return None
    name = _ELEMENT.search(head)
    return re.compile(rb"</" + re.escape(name[1] if name else b"html") + rb"\s*>\s*\Z", re.IGNORECASE)


def opens_record(head: bytes) -> bool:
    """Whether this is the start of a WARC record, possibly after a byte order mark or blank lines."""
    return head.removeprefix(BOM).lstrip(WHITESPACE).startswith(b"WARC/")


def is_record(head: bytes) -> bool:
    """Whether a line that looks like a header follows."""
    return RECORD_START.match(head.removeprefix(BOM).lstrip(WHITESPACE)) is not None


def next_record(buf: bytes | bytearray, start: int, end: int | None = None) -> int | None:
    """Where the next record starts at the beginning of a line: a version line, then one that looks like a header.

    The first byte of `buf` does not count as the beginning of a line, because the bytes before it may be discarded.
    """
    at, end = start, len(buf) if end is None else end
    while (at := buf.find(b"WARC/", at, end)) >= 0:
        line = at - len(BOM) if buf[max(0, at - len(BOM)) : at] == BOM else at
        if line > 0 and buf[line - 1] in b"\r\n" and RECORD_START.match(buf, at):
            return at
        at += 5
    return None


def is_beginning(rest: bytes | bytearray) -> bool:
    """Whether so few bytes can be the beginning of a record."""
    return rest.startswith(b"WARC/") if len(rest) >= 5 else b"WARC/".startswith(rest)


def version_line(buf: bytes | bytearray, at: int) -> str | None:
    """The version line at this place ("WARC/1.0"), or None."""
    found = _VERSION.match(buf, at)
    return None if found is None else found[0].decode("ascii").rstrip()
