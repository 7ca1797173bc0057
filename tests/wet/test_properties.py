"""What must hold for every file: warcio is the oracle for intact ones, the intact parts are for damaged ones."""

from __future__ import annotations

import io
import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.warcwriter import WARCWriter  # type: ignore[import-untyped]

from c4pipe.page import Kept
from c4pipe.wet import Limits, WarcRecord, page_text, read_records
from c4pipe.wet.chunks import Chunk
from c4pipe.wet.headers import parse_headers
from c4pipe.wet.members import Members
from c4pipe.wet.records import sole_record
from c4pipe.wet.splitter import RecordSplitter
from tests.wet.writer import DATE, Dribble, member, pack, read, record, text_of

LINES = st.text(
    st.one_of(
        st.sampled_from("ab \t\r\n\x0b\x1c\x85\u00a0\u2028\u3000\ufeff"), st.characters(exclude_categories=["Cs"])
    ),
    max_size=200,
)
TEXTS = st.lists(LINES.filter(lambda text: page_text(text) != ""), min_size=1, max_size=6)


def plainly(body: str) -> str:
    """The definition of a page's text, word by word."""
    lines = [line.strip() for line in re.split("\r\n|\r|\n", body)]
    return "\n".join(line for line in lines if line)


@given(st.text(st.sampled_from("ab \t\r\n\x0b\x1c\x85\u00a0\u2028\u3000\ufeffé😀")))
def test_page_text_is_its_definition(body: str) -> None:
    assert page_text(body) == plainly(body)


def test_page_text_of_a_large_page_is_its_definition() -> None:
    body = "".join(f" line {n}\u00a0\r\n\n" for n in range(60_000)) + "x" * 600_000 + "\n" + "b \r" * 300_000
    assert page_text(body) == plainly(body)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.booleans(), st.integers(1, 500))
def test_what_warcio_writes_is_read_back(texts: list[str], packed: bool, chunk: int) -> None:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=packed)
    writer.write_record(writer.create_warcinfo_record("x.warc.wet.gz", {"isPartOf": "test"}))
    for n, text in enumerate(texts):
        header = {"WARC-Date": DATE, "WARC-Record-ID": f"<urn:uuid:{n}>"}
        payload = io.BytesIO(text.encode())
        writer.write_record(
            writer.create_warc_record(
                f"http://a.example/{n}", "conversion", payload, warc_content_type="text/plain", warc_headers_dict=header
            )
        )
    info, *verdicts = read(out.getvalue(), chunk=chunk)
    assert not isinstance(info, Kept)
    assert [(v.page.url, v.page.text, v.page.timestamp, v.page.record_id, v.tally) for v in verdicts] == [
        (f"http://a.example/{n}", plainly(text), DATE, f"urn:uuid:{n}", {}) for n, text in enumerate(texts)
    ]
    _, *records = read_records(io.BytesIO(out.getvalue()))
    assert [r.body for r in records if isinstance(r, WarcRecord)] == [text.encode() for text in texts]


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.sampled_from([b"\r\n", b"\n", b"\r"]), st.lists(st.integers(0, 3000), max_size=8), st.integers(1, 300))
def test_the_layout_makes_no_difference(texts: list[str], eol: bytes, cuts: list[int], chunk: int) -> None:
    """One member a record, members cut anywhere, plain text: the same pages."""
    records = [record(n, text, eol=eol) for n, text in enumerate(texts)]
    data = b"".join(records)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    layouts = [b"".join(map(pack, records)), b"".join(pack(data[a:b]) for a, b in pairwise(edges)), data]
    for layout in layouts:
        verdicts = read(layout, chunk=chunk)
        assert all(isinstance(verdict, Kept) for verdict in verdicts)
        assert [verdict.page.text for verdict in verdicts] == list(map(plainly, texts))


@settings(max_examples=100, deadline=None)
@given(
    TEXTS, st.sampled_from([b"\r\n", b"\n"]), st.sampled_from([-1, None, 3, 10**6]), st.sampled_from([b"", b"\r\n\r\n"])
)
def test_the_fast_path_says_what_the_splitter_says(
    texts: list[str], eol: bytes, length: int | None, end: bytes
) -> None:
    data = b"".join(member(n, text, eol=eol, length=length, end=end) for n, text in enumerate(texts))
    for chunk in Members(io.BytesIO(data)):
        assert isinstance(chunk, Chunk)
        fast = sole_record(chunk, Limits())
        splitter = RecordSplitter(Limits())
        slow = [*splitter.feed(chunk), *splitter.finish()]
        assert fast is None or slow == [fast]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_header(head: bytes) -> None:
    assert all(name == name.strip().lower() for name in parse_headers(head))


HOSTILE = [
    text_of(0),
    "Before.\n" + record("fake", eol=b"\n").decode() + "After.\n" + "More and more words. " * 30,
    text_of(2) * 40,
    "\n".join(f"Line {n} of page 3, {n * 7919} times." for n in range(200)),
    "é\u00a0ü " * 50 + text_of(4),
    text_of(5),
]
DAMAGES = st.sampled_from(["flip", "cut", "delete", "insert", "zero", "magic"])


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from([0, 6]), st.integers(1, 3))
def test_damage_costs_only_what_it_hits(data: st.DataObject, level: int, times: int) -> None:
    """Intact members are kept whatever is done to the others, and nothing is made up or handed out by halves."""
    members = [pack(record(n, text), level) for n, text in enumerate(HOSTILE)]
    pages = {f"http://a.example/{n}": plainly(text) for n, text in enumerate(HOSTILE)}
    spoilt = b"".join(members)
    for _ in range(times):
        at = data.draw(st.integers(0, len(spoilt)))
        size = data.draw(st.integers(1, 1500))
        what = data.draw(DAMAGES)
        junk = data.draw(st.binary(min_size=1, max_size=40))
        spoilt = spoil(spoilt, what, at, size, junk)
    verdicts = read(spoilt, chunk=data.draw(st.integers(1, 5000)))
    kept = [verdict.page for verdict in verdicts if isinstance(verdict, Kept)]
    assert all(page.text == pages.get(page.url) for page in kept)
    numbers = [int(page.url[-1]) for page in kept]
    assert numbers == sorted(set(numbers))
    assert set(numbers) >= {n for n, one in enumerate(members) if one in spoilt}
    assert len({verdict.page.source for verdict in verdicts}) == len(verdicts)


def spoil(data: bytes, what: str, at: int, size: int, junk: bytes) -> bytes:
    """Damage of one kind."""
    if what == "flip":
        return data[:at] + bytes(byte ^ 0x55 for byte in data[at : at + 1]) + data[at + 1 :]
    if what == "cut":
        return data[: max(at, len(data) // 2)]
    if what == "delete":
        return data[:at] + data[at + size :]
    if what == "insert":
        return data[:at] + junk + data[at:]
    if what == "zero":
        return data[:at] + bytes(len(data[at : at + size])) + data[at + size :]
    return data[:at] + b"\x1f\x8b\x08\x00" + junk + data[at:]


@settings(max_examples=200, deadline=None)
@given(st.data(), st.booleans(), st.booleans())
def test_nothing_is_ever_raised(data: st.DataObject, packed: bool, quirks: bool) -> None:
    """Whatever the layout and the damage; and verdicts can be told apart."""
    whole = b"".join(record(n, text, eol=b"\n" if n % 2 else b"\r\n") for n, text in enumerate(HOSTILE))
    spoilt = pack(whole, data.draw(st.sampled_from([0, 6]))) if packed else whole
    for _ in range(3):
        at, size = data.draw(st.integers(0, len(spoilt))), data.draw(st.integers(1, 1500))
        spoilt = spoil(spoilt, data.draw(DAMAGES), at, size, data.draw(st.binary(min_size=1, max_size=40)))
    verdicts = read(spoilt, Limits(record=3000, header=500), quirks, chunk=data.draw(st.integers(1, 5000)))
    assert len({verdict.page.source for verdict in verdicts}) == len(verdicts)
    assert verdicts
    for verdict in verdicts:
        verdict.page.text.encode()  # no lone surrogate


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"\x1f\x8b\x08\x00", b"WARC/1.0\r\n", b"WARC/1.0\nWARC-Type: conversion\n"]),
)
def test_any_bytes_are_a_file(junk: bytes, head: bytes) -> None:
    assert read(head + junk)
    assert read(head + junk, chunk=1)


def test_the_stream_is_only_read() -> None:
    stream = Dribble(member(1) + member(2), 100)
    assert [r.offset for r in read_records(stream)] == [0, len(member(1))]


def test_cut_at_every_byte() -> None:
    """However a file is cut, what is handed out is whole, and a file that does not end where a record does says so."""
    data = record(1) + record(2) + record(3)
    ends = [0, len(record(1)), 2 * len(record(1)), len(data)]
    texts = [text_of(n) for n in (1, 2, 3)]
    crossing = [pack(data[start : start + 37]) for start in range(0, len(data), 37)]
    for whole in (data, b"".join(member(n) for n in (1, 2, 3)), pack(data), pack(data, 0), b"".join(crossing)):
        for cut in range(1, len(whole)):
            verdicts = read(whole[:cut])
            kept = [verdict.page.text for verdict in verdicts if isinstance(verdict, Kept)]
            assert kept == texts[: len(kept)]
            assert [v.reason.code for v in verdicts if not isinstance(v, Kept)] in ([], ["truncated"])
            if whole is data:
                assert len(kept) == sum(end - len("\r\n\r\n") <= cut for end in ends[1:])
