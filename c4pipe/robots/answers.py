"""Responses of servers to requests for robots.txt, from WARC files such as Common Crawl's robotstxt subset."""

from __future__ import annotations

import json
import re
import sys
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from c4pipe.files.robots import host_key
from c4pipe.text.hosts import authority_of
from c4pipe.text.robots import LONGEST_ROBOTS, rules_for
from c4pipe.wet import LostRecord, WarcRecord, read_records

_STATUS = re.compile(rb"HTTP/\S+[ \t]+([1-5]\d\d)\b")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"\r?\n?([0-9A-Fa-f]+)[^\r\n]*\r?\n")


class RobotsAnswer(NamedTuple):
    """A response; of two for one URL the greater one is newer."""

    date: str  # as in the WARC
    status: int
    said: str  # for a redirect its target; for 2xx the rules for the agent, as JSON; else ""


def answers_of(stream: BinaryIO, agent: str) -> Iterator[tuple[str, RobotsAnswer] | LostRecord]:
    """The responses in a WARC file, each by `key_of` of its URL, and what is unreadable in the file."""
    for record in read_records(stream):
        if isinstance(record, LostRecord):
            yield record
        elif record.headers.get("warc-type") == "response" and (answer := _answer(record, agent)) is not None:
            yield key_of(record.headers.get("warc-target-uri", "").strip("<> ")), answer


def key_of(url: str) -> str:
    """A URL in one spelling: its host as `host_key`, the rest unchanged but without a fragment."""
    scheme, host, port, rest = authority_of(url)
    return host_key(scheme, host, port) + rest.partition("#")[0]


def said_by(data: bytes, agent: str) -> str:
    """The rules of a robots.txt for an agent as JSON, "" if they forbid nothing."""
    rules = rules_for(data, agent)
    if all(rule.allows for rule in rules):
        return ""
    return sys.intern(json.dumps({"rules": rules}, ensure_ascii=False))  # many hosts share the file of one publisher


def _answer(record: WarcRecord, agent: str) -> RobotsAnswer | None:
    """None if the record holds no HTTP response."""
    head, *rest = _END_OF_HEAD.split(record.body, maxsplit=1)
    body = b"".join(rest)
    found = _STATUS.match(head)
    if found is None:
        return None
    lines = (line.partition(":") for line in head.decode("latin-1").splitlines()[1:])
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    status, date = int(found[1]), record.headers.get("warc-date", "")
    if 300 <= status < 400:
        return RobotsAnswer(date, status, headers.get("location", ""))
    return RobotsAnswer(date, status, said_by(_plain(body, headers), agent) if status < 300 else "")


def _plain(body: bytes, headers: dict[str, str]) -> bytes:
    """The file in the response, as much of it as is read. Common Crawl's are decoded; other crawlers store what was
    sent."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = _joined(body)
    if headers.get("content-encoding", "").lower() in ("gzip", "x-gzip", "deflate") and body[:1] in (b"\x1f", b"\x78"):
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, by the first byte
        try:
            return unpacking.decompress(body, LONGEST_ROBOTS + 1)
        except zlib.error:
            return b""
    return body


def _joined(body: bytes) -> bytes:
    """The joined chunks of a body; the unchanged body if it has none."""
    parts, at = [], 0
    while (size := _CHUNK.match(body, at)) is not None and int(size[1], 16):
        parts.append(body[size.end() : size.end() + int(size[1], 16)])
        at = size.end() + int(size[1], 16)
    return b"".join(parts) if parts else body
