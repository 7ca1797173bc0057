"""The header block of a WARC record, as found in the wild. Pure functions on bytes."""

from __future__ import annotations

import re
from functools import lru_cache

_EOL = rb"(?:\r\n|\n|\r(?!\n))"
_HEAD_END = re.compile(_EOL + rb"[ \t]*" + _EOL)
_LINES = re.compile(r"\r\n|\n|\r")
_FOLDED = re.compile(r"[\r\n][ \t]")
_JUNK_LINE = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?![ \t])(?=[^:\r\n]+(?:[\r\n]|\Z))")


def head_end(buf: bytes | bytearray, start: int, limit: int) -> int | None:
    """Where the text begins: after the first blank line from `start` on; None if there is none before `limit`."""
    found = _HEAD_END.search(buf, start, limit)
    return None if found is None else found.end()


def first_junk_line(head: bytes) -> int | None:
    """Where the first line without a colon begins, after the version line: the text, if the blank line is missing."""
    found = _JUNK_LINE.search(head)
    return None if found is None else found.end()


def parse_headers(head: bytes) -> dict[str, str]:
    """Lower-cased names with their first values. Folded lines are joined by one blank; other lines are skipped.

    >>> parse_headers(b"WARC/1.0\\r\\nWARC-Type: conversion\\r\\nwarc-type: x\\r\\nSubject: a\\r\\n\\tb\\r\\n")
    {'warc-type': 'conversion', 'subject': 'a b'}
    """
    text = head.decode("utf-8", "replace")
    lines = _LINES.split(text)
    return parse_lines(_unfold(lines) if _FOLDED.search(text) else lines)


def parse_lines(lines: list[str]) -> dict[str, str]:
    """The same for lines already split and unfolded; the first is the version line."""
    fields: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(_small(name), value.strip())
    return fields


@lru_cache(maxsize=256)  # a file repeats the same ten names
def _small(name: str) -> str:
    return name.strip().lower()


def _unfold(lines: list[str]) -> list[str]:
    unfolded: list[list[str]] = []
    for line in lines:
        if unfolded and line[:1] in (" ", "\t") and line.strip():
            unfolded[-1].append(line.strip())
        else:
            unfolded.append([line.rstrip()])
    return [" ".join(parts) for parts in unfolded]


def content_length(headers: dict[str, str]) -> int | None:
    """The declared length of the text in bytes; None if absent or not a plain number, even if `int` takes it."""
    value = headers.get("content-length", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None
