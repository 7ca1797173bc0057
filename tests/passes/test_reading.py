"""Pages that are read again by their `source` are those that were read."""

import gzip
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.outside import SHARED
from c4pipe.page import Kept
from c4pipe.passes.reading import has_place, has_places, pages_again, read_input
from c4pipe.stages import Read, ReadWarc
from tests import needs
from tests.wet.writer import info, member, record, response_of
from tests.wetfiles import SAMPLES

WET, QUIRKS, JSONL = Read(), Read(quirks=True), Read(format="jsonl")
LINES = b'{"text": "One line."}\n\n{"text": "Another."}\n{"no": 1}\n{"text": "A third."}'


def places_of(data: bytes, how: Read) -> tuple[dict, dict]:
    """The pages with a place of their own, by it; and what is read again from there."""
    stream = io.BytesIO(data)
    assert has_places(stream, how)
    assert stream.tell() == 0
    kept = [verdict for verdict in read_input(stream, "n", how) if isinstance(verdict, Kept)]
    pages = {v.page.source: v.page for v in kept if has_place(v.page.source, v.tally)}
    return pages, {page.source: page for page in pages_again(stream, "n", how, pages)}


def table(texts: list[str]) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({"text": texts, "url": [f"http://a.example/{i}" for i in range(len(texts))]}), stream, 2)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("how", "data", "sources"),
    [
        (WET, info() + member(1) + member(2), ["n#180", "n#419"]),
        (QUIRKS, info() + member(1) + member(2), ["n#180", "n#419"]),
        (WET, record(1) + record(2), ["n#0", "n#300"]),
        (WET, gzip.compress(record(1) + record(2)), ["n#0"]),  # the second has no place of its own
        (WET, record(1, length=3) + record(2), ["n#295"]),  # the first ends where nothing says
        (JSONL, LINES, ["n#0", "n#23", "n#54"]),
        (Read(format="parquet"), table(["One.", "Two.", "Three.", "Four.", "Five."]), [f"n#{i}" for i in range(5)]),
        (Read(format="text"), b"A text.\nOf two lines.", ["n#0"]),
        (Read(format="text"), gzip.compress(b"A text."), ["n#0"]),
    ],
)
def test_pages_have_places(how, data, sources):
    pages, again = places_of(data, how)
    assert (len(pages), [*again]) == (len(sources), [*pages])
    assert again == pages
    if how.format != "wet":
        assert [*pages] == sources


def test_one_row_group_is_read_for_one_row():
    stream = io.BytesIO(table(["One.", "Two.", "Three.", "Four.", "Five."]))
    (page,) = pages_again(stream, "n", Read(format="parquet"), ["n#3"])
    assert (page.text, page.url) == ("Four.", "http://a.example/3")


@pytest.mark.parametrize(
    ("how", "data"),
    [
        (JSONL, gzip.compress(LINES)),
        (WET, b"\x28\xb5\x2f\xfd\x04\x00\x01\x00\x00\x99\xe9\xd8\x51"),
        (ReadWarc(), b"\x28\xb5\x2f\xfd\x04\x00\x01\x00\x00\x99\xe9\xd8\x51"),
    ],
)
def test_what_is_one_packed_stream_has_no_places(how, data):
    assert not has_places(io.BytesIO(data), how)


def test_what_is_there_no_more_is_not_found():
    whole = info() + member(1) + member(2)
    (first, second), _ = places_of(whole, WET)
    cut = io.BytesIO(whole[: int(second[2:]) + 9])
    assert [page.source for page in pages_again(cut, "n", WET, [first, second])] == [first]
    assert not [*pages_again(io.BytesIO(LINES), "n", JSONL, ["n#24"])]  # in the middle of a line
    assert not [*pages_again(io.BytesIO(b"no table"), "n", Read(format="parquet"), ["n#0"])]
    assert not [*pages_again(io.BytesIO(table(["One."])), "n", Read(format="parquet"), ["n#1"])]


@needs.resiliparse
def test_responses_have_places():
    data = b"".join(member(i, response_of(b"<p>A page of so many words.</p>"), kind="response") for i in range(3))
    pages, again = places_of(data, ReadWarc())
    assert again == pages
    assert len(pages) == 3


FILES = [info() + b"".join(map(member, range(5))), record(7, length=40) + b"".join(map(record, range(4)))]
FILES += [FILES[0] + FILES[1], gzip.compress(FILES[1]) + FILES[0]]
PUT = st.sampled_from([b"", b"WARC/1.0\n", b"\n\n", b"\x1f\x8b\x08"])
HITS = st.lists(st.tuples(st.floats(0, 1), PUT, st.integers(0, 99)))


# Two damaged members follow a page, which the reference's quirks hold until the next one.
@example(FILES[2], [(0.0, b"", 47), (0.23828125, b"", 1), (0.0, b"", 69), (0.28125, b"", 1)], QUIRKS)
@given(st.sampled_from(FILES), HITS, st.sampled_from([WET, QUIRKS]))
def test_places_lead_to_the_same_pages_in_damaged_files(data, hits, how):
    for share, put, gone in hits:
        at = int(share * len(data))
        data = data[:at] + put + data[at + gone :]
    if has_places(io.BytesIO(data), how):
        pages, again = places_of(data, how)
        assert again == pages


@given(st.lists(st.sampled_from(LINES.split(b"\n")), max_size=8), st.sampled_from([b"\n", b"\r\n", b"\n\n"]))
def test_places_lead_to_the_same_lines(lines, between):
    pages, again = places_of(between.join(lines), JSONL)
    assert again == pages


@pytest.mark.parametrize("how", [WET, QUIRKS], ids=["wet", "quirks"])
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.warc.wet*")), ids=lambda path: path.name)
def test_samples_have_places(path, how):
    pages, again = places_of(path.read_bytes(), how)
    assert again == pages


@needs.shared
@pytest.mark.parametrize("how", [WET, QUIRKS], ids=["wet", "quirks"])
def test_real_pages_have_places(how):
    for path in sorted((SHARED / "wet").glob("**/*.wet*")):
        pages, again = places_of(path.read_bytes(), how)
        assert again == pages
