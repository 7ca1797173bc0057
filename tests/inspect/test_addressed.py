"""Which pages an address means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.facts.corpus import connect, open_corpus
from c4pipe.inspect.addressed import _KEY, _LOOSE, loose_key, pages_addressed
from c4pipe.page import Page
from c4pipe.shards import PAGE_SCHEMA
from c4pipe.text.urls import url_key
from tests.inspect.tiny import lost, write

PIECES = (
    "http://", "https://", "www.", "a.example", "/", "?", "utm_x", "ref", "feed", "\n", "é", "İ", "{",
    "'", "#", "&", "X", "fbclid=", "gclid=1",
)  # fmt: skip
NEWS = "https://www.A.example/News/?id=7"
KEPT = [
    Page(NEWS, "One.", "2024", "a#1", "urn:uuid:1"),
    Page("http://b.example/", "Two.", "2024", "a#2", "urn:uuid:2"),
    Page("", "Three.", "2024", "a#3", "urn:uuid:3"),
]
LOST = [
    lost("http://b.example", "url", "older_copy", source="a#4"),
    lost("http://c.example/#!/app", "clean", "few_sentences", source="a#5"),
    lost("http://b.example/", "", "kept", source="a#2"),
]


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(open_corpus(write(tmp_path_factory.mktemp("at") / "c4", KEPT, LOST))) as connection:
        yield connection


@pytest.mark.parametrize(
    ("address", "sources"),
    [
        (NEWS, "a#1"),
        ("urn:uuid:1", "a#1"),
        ("a#3", "a#3"),
        ("a#5", "a#5"),
        ("A.example/News/?id=7", "a#1"),
        ("www.a.example/news?id=7", "a#1"),
        ("https://A.example/News/?id=7#comments", "a#1"),
        ("a.example/news?utm_source=x&id=7&fbclid=1", "a#1"),
        ("HTTP://WWW.A.EXAMPLE/NEWS?id=7", "a#1"),
        ("a.example/news?id=8", ""),
        ("b.example", "a#2 a#4"),
        ("http://b.example/", "a#2"),
        ("http://b.example", "a#4"),
        ("b.example/?utm_campaign=spring#top", "a#2 a#4"),
        ("c.example", "a#5"),
        ("c.example/#other", "a#5"),
        ("", ""),
        ("#", ""),
    ],
)
def test_an_address_means_these_pages(views: duckdb.DuckDBPyConnection, address: str, sources: str) -> None:
    found = pages_addressed(views, address)
    assert [place.source for place in (*found.kept, *found.lost)] == sources.split()
    assert found.number == len(sources.split())


def test_how_it_is_theirs(views: duckdb.DuckDBPyConnection) -> None:
    hows = [
        pages_addressed(views, address).how for address in (NEWS, NEWS.removeprefix("https://www."), NEWS.lower(), "x")
    ]
    assert hows == ["", "the URL counts as the same", "the URL is alike", ""]


def test_pages_without_record_ids(tmp_path: Path) -> None:
    columns = ("text", "timestamp", "url", "source")
    schema = pa.schema([PAGE_SCHEMA.field(name) for name in columns])
    with connect(open_corpus(write(tmp_path / "c4", KEPT, schema=schema))) as views:
        assert pages_addressed(views, "urn:uuid:1").number == 0
        assert [place.source for place in pages_addressed(views, "a#3").kept] == ["a#3"]


@settings(deadline=None)  # a database shares the machine with other tests
@given(st.lists(st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3)).map("".join))
def test_sql_and_python_see_the_same_keys(url: str) -> None:
    sql = f"SELECT {_KEY.format('url')}, {_LOOSE.format('url')} FROM (SELECT $1::VARCHAR AS url)"
    assert duckdb.execute(sql, [url]).fetchone() == (url_key(url), loose_key(url))
