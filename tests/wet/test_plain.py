"""The fast path of both readers against their long ways: the same verdicts on any file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from c4pipe.page import Kept, Page, Verdict
from c4pipe.wet import Limits
from c4pipe.wet.members import no_run
from c4pipe.wet.plain import PlainPages
from c4pipe.wet.reasons import MAX_URL
from c4pipe.wet.window import Window
from tests.wet.test_properties import DAMAGES, HOSTILE, LINES, spoil
from tests.wet.writer import DATE, info, member, pack, read, record, text_of


@contextmanager
def the_long_way() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlainPages, "run", lambda self, window, pos: no_run(window, pos))
        yield


def same_both_ways(data: bytes, limits: Limits | None = None) -> list[Verdict]:
    """The verdicts of the usual reader."""
    for quirks in (False, True):
        fast = read(data, limits, quirks)
        with the_long_way():
            assert read(data, limits, quirks) == fast
    return read(data, limits)


def plain(data: bytes, quirks: bool = False, limits: Limits | None = None) -> Kept | None:
    """What the fast path makes of a member."""
    return next(PlainPages("f", limits or Limits(), quirks).run(Window(io.BytesIO(data)), 0), None)


def test_pages_as_common_crawl_writes_them_take_the_fast_path() -> None:
    data = pack(
        b"WARC/1.0\r\n"
        b"WARC-Type: conversion\r\n"
        b"WARC-Target-URI: http://a.example/b?c=d\r\n"
        b"WARC-Date: 2024-05-22T10:11:12Z\r\n"
        b"WARC-Record-ID: <urn:uuid:1-2>\r\n"
        b"WARC-Refers-To: <urn:uuid:3-4>\r\n"
        b"WARC-Block-Digest: sha1:ABC\r\n"
        b"WARC-Identified-Content-Language: eng\r\n"
        b"Content-Type: text/plain\r\n"
        b"Content-Length: 16\r\n"
        b"\r\n"
        b"One.\nTwo \xc3\xa9.\n\n \n\r\n\r\n"
    )
    page = Page("http://a.example/b?c=d", "One.\nTwo é.", DATE, "f#0", "urn:uuid:1-2")
    assert plain(data) == plain(data, quirks=True) == Kept(page)
    first = len(info())
    sources = [f"f#{first}", f"f#{first + len(data)}"]
    assert same_both_ways(info() + data + data)[1:] == [Kept(page._replace(source=source)) for source in sources]


@pytest.mark.parametrize(
    "data",
    [
        member(1, kind="request"),
        member(1, kind="Conversion"),
        member(1, url=None),
        member(1, url="<http://a.example/1>"),
        member(1, url="http://a.example/é"),
        member(1, url="http://a.example/\x7f"),
        member(1, url="http://a.example/" + "x" * MAX_URL),
        member(1, date=None),
        member(1, date=""),
        member(1, length=None),
        member(1, length=3),
        member(1, length=10**6),
        member(1, length="1" * 19),
        member(1, length="+7"),
        member(1, length="٣"),
        member(1, end=b""),
        member(1, end=b"\r\n"),
        member(1, end=b"\n\n\n\n"),
        member(1, end=b"\r\n\r\n\r\n"),
        member(1, eol=b"\n"),
        member(1, version=b"WARC/1.1"),
        member(1, extra=b"WARC-Date: 2001"),
        member(1, extra=b"warc-date: 2001"),
        member(1, extra=b"WARC-Date : 2001"),
        member(1, extra=b"A: b\r\n c"),
        member(1, extra=b"A: b\r\n\tc"),
        member(1, extra=b"A: b\nc: d"),
        member(1, extra=b"A: b\rc: d"),
        member(1, extra=b"WARC/1.0"),
        member(1, extra="A: é".encode()),
        member(1, ""),
        member(1, " \r\n\u00a0\n"),
        member(1, b"caf\xe9"),
        member(1, "One.\r\nTwo."),
        member(1, "One.\rTwo."),
        pack(record(1) + record(2)),
        pack(b"\r\n" + record(1)),
        pack(b"WARC/1.0\r\n"),
        pack(b"WARC/1.0\r\n\r\n"),
        pack(record(1)[:100]),
        pack(b"WARC/1.0\r\nWARC-Date: 20"),
    ],
)
def test_what_is_written_otherwise_goes_the_long_way(data: bytes) -> None:
    assert plain(data) is None
    same_both_ways(info() + member(0) + data + member(2) + data)


@pytest.mark.parametrize(
    "data",
    [
        member(1, extra=b"Other: line"),
        member(1, extra=b"content-encoding: identity"),
        member(1, extra=b"A line without a colon"),
        member(1, "One.\nWARC files are large."),
        member(1, "WARC files are large.\nOne."),
        member(1, "One.\nContent-wise poor."),
        member(1, "One.\nCONTENT-TYPE: x"),
        member(1, "One.\nWARC/1.0"),
        member(1, "WARC/1.0"),
    ],
)
def test_what_the_reference_reads_otherwise_goes_its_long_way(data: bytes) -> None:
    assert plain(data) is not None
    assert plain(data, quirks=True) is None
    same_both_ways(info() + member(0) + data + member(2) + data)


@pytest.mark.parametrize("blank", [c for c in map(chr, range(0x110000)) if c.isspace() and c != "\n"], ids=ascii)
def test_every_blank_at_the_end_of_a_line_is_seen(blank: str) -> None:
    for text in (f"a\n{blank}b", f"a{blank}\nb", f"a\n{blank}\nb", f"a\n\u4e00{blank}\nb"):
        assert plain(member(1, text)) is None
    same_both_ways(
        b"".join(member(1, text) for text in (f"a{blank}b", f"{blank}a", f"a{blank}", f"a\nb{blank}{blank}"))
    )


def test_limits_are_those_of_the_long_way() -> None:
    head, text = record(1).find(b"\r\n\r\n") + 4, len(text_of(1))
    for more in range(-2, 7):
        for limits in (Limits(text + more, head), Limits(text, head + more)):
            same_both_ways(member(1) + member(1), limits)
    assert plain(member(1), limits=Limits(text + 4, head)) is not None
    assert (
        plain(member(1), limits=Limits(text - 1, head + 9))
        is plain(member(1), limits=Limits(text + 9, head - 1))
        is None
    )


BODIES = st.one_of(
    LINES, st.lists(st.sampled_from([*HOSTILE, "WARC", "Content-", "\n", " ", "é", "\u3000"])).map("".join)
)
EXTRAS = st.sampled_from(
    [b"", b"", b"", b"WARC-Refers-To: <x>", b"A: b", b"WARC-Date: 2001", b"Content-Type: text/plain", b"no colon"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(BODIES, EXTRAS, st.sampled_from([-1, -1, -1, 3, None])), min_size=1, max_size=6))
@example([("One.\nWARC/1.0\nTwo.", b"", -1), ("Three.", b"", -1)])
def test_the_fast_path_says_what_the_long_ways_say(records: list[tuple[str, bytes, int | None]]) -> None:
    whole = b"".join(member(n, text, extra=extra, length=length) for n, (text, extra, length) in enumerate(records))
    same_both_ways(whole)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_is_the_same_to_both_ways(data: st.DataObject) -> None:
    spoilt = b"".join(member(n, text) for n, text in enumerate(HOSTILE))
    for _ in range(data.draw(st.integers(1, 3))):
        at, size = data.draw(st.integers(0, len(spoilt))), data.draw(st.integers(1, 1500))
        spoilt = spoil(spoilt, data.draw(DAMAGES), at, size, data.draw(st.binary(min_size=1, max_size=40)))
    same_both_ways(spoilt, data.draw(st.sampled_from([None, Limits(record=3000, header=500), Limits(record=200)])))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_spoilt_record_is_the_same_to_both_ways(data: st.DataObject) -> None:
    """Bytes that change inside intact members: what a checksum does not see."""
    whole = bytearray(record(1))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + 1] = data.draw(
            st.sampled_from([b"", b"\r", b"\n", b" ", b":", b"W", b"\xc2", b"\xa0", b"\t", b"7"])
        )
    same_both_ways(member(0) + pack(bytes(whole)) + member(2))
