"""The reading quirks of TensorFlow Datasets c4 3.1.0, one by one (compared with its own code when this was written)."""

from __future__ import annotations

import pytest

from c4pipe.page import Kept
from c4pipe.wet import Limits
from tests.wet.writer import DATE, Dribble, flip, info, member, names, pack, read, record, text_of

URL = "http://a.example/1"


def pages(data: bytes) -> list[tuple[str, str, str]]:
    """URL, text and date of what is kept, read at once and byte by byte."""
    kept = [verdict.page for verdict in read(data, quirks=True) if isinstance(verdict, Kept)]
    dribbled = [verdict.page for verdict in read(data, quirks=True, chunk=1) if isinstance(verdict, Kept)]
    assert kept == dribbled
    return [(page.url, page.text, page.timestamp) for page in kept]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("One.\nTwo.", "One.\nTwo."),
        (" One. \n\n\tTwo.\u00a0\n", "One.\nTwo."),
        ("One.\rTwo.\r\nThree.", "One.\nTwo.\nThree."),
        ("One.\u2028Two.\x0bThree.\x85Four.", "One.\u2028Two.\x0bThree.\x85Four."),
        ("One.\nWARC files are large.\nTwo.", "One.\nTwo."),
        ("One.\nWARCraft\nTwo.", "One.\nTwo."),
        ("One.\nContent-wise poor.\nTwo.", "One.\nTwo."),
        ("One.\nCONTENT-TYPE: x\nTwo.", "One.\nTwo."),
        ("One.\n  Content-Type: x\nTwo.", "One.\nTwo."),
        ("One.\ncontent-type: x\nTwo.", "One.\ncontent-type: x\nTwo."),
        ("One.\nContent is king.\nTwo.", "One.\nContent is king.\nTwo."),
        ("One.\nThe WARC format.\nTwo.", "One.\nThe WARC format.\nTwo."),
        ("Content-wise poor.\nOne.", "One."),
        ("One.\nWARC/1.1\nTwo.", "One.\nTwo."),
        ("One.\nWARC/1.0 is a format.\nTwo.", "One.\nTwo."),
        ("One.\nThis is WARC/1.0\nTwo.", "One.\nThis is WARC/1.0\nTwo."),
    ],
)
def test_lines(text: str, says: str) -> None:
    assert pages(info() + member(1, text)) == [(URL, says, DATE)]
    assert pages(record(1, text)) == [(URL, says, DATE)]


def test_a_line_equal_to_the_version_ends_the_page() -> None:
    data = member(1, "One.\n \u00a0WARC/1.0\u3000\nTwo.")
    assert pages(data) == [(URL, "One.", DATE)]
    assert names(read(data, quirks=True)) == (["1"], ["no_url"])


def test_a_text_can_hold_a_page() -> None:
    quoted = "One.\nWARC/1.0\nWARC-Target-URI: http://b.example/\nWARC-Date: 2001\nQuoted.\nWARC/1.0"
    assert pages(member(1, quoted)) == [(URL, "One.", DATE), ("http://b.example/", "Quoted.", "2001")]


def test_later_headers_in_the_text_count() -> None:
    text = "One.\nWARC-Target-URI: http://b.example/\nTwo.\nWARC-Date: 2001\nWARC-Date:\nWARC-Date: 2002"
    assert pages(member(1, text)) == [("http://b.example/", "One.\nTwo.", "2002")]
    assert pages(member(1, "One.\nWARC-Target-URI:")) == []


def test_every_type_counts() -> None:
    assert pages(member(1, kind="request") + member(2, kind="metadata"))[0] == (URL, text_of(1), DATE)
    assert names(read(info() + member(1, kind="request"), quirks=True)) == (["1"], ["no_url"])


def test_names_are_read_as_they_stand() -> None:
    assert names(read(pack(record(1).replace(b"WARC-Target", b"warc-target")), quirks=True)) == ([], ["no_url"])
    folded = pack(record(1).replace(b"WARC-Target-URI: ", b"WARC-Target-URI:\r\n "))
    assert names(read(folded, quirks=True)) == ([], ["no_url"])


def test_what_is_missing_is_told_in_this_order() -> None:
    data = [
        member(1, "", url=None, date=None),
        member(2, "", date=None),
        member(3, date=None),
        member(4),
        member(5, url="http://a.example/\x07" + "x" * 9000),
    ]
    kept, reasons = names(read(b"".join(data), quirks=True))
    assert (len(kept), reasons) == (2, ["no_url", "no_text", "no_date"])


def test_a_missing_line_end_joins_two_records() -> None:
    data = member(1, "One.", end=b"") + member(2, "Two.")
    assert pages(data) == [("http://a.example/2", "One.WARC/1.0\nTwo.", DATE)]


def test_a_byte_order_mark_makes_text_of_the_version_line() -> None:
    assert pages(b"\xef\xbb\xbf" + record(1, "One.")) == [(URL, "\ufeffWARC/1.0\nOne.", DATE)]


def test_lengths_are_not_looked_at() -> None:
    assert pages(member(1, length=3) + member(2, length=None)) == [
        (URL, text_of(1), DATE),
        ("http://a.example/2", text_of(2), DATE),
    ]


def test_what_is_ours() -> None:
    """The original crashes on both."""
    first, second = read(member(1, b"caf\xe9") + member(2), quirks=True)
    assert (first.page.text, first.tally) == ("caf\ufffd", {"undecodable": 1})
    assert second.tally == {}
    damaged = member(1) + flip(member(2), -8) + member(3)
    assert names(read(damaged, quirks=True)) == (["1", "3"], ["damaged_member"])
    assert names(read(member(1) + member(2)[:-20], quirks=True)) == (["1"], ["truncated"])
    assert names(read(b"<html>", quirks=True)) == ([], ["unreadable"])
    assert names(read(pack(b""), quirks=True)) == ([], ["unreadable"])


def test_a_member_that_is_nonsense_costs_its_own_page_only() -> None:
    for at in range(10, 60):
        data = member(1) + flip(pack(record(2, "Quoted.\nWARC/1.0\nWARC-Target-URI: u\nx"), 0), at) + member(3)
        kept, reasons = names(read(data, quirks=True))
        assert (kept[0], kept[-1]) == ("1", "3")
        assert "damaged_member" in reasons
        assert pages(data)[0] == (URL, text_of(1), DATE)


def test_a_page_that_is_too_large() -> None:
    limits = Limits(record=10_000, header=1_000)
    data = member(1) + member(2, "Line.\n" * 5_000) + member(3) + member(4, "x" * 20_000, end=b"") + member(5)
    assert names(read(data, limits, quirks=True)) == (["1", "3", "5"], ["too_large"] * 2)


def test_sources_are_told_apart() -> None:
    data = info() + pack(record(1) + record(2)) + member(3)
    start = len(info())
    sources = [verdict.page.source for verdict in read(data, quirks=True)]
    assert sources == ["f#0", f"f#{start}", f"f#{start}+{len(record(1))}", f"f#{len(data) - len(member(3))}"]
    assert [verdict.page.source for verdict in read(data)] == sources
    assert Dribble(data, 5).read(9) == data[:5]
