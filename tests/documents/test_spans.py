"""c4pipe.documents.spans: whatever a file is cut into, its parts give what the whole gives."""

from __future__ import annotations

import gzip
import io
import json
from itertools import pairwise
from typing import Any

import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from c4pipe.documents import FORMATS, Span, jsonl, read_documents
from c4pipe.page import Verdict
from c4pipe.wet import Limits
from tests.documents.reading import parquet, short

LIMITS = Limits(record=300)
WHOLE_FILE = Span()


def read(data: bytes, kind: str, span: Span = WHOLE_FILE, limits: Limits = LIMITS) -> list[Verdict]:
    return list(read_documents(io.BytesIO(data), "f", kind, limits, span))


def in_parts(data: bytes, kind: str, cuts: set[int], limits: Limits = LIMITS) -> list[Verdict]:
    edges = [0, *sorted(cuts - {0}), None]
    return [verdict for start, stop in pairwise(edges) for verdict in read(data, kind, Span(start or 0, stop), limits)]


ABC = b'{"text": "a"}\n{"text": "b"}\n{"text": "c"}\n'


@pytest.mark.parametrize(
    ("span", "found"),
    [
        (Span(0, 1), ["a"]),
        (Span(0, 14), ["a"]),
        (Span(0, 15), ["a", "b"]),
        (Span(1, 14), []),
        (Span(14, 15), ["b"]),
        (Span(13, 29), ["b", "c"]),
        (Span(15, 28), []),
        (Span(28, None), ["c"]),
        (Span(41, None), []),
        (Span(42, 99), []),
        (Span(99, None), []),
    ],
)
def test_a_line_belongs_to_the_span_that_it_begins_in(span: Span, found: list[str]) -> None:
    assert short(read(ABC, "jsonl", span)) == found
    whole = read(ABC, "jsonl")
    assert all(verdict in whole for verdict in read(ABC, "jsonl", span))


def test_a_row_group_belongs_to_the_span_that_it_begins_in() -> None:
    data = parquet({"text": [str(n) for n in range(9)]}, row_group_size=3)
    starts = [read(data, "parquet", Span(0, at)) for at in range(1, len(data))]
    assert [len(each) for each in starts] == sorted(len(each) for each in starts)
    assert {len(each) for each in starts} == {0, 3, 6, 9}
    later = next(read(data, "parquet", Span(at, None)) for at in range(99) if len(read(data, "parquet", Span(at))) == 6)
    assert [verdict.page.source for verdict in later] == [f"f#{n}" for n in range(3, 9)]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_all_of_a_packed_file_belongs_to_its_beginning(pack: Any) -> None:
    data = pack(ABC)
    assert short(read(data, "jsonl", Span(0, 1))) == ["a", "b", "c"]
    assert read(data, "jsonl", Span(1, None)) == []


def test_the_beginning_of_a_file_tells_the_layout_of_every_part() -> None:
    first = {"content": "a", "url": "u", "timestamp": "2019", "text": "other"}
    data = "".join(json.dumps(first | {"content": text}) + "\n" for text in "abcd").encode()
    assert short(read(data, "jsonl", Span(len(data) // 2 + 1, None))) == ["d"]


def test_one_line_over_many_spans_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A span in which no line begins reads no further than its end."""
    data = b'{"text": "' + b"a" * (4 << 20) + b'"}\n' + ABC
    monkeypatch.setattr(jsonl, "HEAD", 1 << 10)
    stream = io.BytesIO(data)
    assert list(read_documents(stream, "f", "jsonl", LIMITS, Span(1 << 20, 1 << 21))) == []
    assert stream.tell() <= (1 << 21) + (1 << 18)


LINES = st.lists(
    st.sampled_from(
        [
            *(b'{"text": "a"}', b'{"text": "b", "url": "u", "timestamp": 5}', b'{"content": "c", "url": "u"}', b"{}"),
            *(b"", b"", b" ", b"\r", b"\xef\xbb\xbf", b"{", b"[]", b"\xff", b"x" * 301, b"<html>", b"\xff\xfe{\0"),
            *(b"PAR1", b"\x1f\x8b", b'{"text": 5}', b'{"text": "' + "é".encode() * 40 + b'"}'),
        ]
    ),
    max_size=9,
)


@settings(max_examples=400, deadline=None)
@given(LINES, st.booleans(), st.sets(st.integers(1, 700), max_size=6), st.sampled_from([1, 20, 1 << 20]))
@example([b"", b"", b"<html>", b"{}"], True, {1}, 1 << 20)
@example([b"", b" ", b""], True, {1, 2, 4}, 1 << 20)
@example([b"{", b'{"content": "c", "url": "u"}'], True, {1, 2, 30}, 1)
def test_lines_are_the_same_in_parts(lines: list[bytes], ended: bool, cuts: set[int], head: int) -> None:
    data = b"\n".join(lines) + b"\n" * ended
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonl, "HEAD", head)
        assert in_parts(data, "jsonl", cuts) == read(data, "jsonl")


WHOLE = [
    ABC * 9,
    gzip.compress(ABC * 20, mtime=0) * 3,
    zstandard.compress(ABC * 20) * 2,
    parquet({"text": ["a", None, "b"] * 40, "url": ["u"] * 120}, row_group_size=50),
    parquet({"text": ["a", None, "b"] * 40}, use_dictionary=False, compression="none", row_group_size=20),
]


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(WHOLE), st.sampled_from(FORMATS))
def test_any_file_is_the_same_in_parts(data: st.DataObject, whole: bytes, kind: str) -> None:
    """Damaged ones, too, and those of another format."""
    spoilt = whole
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(spoilt)))
        cut = data.draw(st.sampled_from([0, 1, 1, 30, 10**6]))
        spoilt = spoilt[:at] + data.draw(st.binary(max_size=3)) + spoilt[at + cut :]
    cuts = data.draw(st.sets(st.integers(1, len(spoilt) + 9), max_size=5))
    assert in_parts(spoilt, kind, cuts) == read(spoilt, kind)
