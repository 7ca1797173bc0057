"""Exports are the selected rows, as the files have them; spreadsheets run nothing; memory is bounded."""

from __future__ import annotations

import csv
import io
import re
from urllib.parse import parse_qsl

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.facts.corpus import Corpus, connect
from c4pipe.inspect.serve import export
from c4pipe.inspect.serve.export import batches, cell, parquet, schema_of
from c4pipe.inspect.serve.finding import find
from c4pipe.inspect.serve.saving import file_name
from c4pipe.inspect.serve.selection import Selection, known, parse
from c4pipe.shards import PAGE_SCHEMA, REJECTED_SCHEMA
from tests.inspect.serve.conftest import LONG, Ask, cursor

csv.field_size_limit(1 << 30)


@pytest.mark.parametrize(
    ("query", "sql", "schema"),
    [
        ("", "SELECT {} FROM pages ORDER BY shard, row", PAGE_SCHEMA),
        (
            "q=harbour",
            "SELECT {} FROM pages WHERE text ILIKE '%harbour%' OR url ILIKE '%harbour%' ORDER BY shard, row",
            PAGE_SCHEMA,
        ),
        ("split=validation", "SELECT {} FROM pages WHERE split = 'validation' ORDER BY shard, row", PAGE_SCHEMA),
        ("q=nowhere+at+all", "SELECT {} FROM pages LIMIT 0", PAGE_SCHEMA),
        ("outcome=url/older_copy", "SELECT {} FROM rejected WHERE stage = 'url' ORDER BY part, row", REJECTED_SCHEMA),
    ],
)
def test_parquet_holds_the_selected_rows(samples: Corpus, viewer: Ask, query: str, sql: str, schema: object) -> None:
    answer = viewer(samples).get(f"/export?format=parquet&{query}")
    assert answer.status_code == 200
    name = file_name(samples.folder.name, samples.digest, parse_qsl(query), "parquet")
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    table = pq.read_table(io.BytesIO(answer.content))
    told = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    assert told["c4pipe.corpus"] == samples.folder.name
    assert told["c4pipe.digest"] == samples.digest
    assert parse_qsl(told.get("c4pipe.filters", "")) == parse_qsl(query)
    assert table.schema.names == schema.names  # type: ignore[attr-defined]
    assert [tuple(row.values()) for row in table.to_pylist()] == connect(samples).execute(
        sql.format(", ".join(table.schema.names))
    ).fetchall()


@pytest.mark.parametrize(
    ("folder", "filters", "kind", "sample", "name"),
    [
        ("en", [], "csv", False, "en-8f34c1d2.csv"),
        ("en", [("outcome", "clean/few_sentences")], "csv", True, "en-8f34c1d2-outcome-clean_few_sentences-sample.csv"),
        ("my corpus", [("q", "../a\r\n\"b"), ("split", "dev")], "parquet", False,
         "my_corpus-8f34c1d2-q-a_b-split-dev.parquet"),
        ("en", [("q", "海岸"), ("format", "csv"), ("lost", "")], "csv", False, "en-8f34c1d2-q.csv"),
        ("en", [("q", "x" * 90), ("domain", "z" * 90)], "csv", True,
         f"en-8f34c1d2-q-{'x' * 40}-domain-{'z' * 40}-sample.csv"),
    ],
)  # fmt: skip
def test_the_name_of_a_file(folder: str, filters: list[tuple[str, str]], kind: str, sample: bool, name: str) -> None:
    assert file_name(folder, "8f34c1d2e5" * 6, filters, kind, sample) == name


@given(st.text(max_size=300), st.lists(st.tuples(st.text(), st.text())))
def test_a_name_is_safe_and_short(folder: str, filters: list[tuple[str, str]]) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,170}", file_name(folder, "8f34c1d2", filters, "parquet", True))


def test_csv_holds_the_same_rows(samples: Corpus, viewer: Ask) -> None:
    answer = viewer(samples).get("/export?format=csv&q=harbour")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    table = pq.read_table(io.BytesIO(viewer(samples).get("/export?format=parquet&q=harbour").content))
    assert [(row["url"], row["text"]) for row in rows] == [(row["url"], row["text"]) for row in table.to_pylist()]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    "query", ["", "outcome=rejected", "lost=no_end_mark", "q=e&in=lost", "order=random&seed=3&q=harbour"]
)
def test_no_library_warns_of_how_it_is_asked(samples: Corpus, viewer: Ask, query: str, kind: str) -> None:
    answer = viewer(samples).get(f"/export?format={kind}&{query}")
    assert answer.status_code == 200
    assert len(answer.content) > 1000


def test_formulas_are_defused(hostile: Corpus, viewer: Ask) -> None:
    answer = viewer(hostile).get("/export?format=csv")
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert "'=HYPERLINK(\"http://x\")\n'quoted', text" in cells
    assert "'@host" in cells
    assert LONG in cells


def test_the_lines_of_a_rejected_page_are_json(hostile: Corpus, viewer: Ask) -> None:
    rows = list(
        csv.DictReader(io.StringIO(viewer(hostile).get("/export?format=csv&outcome=rejected").text, newline=""))
    )
    assert [row["reason"] for row in rows] == ["few_words", "no_url", "few_words"]
    assert rows[0]["dropped"] == "[]"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1", "'=1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@a", "'@a"),
        ("\ta", "'\ta"),
        ("\ra", "'\ra"),
        ("a=1", "a=1"),
        ("", ""),
        (1.5, 1.5),
    ],
)
def test_a_cell(value: object, shown: object) -> None:
    assert cell(value) == shown


def test_an_export_is_written_while_it_is_read(samples: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "ROW_GROUP_ROWS", 10)
    read = 0

    def counted():  # type: ignore[no-untyped-def]
        nonlocal read
        for table in batches(cursor(samples), samples, Selection()):
            read += 1
            yield table

    pieces = parquet(counted(), schema_of(samples, Selection()))
    next(pieces)
    assert read == 1
    assert len(list(pieces)) > 1


@pytest.mark.parametrize("query", ["order=random&seed=5", "order=score", "order=random&outcome=rejected&q=e"])
def test_an_export_is_in_the_order_of_the_list(
    samples: Corpus, viewer: Ask, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "ROW_GROUP_ROWS", 10)
    client = viewer(samples)
    selection = parse(parse_qsl(query), known(samples))
    hits = find(cursor(samples), samples, selection, None).hits
    table = pq.read_table(io.BytesIO(client.get(f"/export?format=parquet&{query}").content))
    assert table.column("source").to_pylist()[:50] == [hit.source for hit in hits]
    rows = csv.DictReader(io.StringIO(client.get(f"/export?format=csv&{query}").text, newline=""))
    assert [row["source"] for row in rows] == table.column("source").to_pylist()
    assert "in the order of the files" not in client.get(f"/?{query}").text
    monkeypatch.setattr(export, "MOST_ORDERED", 5)
    plain = pq.read_table(io.BytesIO(client.get(f"/export?format=parquet&{query}").content))
    assert sorted(plain.column("source").to_pylist()) == sorted(table.column("source").to_pylist())
    assert plain != table
    assert "in the order of the files as there are more than 5," in client.get(f"/?{query}").text


def test_an_unknown_format_is_refused(samples: Corpus, viewer: Ask) -> None:
    answer = viewer(samples).get("/export?format=xlsx")
    assert answer.status_code == 400
    assert "Known: parquet, csv" in answer.text
