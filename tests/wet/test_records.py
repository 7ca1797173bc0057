"""Records and pages as they come out, field by field; and real files."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable

import pytest

from bench.outside import SHARED
from c4pipe.page import Kept, Page
from c4pipe.wet import READ_REASONS, LostRecord, WarcRecord, read_records, read_wet
from tests import needs
from tests.wet.writer import DATE, flip, info, member, names, pack, read, record, text_of


def test_a_record() -> None:
    [found] = read_records(io.BytesIO(pack(record(1, "A text.\r\n", extra=b"X-Note: a\r\n  b\r\nx-note: c"))))
    assert found == WarcRecord(
        offset=0,
        inner=0,
        version="WARC/1.0",
        headers={
            "warc-type": "conversion",
            "warc-target-uri": "http://a.example/1",
            "warc-date": DATE,
            "warc-record-id": "<urn:uuid:1>",
            "x-note": "a b",
            "content-length": "9",
        },
        head=record(1, "A text.\r\n", extra=b"X-Note: a\r\n  b\r\nx-note: c")[: -len(b"A text.\r\n\r\n\r\n")],
        body=b"A text.\r\n",
    )


def test_a_page() -> None:
    verdicts = read(info() + member(1, "\ufeffA text.\n"))
    assert verdicts[1] == Kept(Page("http://a.example/1", "\ufeffA text.", DATE, f"f#{len(info())}", "urn:uuid:1"), {})


def test_sources_count_bytes() -> None:
    packed = member(1) + pack(record(2) + record(3)) + member(4)
    ends = [0, len(member(1)), len(packed) - len(member(4))]
    assert [verdict.page.source for verdict in read(packed)] == [
        "f#0",
        f"f#{ends[1]}",
        f"f#{ends[1]}+{len(record(2))}",
        f"f#{ends[2]}",
    ]
    plain = b"\r\n" + record(1) + record(2)
    assert [verdict.page.source for verdict in read(plain)] == ["f#2", f"f#{2 + len(record(1))}"]


def test_what_is_rejected_says_what_is_known() -> None:
    _, damaged, _ = read(member(1) + flip(member(2), -8) + member(3))
    assert not isinstance(damaged, Kept)
    assert damaged.page == Page("http://a.example/2", "", DATE, f"f#{len(member(1))}", "urn:uuid:2")
    start = len(member(1))
    assert damaged.detail == f"bytes {start} to {2 * start}: checksum or length of a gzip member is wrong"
    [undated] = read(member(1, "Long text. " * 100, date=None))
    assert undated.page.text == ("Long text. " * 100)[:200]
    [bad] = read(member(1, url="http://a.example/" + "x" * 9000))
    assert not isinstance(bad, Kept)
    assert (len(bad.page.url), bad.detail) == (8192, "9017 characters")
    [other] = read(info())
    assert not isinstance(other, Kept)
    assert other.detail == "warcinfo"
    [page] = read(b"<html>")
    assert not isinstance(page, Kept)
    assert (page.detail, page.page.source) == ("an HTML or XML page", "f#0")


def test_lost_records_are_told_from_records() -> None:
    items = list(read_records(io.BytesIO(member(1) + member(2)[:50])))
    assert isinstance(items[0], WarcRecord)
    assert isinstance(items[1], LostRecord)
    assert (items[1].reason.code, items[1].offset) == ("truncated", len(member(1)))


def test_errors_of_the_stream_pass_through() -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        list(read_wet(Broken(), "f"))


def test_reasons_are_declared_once() -> None:
    assert len({reason.code for reason in READ_REASONS}) == len(READ_REASONS)
    assert all(reason.says and reason.source for reason in READ_REASONS)


def counts(path: str, quirks: bool = False) -> dict[str, int]:
    """How many of each verdict; kept pages with a tally are counted under it too."""
    found: Counter[str] = Counter()
    with (SHARED / path).open("rb") as stream:
        for verdict in read_wet(stream, path, quirks=quirks):
            found["kept" if isinstance(verdict, Kept) else verdict.reason.code] += 1
            found.update(verdict.tally)
    return dict(found)


@needs.shared
@pytest.mark.parametrize(
    ("path", "usual"),
    [
        ("wet/archived-warc-converted.warc.wet.gz", {"not_a_page": 1, "kept": 117}),
        ("wet/cc-warc-converted.warc.wet.gz", {"not_a_page": 1, "kept": 14}),
        ("wet/cc-wet-2016-50.warc.wet.gz", {"not_a_page": 1, "kept": 30}),
        ("wet/cc-wet-2017-30.warc.wet.gz", {"not_a_page": 1, "kept": 90}),
        ("wet/cc-wet-2024-22.warc.wet.gz", {"not_a_page": 1, "kept": 1}),
        ("wet/pages-article-benchmark.warc.wet.gz", {"not_a_page": 1, "kept": 181}),
        ("wet/pages-newspaper.warc.wet.gz", {"not_a_page": 1, "kept": 165}),
        ("wet/pages-trafilatura.warc.wet.gz", {"not_a_page": 1, "kept": 773}),
        ("wet/cc_net_sample/sample.warc.txt", {"not_a_page": 1, "kept": 3, "length_mismatch": 3}),
        ("wet/tfds_fake/cc_0.warc.wet", {"not_a_page": 1, "kept": 6, "length_mismatch": 6}),
        ("wet/tfds_fake/cc_1.warc.wet", {"not_a_page": 1, "kept": 3, "length_mismatch": 3}),
        (
            "wet/damaged/appended_zip_fragment_unexpected_eof.wet.gz",
            {"not_a_page": 1, "kept": 15, "truncated": 1},
        ),
        ("wet/damaged/corrupt_two_warcinfo.wet.gz", {"not_a_page": 2, "kept": 5}),
        ("wet/damaged/corrupt_warcconversion_1.wet.gz", {"not_a_page": 1, "no_url": 1, "kept": 4}),
        ("wet/damaged/fragment2_no_header.wet.gz", {"no_header": 1, "kept": 1, "truncated": 1}),
        ("wet_bench/sample-00000.warc.wet.gz", {"not_a_page": 1, "kept": 3000}),
    ],
)
def test_real_files(path: str, usual: dict[str, int]) -> None:
    assert counts(path) == usual


@needs.shared
def test_quirks_and_standard_agree_on_usual_pages() -> None:
    """Where no quirk strikes, the two ways to read say the same."""
    data = (SHARED / "wet/cc-wet-2017-30.warc.wet.gz").read_bytes()
    usual = [verdict for verdict in read(data) if isinstance(verdict, Kept)]
    assert usual == [verdict for verdict in read(data, quirks=True) if isinstance(verdict, Kept)]


@needs.shared
def test_a_real_file_with_a_damaged_member_in_each_hundred() -> None:
    data = bytearray((SHARED / "wet/pages-article-benchmark.warc.wet.gz").read_bytes())
    offsets = [item.offset for item in read_records(io.BytesIO(bytes(data)))]
    for n in (1, 50, 101, 150):
        data[offsets[n] + 200] ^= 0xFF
    kept, reasons = names(read(bytes(data)))
    assert (len(kept), Counter(reasons)) == (177, {"damaged_member": 4, "not_a_page": 1})
    assert text_of(1).startswith("Title")


DATES = {
    DATE: DATE,
    "2024-05-22T10:11:12.345Z": "2024-05-22T10:11:12.345Z",
    "2024-05-22 10:11:12": DATE,
    "2024-05-22T12:11:12+02:00": DATE,
    "Wed, 22 May 2024 10:11:12 GMT": DATE,
    "20240522101112": DATE,
    "2024-13-22T10:11:12Z": "",
    "last May": "",
}


@pytest.mark.parametrize("pack", [record, member], ids=["plain", "gzip"])
@pytest.mark.parametrize("written", DATES)
def test_dates_have_one_form(written: str, pack: Callable[..., bytes]) -> None:
    """A page stays without a date that can be read; the exact reader keeps dates as they are written."""
    data = b"".join(pack(n, date=date) for n, date in enumerate([written, DATE, written]))
    for chunk in (0, 1):
        verdicts = read(data, chunk=chunk)
        noted = {} if DATES[written] else {"bad_date": 1}
        assert [(v.page.timestamp, v.tally) for v in verdicts] == [
            (DATES[written], noted),
            (DATE, {}),
            (DATES[written], noted),
        ]
        assert [v.page.timestamp for v in read(data, quirks=True)] == [written, DATE, written]
    [lost] = read(pack(1, "", date=written))
    assert (lost.reason.code, lost.page.timestamp) == ("no_text", DATES[written])
