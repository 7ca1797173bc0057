"""c4pipe.documents.layouts: what the tools that people use write, as JSON Lines and as Parquet."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from c4pipe.documents import FieldKeys
from c4pipe.documents.layouts import ANY_LAYOUT, LAYOUTS, has_path, layout_of, value_at
from c4pipe.page import Kept
from tests.documents.reading import parquet, read

URL, DATE = "http://a.example/", "2019-04-25T12:57:54Z"
SPELT = "2019-04-25 12:57:54"
HEADERS = {"warc-target-uri": URL, "warc-date": DATE, "warc-record-id": "<urn:uuid:1>", "warc-type": "conversion"}
RECORDS: list[tuple[str, dict[str, Any], str]] = [
    (
        "datatrove: text, metadata.url, metadata.date",
        {"text": "T.", "id": "1", "metadata": {"url": URL, "date": DATE}},
        "1",
    ),
    (
        "dolma: text, metadata.url, created",
        {"id": "1", "text": "T.", "source": "cc", "added": "2024-01-01", "created": SPELT, "metadata": {"url": URL}},
        "1",
    ),
    (
        "FineWeb: text, url, date",
        {
            "text": "T.",
            "id": "<urn:uuid:1>",
            "dump": "CC-MAIN-2019-18",
            "url": URL,
            "date": DATE,
            "file_path": "s3://x",
        },
        "urn:uuid:1",
    ),
    (
        "DCLM: text, url, metadata.WARC-Date",
        {"text": "T.", "url": URL, "metadata": {"WARC-Date": DATE, "WARC-Record-ID": "<urn:uuid:1>"}, "warcinfo": ""},
        "urn:uuid:1",
    ),
    (
        "trafilatura: text, source, date",
        {"title": "t", "author": None, "hostname": "a.example", "date": "2019-04-25", "source": URL, "text": "T."},
        "",
    ),
    (
        "trafilatura: text, source, date",
        {
            "source": URL,
            "source-hostname": "A",
            "fingerprint": "f",
            "raw_text": "T T.",
            "text": "T.",
            "date": "2019-04-25",
        },
        "f",
    ),
    (
        "OSCAR: content, warc_headers.warc-target-uri, warc_headers.warc-date",
        {"content": "T.", "warc_headers": HEADERS},
        "urn:uuid:1",
    ),
    (
        "OSCAR: text, meta.warc_headers.warc-target-uri, meta.warc_headers.warc-date",
        {"id": 0, "text": "T.", "meta": {"warc_headers": HEADERS, "identification": {"label": "en"}}},
        "urn:uuid:1",
    ),
    (
        "RefinedWeb: content, url, timestamp",
        {"content": "T.", "url": URL, "timestamp": SPELT, "dump": "CC-MAIN-2019-18", "segment": "1"},
        "",
    ),
    ("C4: text, url, timestamp", {"text": "T.", "url": URL, "timestamp": DATE}, ""),
    (
        "CulturaX: text, url, timestamp",
        {"text": "T.", "timestamp": "2019/04/25 12:57:54", "url": URL, "source": "mC4"},
        "",
    ),
    ("HPLT: text, u, ts", {"f": "x", "u": URL, "ts": DATE, "text": "T.", "id": "1"}, "1"),
    (
        "cc_net: raw_content, url, date_download",
        {"url": URL, "date_download": DATE, "digest": "sha1:A", "raw_content": "T."},
        "sha1:A",
    ),
    (
        "RedPajama: raw_content, meta.url, meta.date_download",
        {"raw_content": "T.", "doc_id": "1", "meta": json.dumps({"url": URL, "date_download": DATE})},
        "1",
    ),
    (
        "the Pile or RedPajama: text, meta.url, meta.timestamp",
        {"text": "T.", "meta": {"url": URL, "timestamp": DATE}},
        "",
    ),
    ("plain records: text, uri, crawl_date", {"uri": URL, "text": "T.", "crawl_date": 1556197074}, ""),
]


def first_told(record: dict[str, Any]) -> str:
    def has(path: str) -> bool:
        return has_path(record, path)

    return layout_of(has).told(has)


@pytest.mark.parametrize(("told", "record", "name"), RECORDS)
def test_a_layout_is_told_by_its_keys(told: str, record: dict[str, Any], name: str) -> None:
    assert first_told(record) == told
    date = DATE if "trafilatura" not in told else "2019-04-25T00:00:00Z"
    for data, kind in (
        (json.dumps(record).encode(), "jsonl"),
        (parquet(pa.Table.from_pylist([record])), "parquet"),
        (parquet(pa.Table.from_pylist([nested_as_json(record)])), "parquet"),
    ):
        if "meta.warc_headers" in told and isinstance(nested_as_json(record)["meta"], str) and kind == "parquet":
            continue  # no schema says what is in a string
        [verdict] = read(data, kind)
        page = verdict.page
        assert isinstance(verdict, Kept)
        assert (page.url, page.text, page.timestamp, page.record_id) == (URL, "T.", date, name), kind
        assert verdict.tally == {}


def nested_as_json(record: dict[str, Any]) -> dict[str, Any]:
    """Objects as strings, but where only the schema tells the layout."""
    tells = {"warc_headers", "metadata"} if "WARC-Date" in str(record) or "warc_headers" in record else set()
    return {k: json.dumps(v) if isinstance(v, dict) and k not in tells else v for k, v in record.items()}


def test_a_map_is_an_object() -> None:
    meta = pa.array([[("url", URL), ("date", SPELT)], [("url", None)], None], pa.map_(pa.string(), pa.string()))
    verdicts = read(parquet({"text": ["a", "b", "c"], "id": ["1", "2", "3"], "metadata": meta}), "parquet")
    assert [(v.page.url, v.page.timestamp) for v in verdicts] == [(URL, DATE), ("", ""), ("", "")]


def test_what_has_no_url_and_no_date_says_so() -> None:
    assert first_told({"id": "1", "url": URL, "title": "t", "text": "T."}) == "Wikipedia: text, url, no date"
    assert first_told({"text": "T.", "meta": {"pile_set_name": "x"}}) == "the Pile or RedPajama: text, no url, no date"
    assert first_told({"body": "T."}) == "plain records: no text, no url, no date"


def test_the_first_path_that_says_something_counts() -> None:
    rows = [
        {"text": "a", "url": None, "metadata": {"url": URL}, "id": "1"},
        {"text": "a", "url": "http://b.example/", "metadata": {"url": " "}, "id": "2"},
    ]
    for data, kind in (
        ("\n".join(map(json.dumps, rows)).encode(), "jsonl"),
        (parquet(pa.Table.from_pylist(rows)), "parquet"),
    ):
        assert [v.page.url for v in read(data, kind)] == [URL, "http://b.example/"]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_key_that_is_named_outranks_the_layout(kind: str) -> None:
    record = {"text": "a", "url": "u", "timestamp": DATE, "doc": {"body": "b", "when": 5}, "link.to": URL}
    data = json.dumps(record).encode() if kind == "jsonl" else parquet(pa.Table.from_pylist([record]))
    [verdict] = read(data, kind, keys=FieldKeys("doc.body", "link.to", "doc.when"))
    assert verdict.page[:3] == (URL, "b", "1970-01-01T00:00:05Z")
    [verdict] = read(data, kind, keys=FieldKeys(url="doc.body"))
    assert verdict.page[:3] == ("b", "a", DATE)


@pytest.mark.parametrize(
    ("record", "path", "value"),
    [
        ({"a": {"b": 1}}, "a.b", 1),
        ({"a.b": 2, "a": {"b": 1}}, "a.b", 2),
        ({"a": '{"b": {"c": 3}}'}, "a.b.c", 3),
        ({"a": "[" * 5000}, "a.b", None),
        ({"a": '{"b":' * 50_000}, "a.b", None),
        ({"a": [1]}, "a.0", None),
        ({}, "a", None),
        ({"a": 1}, "", None),
    ],
)
def test_a_path_leads_to_a_value(record: dict[str, Any], path: str, value: Any) -> None:
    assert value_at(record, path) == value


def test_a_layout_stands_in_front_of_those_that_it_would_hide_behind() -> None:
    """None can never be reached: no other in front of it asks for less."""
    for i, layout in enumerate(LAYOUTS):
        assert not any({*other.marks} <= {*layout.marks} for other in LAYOUTS[:i]), layout
    assert layout_of(lambda path: False) == ANY_LAYOUT
