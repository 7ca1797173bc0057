"""c4pipe.documents: what must hold for every corpus, and that the room fits the stages behind it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import string
from typing import Any

import pyarrow as pa
import pytest
import zstandard
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from c4pipe.documents import DOCUMENT_REASONS, FORMAT_SUFFIXES, FORMATS, read_documents
from c4pipe.errors import ConfigError
from c4pipe.page import Kept, Verdict
from c4pipe.text.dates import parsed_date
from c4pipe.wet import Limits, page_text
from c4pipe.wet.kinds import kind_of
from tests.documents.reading import parquet, read

TEXT = st.text(
    st.one_of(st.sampled_from("aB. \n\r\t\0\u00a0\u2028\ufeff😀"), st.characters(codec="utf-8")), max_size=40
)
FIELD = st.none() | st.text(st.sampled_from(string.ascii_letters + " :/é\n"), max_size=12)
WHEN = st.datetimes().map(str) | st.sampled_from(["2019-04-25", "2019-13-01", "20190425010203"])
ROWS = st.lists(
    st.fixed_dictionaries({"text": st.none() | TEXT}, optional={"url": FIELD, "timestamp": FIELD | WHEN, "id": FIELD}),
    max_size=8,
)


def plainly(rows: list[dict[str, str | None]]) -> list[tuple[Any, ...]]:
    """The definition of what is read: per row the page's fields, and what it lacks; or a reason."""
    found: list[tuple[Any, ...]] = []
    for row in rows:
        url, when, own = ((row.get(key) or "").strip(" \t\r\n") for key in ("url", "timestamp", "id"))
        text = page_text(row["text"] or "")
        if re.search("[\x00-\x1f]", url):
            found.append(("bad_url",) if row["text"] is not None else ("no_text",))
        elif not text:
            found.append(("no_text",))
        else:
            date = parsed_date(when) if when else ""
            found.append((url, text, date or "", own, not url, not when, date is None))
    return found


def as_read(verdicts: list[Verdict]) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for v in verdicts:
        if not isinstance(v, Kept):
            found.append((v.reason.code,))
            continue
        page, noted = v.page, [code in v.tally for code in ("no_url_given", "no_date_given", "bad_date")]
        assert page.text_md5 == ("" if page.url else hashlib.md5(page.text.encode()).hexdigest())
        found.append((page.url, page.text, page.timestamp, page.record_id, *noted))
    return found


@settings(max_examples=150, deadline=None)
@given(ROWS, st.sampled_from([bytes, gzip.compress, zstandard.compress]), st.booleans(), st.integers(1, 200))
def test_rows_are_the_same_pages_from_either_format(rows: list[Any], pack: Any, ascii_only: bool, chunk: int) -> None:
    """Any list of records, through JSON Lines and through Parquet."""
    data = "".join(json.dumps(row, ensure_ascii=ascii_only) + "\n" for row in rows).encode()
    columns = {key: pa.array([row.get(key) for row in rows], pa.string()) for key in ("text", "url", "timestamp", "id")}
    expected = plainly(rows)
    if rows:
        assert as_read(read(parquet(columns, row_group_size=3), "parquet")) == expected
        assert as_read(read(pack(data), "jsonl", chunk=chunk)) == expected


@settings(max_examples=100, deadline=None)
@given(TEXT)
def test_a_file_is_the_page_that_its_text_is(text: str) -> None:
    assume(kind_of(text.encode()) is None and text.strip("\0"))  # zero bytes are no file
    body = text.removeprefix("\ufeff")
    [verdict] = read(text.encode(), "text")
    assert isinstance(verdict, Kept) == bool(page_text(body))
    if isinstance(verdict, Kept):
        assert verdict.page.text == page_text(body)


HEADS = [
    b"",
    b"\x1f\x8b\x08\x00",
    b"\x28\xb5\x2f\xfd",
    b'{"text": "',
    b"\xef\xbb\xbf{",
    b"PAR1",
    b"PK\x03\x04",
    b"\n<html>",
]
WHOLE = [
    b'{"text": "a\\nb", "url": "u"}\n{"text": "c"}\n\n[]\n' * 9,
    gzip.compress(b'{"text": "a"}\n' * 40, mtime=0) * 3,
    zstandard.compress(b'{"text": "a"}\n' * 40) * 2,
    parquet({"text": ["a", None, "b"] * 40, "url": ["u"] * 120}, row_group_size=50),
    parquet({"text": ["a", None, "b"] * 40}, use_dictionary=False, compression="none", write_page_checksum=True),
]
LIMITS = Limits(record=300)


def check(data: bytes, kind: str, chunk: int = 0) -> None:
    verdicts = read(data, kind, LIMITS, chunk)
    assert len({v.page.source for v in verdicts}) == len(verdicts)
    for v in verdicts:
        json.dumps([*v.page]).encode()
        "".join(v.page[:5]).encode()  # no lone surrogate
        assert isinstance(v, Kept) or (v.reason in DOCUMENT_REASONS and len(v.detail.encode()) < 500)
        assert {*v.tally} <= {reason.code for reason in DOCUMENT_REASONS}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(HEADS), st.binary(max_size=300), st.sampled_from(FORMATS), st.sampled_from([0, 1, 50]))
def test_any_bytes_are_a_file(head: bytes, junk: bytes, kind: str, chunk: int) -> None:
    check(head + junk, kind, chunk)


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(WHOLE), st.sampled_from(FORMATS))
def test_nothing_is_ever_raised(data: st.DataObject, whole: bytes, kind: str) -> None:
    """Whatever is done to a good file."""
    spoilt = whole
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(spoilt)))
        cut = data.draw(st.sampled_from([0, 1, 1, 30, 10**6]))
        spoilt = spoilt[:at] + data.draw(st.binary(max_size=3)) + spoilt[at + cut :]
    check(spoilt, kind)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(st.characters(), max_size=5),  # surrogates too
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["text", "url", "timestamp", "id", "\ud800"]), inner, max_size=4)
        ),
        max_leaves=8,
    )
)
def test_any_value_is_a_line(value: Any) -> None:
    check(json.dumps(value).encode() + b"\n", "jsonl")


def test_an_unknown_format_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"unknown input format 'json'.*Did you mean 'jsonl'.*text, parquet"):
        read_documents(io.BytesIO(), "f", "json")


def test_a_file_is_found_by_one_format_only() -> None:
    assert {*FORMAT_SUFFIXES} == {*FORMATS}
    every = [suffix for suffixes in FORMAT_SUFFIXES.values() for suffix in suffixes]
    assert len({*every}) == len(every)
    assert not any(a != b and a.endswith(b) for a in every for b in every)
