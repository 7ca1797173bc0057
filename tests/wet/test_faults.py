"""Damaged and hostile files, one row each: what is kept, in order, and why the rest is not."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import pytest

from c4pipe.page import Kept
from c4pipe.wet import READ_REASONS, Limits
from tests.wet.writer import CRLF, DATE, flip, info, member, names, pack, raw_member, read, record, text_of

ALL = ["1", "2", "3"]
SMALL = Limits(record=100_000, header=2_000)


class Case(NamedTuple):
    """A file, and what is to come of it."""

    name: str
    data: Callable[[], bytes]
    pages: list[str]  # numbers of the pages kept
    reasons: Sequence[str] = ()  # of everything else
    mismatches: int = 0  # kept pages whose length is wrong
    undecodable: int = 0
    whole: bool = True  # every page that is kept has the text it was written with


def three(middle: bytes, *, first: bytes | None = None, last: bytes | None = None) -> bytes:
    """Intact, middle, intact."""
    return (member(1) if first is None else first) + middle + (member(3) if last is None else last)


def quoted(n: str = "fake") -> str:
    """A text that quotes a whole record."""
    return "Before.\n" + record(n, eol=b"\n").decode() + "After."


def stored(data: bytes) -> bytes:
    """A member that holds its text as it is: false magic numbers in it stay visible."""
    return pack(data, 0)


def bad_head(line: bytes, old: bytes) -> bytes:
    """A record with one header line replaced."""
    return pack(record(2).replace(old, line, 1))


def zip_of(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.wet", data)
    return packed.getvalue()


def one(*records: bytes) -> bytes:
    """Records in one member."""
    return pack(b"".join(records))


def split(data: bytes, *cuts: int) -> bytes:
    """Members that go across records."""
    return b"".join(pack(data[a:b]) for a, b in pairwise([0, *cuts, len(data)]))


def of_length(value: int | str | None) -> bytes:
    """The middle record with this length."""
    return three(member(2, length=value))


def of_length_plain(value: int | str | None) -> bytes:
    return record(1) + record(2, length=value) + record(3)


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def noise(n: int, seed: int = 1) -> bytes:
    """Bytes that do not compress."""
    out = bytearray()
    while len(out) < n:
        seed = (seed * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
        out += (seed >> 24).to_bytes(5, "little")
    return bytes(out[:n])


def abc() -> bytes:
    return record(1) + record(2) + record(3)


FALSE_MAGIC = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
LONG = "\n".join(f"Line {i} of a text that is long enough to be cut in the middle." for i in range(40))

DAMAGE = [
    Case("crc of a member is wrong", lambda: three(flip(member(2), -8)), ["1", "3"], ["damaged_member"]),
    Case("length of a member is wrong", lambda: three(flip(member(2), -1)), ["1", "3"], ["damaged_member"]),
    Case("one byte in the middle is wrong", lambda: three(flip(member(2), 120)), ["1", "3"], ["damaged_member"]),
    Case("stored text with a byte wrong", lambda: three(flip(stored(record(2)), 400)), ["1", "3"], ["damaged_member"]),
    Case("first block of a member is nonsense", lambda: three(flip(member(2), 10)), ["1", "3"], ["damaged_member"]),
    Case("magic number of a member is wrong", lambda: three(flip(member(2), 0)), ["1", "3"], ["damaged_member"]),
    Case("method of a member is wrong", lambda: three(flip(member(2), 2, 1)), ["1", "3"], ["damaged_member"]),
    Case("reserved flags are set", lambda: three(flip(member(2), 3, 0xE0)), ["1", "3"], ["damaged_member"]),
    Case("half of a member is missing", lambda: three(half(member(2))), ["1", "3"], ["damaged_member"]),
    Case(
        "one byte of a member is missing",
        lambda: three(member(2)[:99] + member(2)[100:]),
        ["1", "3"],
        ["damaged_member"],
    ),
    Case(
        "one byte too many in a member",
        lambda: three(member(2)[:99] + b"x" + member(2)[99:]),
        ["1", "3"],
        ["damaged_member"],
    ),
    Case("trailer of a member is missing", lambda: three(member(2)[:-8]), ["1", "3"], ["damaged_member"]),
    Case("half of a stored member is missing", lambda: three(half(stored(record(2)))), ["1", "3"], ["damaged_member"]),
    Case(
        "a stored block claims 60,000 bytes and swallows the rest",
        lambda: member(1) + FALSE_MAGIC + b"\x01\x60\xea\x9f\x15" + record(2)[:300] + member(3) + member(4),
        ["1", "3", "4"],
        ["damaged_member"],
    ),
    Case("zeros over a member", lambda: three(bytes(len(member(2)))), ["1", "3"], ["damaged_member"]),
    Case(
        "zeros over the seam of two members",
        lambda: member(1) + member(2)[:100] + bytes(200) + member(3)[150:] + member(4),
        ["1", "4"],
        ["damaged_member"],
    ),
    Case("zero padding between members", lambda: three(bytes(5000) + member(2)), ALL, ["damaged_member"]),
    Case("a million zeros between members", lambda: three(bytes(1_000_000) + member(2)), ALL, ["damaged_member"]),
    Case(
        "zero padding at the end", lambda: three(member(2) + b"", last=member(3) + bytes(512)), ALL, ["damaged_member"]
    ),
    Case("noise between members", lambda: three(noise(5000) + member(2)), ALL, ["damaged_member"]),
    Case("text between members", lambda: three(b"garbage\n" + member(2)), ALL, ["damaged_member"]),
    Case("noise in front", lambda: b"\xff" + noise(300) + three(member(2)), ALL, ["damaged_member"]),
    Case("text in front", lambda: b"HTTP/1.1 200 OK\r\n\r\n" + three(member(2)), ALL, ["damaged_member"]),
    Case("an error page in front", lambda: b"<html>slow down</html>" + three(member(2)), ALL, ["damaged_member"]),
    Case("noise at the end", lambda: three(member(2)) + noise(300), ALL, ["damaged_member"]),
    Case("a line end at the end", lambda: three(member(2)) + b"\n", ALL, ["damaged_member"]),
    Case(
        "false magic between members", lambda: three(FALSE_MAGIC + b"\x07nonsense" + member(2)), ALL, ["damaged_member"]
    ),
    Case("a thousand false magics", lambda: three(FALSE_MAGIC * 1000 + member(2)), ALL, ["damaged_member"]),
    Case(
        "false magics in a member that is damaged",
        lambda: three(flip(stored(record(2, FALSE_MAGIC * 50)), -8)),
        ["1", "3"],
        ["damaged_member"],
    ),
    Case(
        "a whole member in the text of a member that is damaged",
        lambda: three(flip(stored(record(2, b"Text. " + member("fake"))), -8)),
        ["1", "3"],
        ["damaged_member"],
    ),
    Case(
        "a whole member in the text of an intact one",
        lambda: three(stored(record(2, b"Text. " + member("fake")))),
        ALL,
        undecodable=1,
        whole=False,
    ),
    Case(
        "a member without a record after damage",
        lambda: three(half(member(2)) + pack(b"no record")),
        ["1", "3"],
        ["damaged_member"],
    ),
    Case("two damaged members", lambda: three(flip(member(2), -8) * 2), ["1", "3"], ["damaged_member"] * 2),
    Case("the first member is damaged", lambda: flip(member(0), -8) + member(1), ["1"], ["damaged_member"]),
    Case("the last member is damaged", lambda: member(1) + flip(member(2), -8), ["1"], ["damaged_member"]),
    Case("every member is damaged", lambda: flip(member(1), -8) + flip(member(2), -8), [], ["damaged_member"] * 2),
    Case(
        "one member for all with the checksum wrong",
        lambda: flip(one(abc()), -8),
        ["1", "2"],
        ["damaged_member"],
    ),
    Case(
        "one member for all with its second half missing, then another",
        lambda: stored(abc())[: 15 + len(record(1)) + 200] + member(4),
        ["1", "4"],
        ["damaged_member"],
    ),
    Case(
        "members across records, one damaged",
        lambda: pack(abc()[:400]) + flip(pack(abc()[400:600]), -8) + pack(abc()[600:] + record(4)),
        ["1", "2", "4"],
        ["damaged_member"],
    ),
    Case(
        "members across records, one that cannot be inflated",
        lambda: pack(abc()[:400]) + flip(pack(abc()[400:600]), 10) + pack(abc()[600:] + record(4)),
        ["1", "4"],
        ["damaged_member"],
    ),
]

FOREIGN = b"\x28\xb5\x2f\xfd\x04\x00" + noise(99)  # zstd's magic number, and nothing behind it
PAGE = b"<!DOCTYPE html>\n<html><body><p>Slow down</p></body></html>"

JOINED = [
    Case("a plain record between members", lambda: three(record(2)), ALL),
    Case("plain records, then members", lambda: record(1) + record(2) + member(3), ALL),
    Case("members, then plain records", lambda: member(1) + record(2) + record(3), ALL),
    Case("in turns", lambda: record(1) + member(2) + record(3) + record(4) + member(5) + member(6), list("123456")),
    Case("a plain record without blank lines, then a member", lambda: three(record(2, end=b"")), ALL),
    Case("a plain record without a length, then a member", lambda: three(record(2, length=None)), ALL, mismatches=1),
    Case("a plain record whose length goes on into a member", lambda: three(record(2, length=200)), ALL, mismatches=1),
    Case("a plain page cut, then a member", lambda: three(record(2)[:-60]), ["1", "3"], ["damaged_member"]),
    Case(
        "a plain page cut in its header, then a member", lambda: three(record(2)[:60]), ["1", "3"], ["damaged_member"]
    ),
    Case(
        "a plain record, then a damaged member",
        lambda: record(1) + flip(member(2), -8) + member(3),
        ["1", "3"],
        ["damaged_member"],
    ),
    Case(
        "a cut member, then plain records",
        lambda: half(member(1)) + record(2) + record(3),
        ["2", "3"],
        ["damaged_member"],
    ),
    Case("a wrong checksum, then a plain record", lambda: flip(member(1), -8) + record(2), ["2"], ["damaged_member"]),
    Case("members, text, plain records", lambda: member(1) + b"junk" + record(2) + record(3), ALL, ["damaged_member"]),
    Case("text, plain records, members", lambda: b"junk\n" + record(1) + record(2) + member(3), ALL, ["no_header"]),
    Case(
        "a whole member in the text of a plain record",
        lambda: record(1) + record(2, b"Text.\n" + member("fake") + b"\nMore.") + member(3),
        ALL,
        undecodable=1,
        whole=False,
    ),
    Case(
        "false magics in a plain record",
        lambda: record(1) + record(2, FALSE_MAGIC * 9) + member(3),
        ALL,
        undecodable=1,
        whole=False,
    ),
    Case(
        "plain records of a stored member whose block is damaged stay its own",
        lambda: member(1) + stored(record(2) + b"x" * 70_000 + abc())[:-40] + member(4),
        ["1", "4"],
        ["damaged_member"],
    ),
]

HEADS = [
    Case(
        "another compression's magic in front of members", lambda: FOREIGN + three(member(2)), ALL, ["damaged_member"]
    ),
    Case("zstd's magic in front of plain records", lambda: FOREIGN + abc(), ALL, ["no_header"]),
    Case("an error page in front of plain records", lambda: PAGE + abc(), ALL, ["no_header"]),
    Case("a large error page in front of members", lambda: PAGE * 9000 + three(member(2)), ALL, ["damaged_member"]),
    Case("a large error page in front of plain records", lambda: PAGE * 9000 + b"\n" + abc(), ALL, ["no_header"]),
    Case(
        "an XML error in front",
        lambda: b'<?xml version="1.0"?><Error>no</Error>' + three(member(2)),
        ALL,
        ["damaged_member"],
    ),
    Case("zeros in front of members", lambda: bytes(600_000) + three(member(2)), ALL, ["damaged_member"]),
    Case("zeros in front of plain records", lambda: bytes(600_000) + abc(), ALL, ["no_header"]),
    Case("noise in front of plain records", lambda: b"\xff" + noise(300_000) + abc(), ALL, ["no_header"]),
    Case("a byte order mark in front of members", lambda: b"\xef\xbb\xbf" + three(member(2)), ALL, ["damaged_member"]),
    Case("a mailbox in front", lambda: b"From a@a.example\nSubject: b\n\n" + three(member(2)), ALL, ["damaged_member"]),
    Case("a zip's magic in front", lambda: b"PK\x03\x04" + bytes(50) + three(member(2)), ALL, ["damaged_member"]),
    Case("a false magic in front of plain records", lambda: FALSE_MAGIC + noise(200) + abc(), ALL, ["damaged_member"]),
    Case("false magics in front of members", lambda: FALSE_MAGIC * 40_000 + three(member(2)), ALL, ["damaged_member"]),
    Case(
        "a record of nothing in front, members far behind",
        lambda: b"WARC/1.0\r\nno: record\r\n" + noise(400_000) + three(member(2)),
        ALL,
        ["not_a_page"],
    ),
    Case(
        "an error page that quotes two records", lambda: b"<html><pre>\n" + abc() + b"</pre></html>", [], ["unreadable"]
    ),
]

CUTS = [
    Case("cut in the text of a page", lambda: member(1) + half(member(2)), ["1"], ["truncated"]),
    Case("cut in the trailer", lambda: member(1) + member(2)[:-3], ["1"], ["truncated"]),
    Case("cut before the trailer", lambda: member(1) + member(2)[:-8], ["1"], ["truncated"]),
    Case("cut in the gzip header", lambda: member(1) + member(2)[:7], ["1"], ["truncated"]),
    Case("cut after one byte of the gzip header", lambda: member(1) + member(2)[:1], ["1"], ["truncated"]),
    Case("cut after the gzip header", lambda: member(1) + member(2)[:10], ["1"], ["truncated"]),
    Case(
        "cut in the name in the gzip header", lambda: member(1) + raw_member(b"", 8, b"name")[:13], ["1"], ["truncated"]
    ),
    Case("cut in the extra field", lambda: member(1) + raw_member(b"", 4, b"\xff\xff")[:12], ["1"], ["truncated"]),
    Case("cut at the seam of two members", lambda: member(1) + member(2), ["1", "2"]),
    Case("cut in the first member", lambda: half(member(1)), [], ["truncated"]),
    Case("one member for all, cut", lambda: stored(abc())[: 15 + len(record(1)) * 2 + 250], ["1", "2"], ["truncated"]),
    Case(
        "one member for all, cut in a header", lambda: stored(abc())[: 15 + len(record(1)) + 40], ["1"], ["truncated"]
    ),
    Case(
        "cut in a page that quotes a record",
        lambda: member(1) + stored(record(2, quoted() + LONG))[:900],
        ["1"],
        ["truncated"],
    ),
    Case("plain text cut in a page", lambda: (record(1) + record(2))[:-60], ["1"], ["truncated"]),
    Case("plain text cut in a header", lambda: record(1) + record(2)[:60], ["1"], ["truncated"]),
    Case("plain text cut in a version line", lambda: record(1) + b"WARC/1.", ["1"], ["truncated"]),
    Case(
        "members across records, cut at a seam",
        lambda: pack(abc()[:300]) + pack(abc()[300:600]),
        ["1", "2"],
        ["truncated"],
    ),
]

LAYOUTS = [
    Case("a usual file", lambda: info() + member(1) + member(2), ["1", "2"], ["not_a_page"]),
    Case("one member for all", lambda: one(abc()), ALL),
    Case("members across records", lambda: split(abc(), 200, 450, 451, 700, 1000), ALL),
    Case("a member for every ten bytes", lambda: split(abc(), *range(10, len(abc()), 10)), ALL),
    Case("a member for every byte", lambda: split(record(1), *range(1, len(record(1)))), ["1"]),
    Case("two records a member", lambda: one(record(1), record(2)) + member(3), ALL),
    Case("empty member in front", lambda: pack(b"") + three(member(2)), ALL),
    Case("empty members in the middle", lambda: three(pack(b"") * 3 + member(2)), ALL),
    Case("empty member at the end", lambda: three(member(2)) + pack(b""), ALL),
    Case("extra field", lambda: three(raw_member(record(2), 4, b"\x05\0SL\1\0x")), ALL),
    Case("file name", lambda: three(raw_member(record(2), 8, b"a.wet\0")), ALL),
    Case("comment", lambda: three(raw_member(record(2), 16, b"words\0")), ALL),
    Case("checksum of the header", lambda: three(raw_member(record(2), 2, b"\0\0")), ALL),
    Case("name, comment and extra field", lambda: three(raw_member(record(2), 28, b"\x02\0abn\0c\0")), ALL),
    Case("a name without end", lambda: three(raw_member(record(2), 8, b"n" * 100_000)), ["1", "3"], ["damaged_member"]),
    Case("plain text", lambda: abc(), ALL),
    Case("plain text after a byte order mark", lambda: b"\xef\xbb\xbf" + abc(), ALL),
    Case("byte order mark in each member", lambda: three(pack(b"\xef\xbb\xbf" + record(2))), ALL),
    Case("plain text after blank lines", lambda: b"\r\n\r\n" + abc(), ALL),
    Case("a member that begins with blank lines", lambda: three(pack(b"\r\n\r\n" + record(2))), ALL),
    Case("many blank lines between records", lambda: record(1) + b"\r\n" * 3000 + record(2), ["1", "2"]),
    Case("no blank lines after the text", lambda: three(member(2, end=b"")), ALL),
    Case("no blank lines between plain records", lambda: record(1, end=b"") + record(2, end=b""), ["1", "2"]),
    Case("LF line ends", lambda: three(member(2, eol=b"\n")), ALL),
    Case("CR line ends", lambda: three(member(2, eol=b"\r")), ALL),
    Case("LF plain text", lambda: record(1, eol=b"\n") + record(2, eol=b"\n"), ["1", "2"]),
    Case("CR plain text", lambda: record(1, eol=b"\r") + record(2, eol=b"\r"), ["1", "2"]),
    Case("one CRLF too many", lambda: three(member(2, end=CRLF * 3)), ALL),
    Case("WARC/1.1", lambda: three(member(2, version=b"WARC/1.1")), ALL),
    Case("WARC/0.18", lambda: three(member(2, version=b"WARC/0.18")), ALL),
    Case("a blank after the version", lambda: three(member(2, version=b"WARC/1.0 ")), ALL),
    Case("level 0", lambda: three(stored(record(2))), ALL),
    Case("a quoted record stays text", lambda: three(member(2, quoted())), ALL, whole=False),
    Case(
        "a quoted record stays text in plain files",
        lambda: record(1) + record(2, quoted()) + record(3),
        ALL,
        whole=False,
    ),
    Case(
        "a quoted version line stays text where the length is wrong",
        lambda: record(1) + record(2, "A.\nWARC/1.0\nis a format.", length=None) + record(3),
        ALL,
        mismatches=1,
        whole=False,
    ),
]

LENGTHS = (
    [
        Case(name, partial(of_length, value), ALL, mismatches=1)
        for name, value in [
            ("no length", None),
            ("length 0", 0),
            ("length 10", 10),
            ("length 700 too large", 800),
            ("length beyond the file", 10**9),
            ("length of 40 digits", "9" * 40),
            ("length of 5,000 digits", "9" * 5000),
            ("negative length", -7),
            ("length +77", "+77"),
            ("length 1_0", "1_0"),
            ("length in Arabic digits", "\u0661\u0662"),
            ("length in full-width digits", "\uff11\uff12"),
            ("length 0x10", "0x10"),
            ("length 1e2", "1e2"),
            ("length 12.0", "12.0"),
            ("empty length", ""),
            ("length in words", "twelve"),
        ]
    ]
    + [
        Case(
            f"plain text, {name}",
            partial(of_length_plain, value),
            ALL,
            mismatches=1,
        )
        for name, value in [
            ("no length", None),
            ("length 10", 10),
            ("length huge", 10**12),
            ("length 200 too large", 300),
        ]
    ]
    + [
        Case("length off by two", lambda: three(member(2, length=len(text_of(2)) + 2)), ALL),
        Case(
            "two lengths, the first right",
            lambda: three(bad_head(b"Content-Length: 95\r\nContent-Length: 3", b"Content-Length: 95")),
            ALL,
        ),
        Case(
            "two lengths, the second right",
            lambda: three(bad_head(b"Content-Length: 3\r\nContent-Length: 95", b"Content-Length: 95")),
            ALL,
            mismatches=1,
        ),
        Case(
            "all lengths wrong in one member",
            lambda: one(*(record(n, length=5000, eol=b"\n") for n in ALL)),
            ALL,
            mismatches=3,
        ),
        Case(
            "all lengths wrong in plain text",
            lambda: b"".join(record(n, length=5000, eol=b"\n") for n in ALL),
            ALL,
            mismatches=3,
        ),
        Case(
            "last length of one member too large",
            lambda: one(record(1), record(2, length=500)),
            ["1", "2"],
            mismatches=1,
        ),
    ]
)

HEADERS = [
    Case(
        "lower-case names",
        lambda: three(pack(record(2).replace(b"WARC-T", b"warc-t").replace(b"Content-L", b"content-l"))),
        ALL,
    ),
    Case("upper-case names", lambda: three(bad_head(b"WARC-TARGET-URI", b"WARC-Target-URI")), ALL),
    Case("no blank after the colon", lambda: three(bad_head(b"WARC-Target-URI:h", b"WARC-Target-URI: h")), ALL),
    Case("blank before the colon", lambda: three(bad_head(b"WARC-Target-URI : h", b"WARC-Target-URI: h")), ALL),
    Case("folded URL", lambda: three(bad_head(b"WARC-Target-URI:\r\n http", b"WARC-Target-URI: http")), ALL),
    Case("folded LF URL", lambda: three(bad_head(b"WARC-Target-URI:\n\thttp", b"WARC-Target-URI: http")), ALL),
    Case("URL in angle brackets", lambda: three(member(2, url="<http://a.example/2>")), ALL),
    Case("two URLs", lambda: three(member(2, extra=b"WARC-Target-URI: http://b.example/9")), ALL),
    Case("two types", lambda: three(member(2, extra=b"WARC-Type: request")), ALL),
    Case("header bytes that are not UTF-8", lambda: three(member(2, extra=b"WARC-Filename: \xff\xfe\xe9")), ALL),
    Case("header line without a colon", lambda: three(member(2, extra=b"what is this")), ALL),
    Case("empty header name", lambda: three(member(2, extra=b": nothing")), ALL),
    Case("zero bytes in a header", lambda: three(member(2, extra=b"X: \0\0")), ALL),
    Case("blank line forgotten", lambda: three(pack(record(2).replace(b"\r\n\r\n", b"\r\n", 1))), ALL),
    Case("a thousand header lines", lambda: three(member(2, extra=b"\r\n".join([b"X-Y: z"] * 1000))), ALL),
    Case("a header over the limit", lambda: three(member(2, extra=b"X: " + b"y" * 70_000)), ["1", "3"], ["too_large"]),
    Case(
        "a header over the limit in plain text",
        lambda: record(1) + record(2, extra=b"X: " + b"y" * 70_000) + record(3),
        ["1", "3"],
        ["too_large"],
    ),
    Case("header without text", lambda: three(pack(record(2, "", end=b""))), ["1", "3"], ["no_text"]),
    Case("header without its blank line", lambda: three(pack(record(2, "", end=b"")[:-2])), ["1", "3"], ["no_text"]),
    Case("version line alone", lambda: three(pack(b"WARC/1.0\r\n\r\n")), ["1", "3"], ["not_a_page"]),
    Case(
        "header in the middle of a header",
        lambda: one(record(1), record(2)[:33] + CRLF + record(3)),
        ["1", "3"],
        ["no_url"],
    ),
]

PAGES = [
    Case("no URL", lambda: three(member(2, url=None)), ["1", "3"], ["no_url"]),
    Case("empty URL", lambda: three(member(2, url=" ")), ["1", "3"], ["no_url"]),
    Case("brackets without URL", lambda: three(member(2, url="<>")), ["1", "3"], ["no_url"]),
    Case(
        "URL of 9,000 characters",
        lambda: three(member(2, url="http://a.example/" + "x" * 9000)),
        ["1", "3"],
        ["bad_url"],
    ),
    Case(
        "URL with a control character",
        lambda: three(member(2, url="http://a.example/\x1b[31m")),
        ["1", "3"],
        ["bad_url"],
    ),
    Case("URL with a C1 control", lambda: three(member(2, url="http://a.example/\x85x")), ["1", "3"], ["bad_url"]),
    Case("URL with a zero byte", lambda: three(member(2, url="http://a.example/\0")), ["1", "3"], ["bad_url"]),
    Case("no date", lambda: three(member(2, date=None)), ["1", "3"], ["no_date"]),
    Case("empty date", lambda: three(member(2, date="")), ["1", "3"], ["no_date"]),
    Case("malformed date", lambda: three(member(2, date="yesterday")), ALL),
    Case("no text", lambda: three(member(2, "")), ["1", "3"], ["no_text"]),
    Case("blank text", lambda: three(member(2, " \r\n\t\n\u3000")), ["1", "3"], ["no_text"]),
    Case("bytes that are not UTF-8", lambda: three(member(2, b"caf\xe9")), ALL, undecodable=1, whole=False),
    Case("UTF-16 text", lambda: three(member(2, "words".encode("utf-16"))), ALL, undecodable=1, whole=False),
    Case("a lone surrogate", lambda: three(member(2, b"a\xed\xa0\x80b")), ALL, undecodable=1, whole=False),
    Case("an overlong sequence", lambda: three(member(2, b"a\xc0\x80b")), ALL, undecodable=1, whole=False),
    Case("zero bytes in the text", lambda: three(member(2, b"a\0b")), ALL, whole=False),
    Case("both wrong", lambda: three(member(2, b"caf\xe9", length=99)), ALL, mismatches=1, undecodable=1, whole=False),
    Case("a request", lambda: three(member(2, kind="request")), ["1", "3"], ["not_a_page"]),
    Case("a response", lambda: three(member(2, kind="response")), ["1", "3"], ["not_a_page"]),
    Case("metadata", lambda: three(member(2, kind="metadata")), ["1", "3"], ["not_a_page"]),
    Case("no type", lambda: three(bad_head(b"X-Type", b"WARC-Type")), ["1", "3"], ["not_a_page"]),
    Case("a type in capitals", lambda: three(member(2, kind="Conversion")), ALL),
    Case("text over the limit", lambda: three(member(2, "word " * 4_000_000)), ["1", "3"], ["too_large"]),
    Case(
        "text over the limit without a length",
        lambda: three(member(2, "word " * 4_000_000, length=None)),
        ["1", "3"],
        ["too_large"],
    ),
    Case(
        "text over the limit in plain text",
        lambda: record(1) + record(2, "word " * 4_000_000) + record(3),
        ["1", "3"],
        ["too_large"],
    ),
    Case("text over the limit, cut", lambda: member(1) + member(2, "word " * 4_000_000)[:-9], ["1"], ["truncated"]),
    Case(
        "one member for all with a bomb in it",
        lambda: one(record(1), record(2, "a" * 30_000_000), record(3)),
        ["1", "3"],
        ["too_large"],
    ),
]

FILES = [
    Case("empty file", lambda: b"", [], ["unreadable"]),
    Case("nothing but blank lines", lambda: b"\r\n\r\n", [], ["unreadable"]),
    Case("nothing but an empty member", lambda: pack(b""), [], ["unreadable"]),
    Case("nothing but zeros", lambda: bytes(100_000), [], ["unreadable"]),
    Case("HTML page", lambda: b"<!DOCTYPE html><html><body>Slow down</body></html>", [], ["unreadable"]),
    Case("HTML page after blank lines", lambda: b"\n\n<html>", [], ["unreadable"]),
    Case("HTML page that quotes a record", lambda: b"<html><pre>\n" + record(1) + b"</pre>", [], ["unreadable"]),
    Case("XML error", lambda: b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>', [], ["unreadable"]),
    Case("packed HTML page", lambda: pack(b"<html>Slow down</html>"), [], ["unreadable"]),
    Case("text without a header", lambda: b"404 Not Found\n", [], ["no_header"]),
    Case("packed text without a header", lambda: pack(b"404 Not Found\n"), [], ["no_header"]),
    Case("noise", lambda: noise(200_000), [], ["no_header"]),
    Case("begins in the middle of a record", lambda: record(1)[180:] + record(2), ["2"], ["no_header"]),
    Case("packed, begins in the middle of a record", lambda: one(record(1)[180:], record(2)), ["2"], ["no_header"]),
    Case(
        "a member without a record in the middle",
        lambda: three(pack(b"text without header")),
        ["1", "3"],
        ["no_header"],
    ),
    Case("a member without a record at the end", lambda: member(1) + pack(b"text"), ["1"], ["no_header"]),
    Case("two members without a record", lambda: three(pack(b"text") + pack(b"more")), ["1", "3"], ["no_header"]),
    Case("bz2", lambda: bz2.compress(abc()), [], ["unreadable"]),
    Case("xz", lambda: lzma.compress(abc()), [], ["unreadable"]),
    Case("zstd", lambda: b"\x28\xb5\x2f\xfd\x04\x00" + noise(99), [], ["unreadable"]),
    Case("lz4", lambda: b"\x04\x22\x4d\x18" + noise(99), [], ["unreadable"]),
    Case("zip of the plain file", lambda: zip_of(abc()), [], ["unreadable"]),
    Case("zip of the packed file", lambda: zip_of(three(member(2))), [], ["unreadable"]),
    Case("zlib instead of gzip", lambda: zlib.compress(abc()), [], ["no_header"]),
    Case("packed twice", lambda: gzip.compress(three(member(2))), [], ["unreadable"]),
]

CASES = DAMAGE + JOINED + HEADS + CUTS + LAYOUTS + LENGTHS + HEADERS + PAGES + FILES


@pytest.mark.parametrize("quick", [False, True], ids=["dribble", "whole"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_alone(case: Case, quick: bool) -> None:
    data = case.data()
    verdicts = read(data, chunk=0 if quick else max(1, len(data) // 1500))
    assert names(verdicts) == (case.pages, list(case.reasons))
    kept = [verdict for verdict in verdicts if isinstance(verdict, Kept)]
    assert sum("length_mismatch" in verdict.tally for verdict in kept) == case.mismatches
    assert sum("undecodable" in verdict.tally for verdict in kept) == case.undecodable
    if case.whole:
        assert [verdict.page.text for verdict in kept] == [text_of(n) for n in case.pages]
        assert {verdict.page.timestamp for verdict in kept if "bad_date" not in verdict.tally} <= {DATE}
        assert {verdict.page.timestamp for verdict in kept if "bad_date" in verdict.tally} <= {""}
    sources = [verdict.page.source for verdict in verdicts]
    assert len(set(sources)) == len(sources)


def test_all_together() -> None:
    """In one file, with a good page after each: no fault spoils another or what is good."""
    mixed = [case for case in CASES if case.data().startswith(b"\x1f\x8b") and "across" not in case.name]
    data = b"".join(case.data() + member(f"after-{n}") for n, case in enumerate(mixed))
    kept, reasons = names(read(data))
    assert kept == [page for n, case in enumerate(mixed) for page in [*case.pages, f"after-{n}"]]
    alone = Counter(reason for case in mixed for reason in case.reasons)
    alone["damaged_member"] += alone.pop("truncated")  # the file does not end there
    alone["no_header"] += alone.pop("unreadable") - 1  # it is not the whole file; an empty member is nothing
    assert Counter(reasons) == alone


def test_good_files_read_well_after_bad_ones() -> None:
    """A reader keeps nothing from one file to the next."""
    for case in CASES:
        read(case.data(), SMALL)
        assert names(read(info() + member(1) + member(2))) == (["1", "2"], ["not_a_page"])


def test_enough_kinds() -> None:
    assert len(CASES) >= 76
    assert len({case.name for case in CASES}) == len(CASES)
    codes = {reason.code for reason in READ_REASONS} - {"length_mismatch", "undecodable", "bad_date", "changed"}
    assert {code for case in CASES for code in case.reasons} == codes
