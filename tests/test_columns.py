"""Columns in addition to those of `Page`: a stage adds them, or a change of c4pipe in two places."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from c4pipe.card import check_schema, dataset_card
from c4pipe.card.features import as_yaml, features_of
from c4pipe.corpus.stats import Stats
from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.corpus import connect, open_corpus
from c4pipe.files.storage import LocalStore
from c4pipe.inspect.__main__ import main
from c4pipe.inspect.lookup import look_up
from c4pipe.inspect.query import answer
from c4pipe.inspect.serve import make_app
from c4pipe.page import Page
from c4pipe.passes.finished import FinishedPages, GroupFound, RowSlice
from c4pipe.passes.merging import OutputShard, write_shard
from c4pipe.presets import EN
from c4pipe.shards import (
    PAGE_SCHEMA,
    REJECTED_SCHEMA,
    TAKEN,
    added_to,
    as_in_parquet,
    memory_of,
    page_table,
    pages_of,
    schema_with,
)
from tests import manifests
from tests.inspect import tiny
from tests.wetfiles import SAMPLES

yaml = pytest.importorskip("yaml", reason="PyYAML comes with `datasets`, which the test extra installs")

URL = "http://a.example/"
DATE = "2024-05-22T10:11:12Z"
NOON = dt.datetime(2024, 5, 22, 12)
ADDED = [
    pa.field("stars", pa.int32(), nullable=False),
    pa.field("order", pa.list_(pa.string())),  # a word of SQL
    pa.field("is good", pa.bool_()),
    pa.field("seen", pa.timestamp("us")),
]
SCHEMA = schema_with(ADDED)
NAMES = [field.name for field in ADDED]
VALUES: dict[str, Any] = {"stars": 5, "order": ["=a", "<b>"], "is good": True, "seen": NOON}
PAGES = [
    Page(URL, "One.\nTwo.", DATE, "a.wet#1", "urn:1", "en", 0.99, "", VALUES),
    Page("http://b.example/", "Three.", DATE, "a.wet#2", extra={"stars": -1}),
]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return tiny.write(tmp_path / "c4", PAGES, schema=SCHEMA)


def test_added_columns_stand_behind_those_of_a_page() -> None:
    assert SCHEMA.names == [*PAGE_SCHEMA.names, *NAMES]
    assert added_to(SCHEMA) == NAMES
    assert schema_with([]) == PAGE_SCHEMA
    assert added_to(PAGE_SCHEMA) == []


@pytest.mark.parametrize("name", ["text", "URL", "extra", "row", "Config", "stage", "stars", "STARS", "", "__key"])
def test_a_name_that_is_taken_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"no column can be added with the name {name!r}: it is taken"):
        schema_with([pa.field("stars", pa.int8()), pa.field(name, pa.string())])


def test_the_names_beside_the_columns_are_none_of_theirs() -> None:
    assert not TAKEN & set(PAGE_SCHEMA.names)
    assert set(REJECTED_SCHEMA.names) <= TAKEN | set(PAGE_SCHEMA.names)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_texts_as_utf8_make_the_same_table(texts: list[str]) -> None:
    pages = [Page("http://a.example/", text, "2024") for text in texts]
    table = page_table(pages, texts=[text.encode() for text in texts])
    table.validate(full=True)
    assert table.equals(page_table(pages))


def test_pages_with_more_columns_come_back_as_they_were() -> None:
    table = page_table(PAGES, SCHEMA)
    assert table.schema == SCHEMA
    assert table.select(NAMES).to_pylist() == [VALUES, {"stars": -1, "order": None, "is good": None, "seen": None}]
    assert next(iter(pages_of(table, NAMES))) == PAGES[0]
    assert [page.extra for page in pages_of(table, ["stars"])] == [{"stars": 5}, {"stars": -1}]
    assert [page.extra for page in pages_of(table)] == [{}, {}]
    assert list(pages_of(table.slice(2), NAMES)) == list(pages_of(table.slice(2))) == []
    assert pickle.loads(pickle.dumps(PAGES)) == PAGES


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ({}, "column 'stars' must have a value on every page"),
        ({"stars": None}, "column 'stars' must have a value on every page"),
        ({"stars": "five"}, "column 'stars' holds int32, but a stage gave it another value"),
        ({"stars": 1 << 40}, "column 'stars' holds int32, but a stage gave it another value"),
        ({"stars": 1, "order": 7}, "column 'order' holds list<item: string>, but a stage"),
    ],
)
def test_a_value_that_a_column_cannot_hold_is_named(extra: dict[str, Any], says: str) -> None:
    with pytest.raises(BuildError, match=says):
        page_table([PAGES[0]._replace(extra=extra)], SCHEMA)


ODD = [
    pa.field("large", pa.large_list(pa.int16())),
    pa.field("fixed", pa.list_(pa.field("item", pa.list_(pa.float32(), 2), metadata={"k": "v"}))),
    pa.field("seconds", pa.timestamp("s")),
    pa.field("words", pa.dictionary(pa.int64(), pa.string())),
]


def test_a_schema_as_parquet_gives_it_back(tmp_path: Path) -> None:
    schema, values = schema_with(ODD), {"large": [1], "fixed": [[1.0, 2.0]], "seconds": NOON, "words": "a"}
    pages = [page._replace(extra=values) for page in PAGES]
    pq.write_table(page_table(pages, schema), tmp_path / "written")
    assert as_in_parquet(schema).equals(pq.read_schema(tmp_path / "written").remove_metadata(), check_metadata=True)
    assert as_in_parquet(schema).field("large").type.value_field.name == "element"
    with (tmp_path / "finished").open("wb") as stream:
        sink = FinishedPages(stream, schema)
        for page in pages:
            sink.add("en", "train", page)
        sink.close()
    found = tuple(RowSlice(GroupFound(str(tmp_path / "finished"), *g[2:]), 0, g.rows) for g in sink.groups)
    row, _ = write_shard(OutputShard("en", "train", 0, 1, found), LocalStore(), str(tmp_path / "c4"))
    table = pq.read_table(tmp_path / "c4" / row["path"], partitioning=None)
    assert table.select(list(values)).to_pylist() == [values, values]


def test_a_shard_has_the_columns_of_the_finished_files(tmp_path: Path) -> None:
    with (tmp_path / "finished").open("wb") as stream:
        sink = FinishedPages(stream, SCHEMA)
        for page in PAGES:
            sink.add("en", "train", page)
        sink.close()
    (group,) = sink.groups
    found = GroupFound(str(tmp_path / "finished"), *group[2:])
    shard = OutputShard("en", "train", 0, 1, (RowSlice(found, 0, group.rows),))
    row, _ = write_shard(shard, LocalStore(), str(tmp_path / "c4"))
    table = pq.read_table(tmp_path / "c4" / row["path"], partitioning=None)
    assert table.schema == SCHEMA
    assert sorted(table["stars"].to_pylist()) == [-1, 5]
    assert row["memory"] == memory_of(table)


def test_sql_sees_them(corpus: Path) -> None:
    opened = open_corpus(corpus)
    assert opened.schema == SCHEMA
    described = connect(opened).execute("SELECT column_name, column_type FROM (DESCRIBE pages)").fetchall()
    assert described[len(PAGE_SCHEMA) :][: len(NAMES)] == [
        ("stars", "INTEGER"), ("order", "VARCHAR[]"), ("is good", "BOOLEAN"), ("seen", "TIMESTAMP"),
    ]  # fmt: skip
    found = answer(opened, 'SELECT stars, "order", "is good", seen FROM pages ORDER BY stars DESC', 9)
    assert found["rows"] == [[5, ["=a", "<b>"], True, NOON], [-1, None, None, None]]


def test_a_corpus_without_pages_has_the_same_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = open_corpus(tiny.write(tmp_path / "full", PAGES, [tiny.lost(URL, "clean", "few_words")], schema=SCHEMA))
    empty = open_corpus(tiny.write(tmp_path / "empty", []))._replace(schema=SCHEMA)
    for view in ("pages", "rejected", "shards"):
        types = [connect(which).execute(f"DESCRIBE {view}").fetchall() for which in (full, empty)]
        assert types[0] == types[1]
    assert open_corpus(tmp_path / "empty").schema == PAGE_SCHEMA


def test_url_shows_them(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (page,) = look_up(open_corpus(corpus), URL)["pages"]
    assert page["extra"] == VALUES
    assert (page["language"], page["record_id"], page["row"]) == ("en", "urn:1", 0)
    assert main([str(corpus), "--url", URL, "--json"]) == 0
    (page,) = json.loads(capsys.readouterr().out)["pages"]
    assert page["extra"] == VALUES | {"seen": "2024-05-22 12:00:00"}
    assert main([str(corpus), "--url", URL]) == 0
    shown = capsys.readouterr().out
    assert "stars  5" in shown
    assert 'order  ["=a", "<b>"]' in shown


def test_the_viewer_shows_and_exports_them(corpus: Path) -> None:
    with TestClient(make_app(open_corpus(corpus)), base_url="http://127.0.0.1:8000") as client:
        page = client.get("/page/en/train-00000-of-00001.parquet/0").text
        table = pq.read_table(io.BytesIO(client.get("/export?format=parquet").content))
        rows = list(csv.reader(io.StringIO(client.get("/export?format=csv").text, newline="")))
    assert "<bdi>stars</bdi> <span>5</span>" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "<bdi>record_id</bdi> <span>urn:1</span>" in page
    assert table.schema == SCHEMA
    assert next(iter(pages_of(table, NAMES))) == PAGES[0]
    assert rows[0] == SCHEMA.names
    assert [row[len(PAGE_SCHEMA) :] for row in rows[1:]] == [
        ["5", '["=a", "<b>"]', "True", "2024-05-22 12:00:00"], ["-1", "", "", ""],
    ]  # fmt: skip


def test_a_corpus_with_fewer_columns_can_be_read(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As one is that was built before a column was thought of."""
    shard = corpus / "en" / "train-00000-of-00001.parquet"
    pq.write_table(pq.read_table(shard, partitioning=None).drop_columns(["language_votes", "record_id"]), shard)
    manifests.write_again(corpus, manifests.read(corpus))
    (page,) = look_up(open_corpus(corpus), URL)["pages"]
    assert (page["language"], "record_id" in page) == ("en", False)
    assert main([str(corpus), "--url", URL]) == 0
    with TestClient(make_app(open_corpus(corpus)), base_url="http://127.0.0.1:8000") as client:
        assert client.get("/page/en/train-00000-of-00001.parquet/0").status_code == 200
        assert client.get("/export?format=parquet").status_code == 200


LEAVES = [
    *(pa.null(), pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32()),
    *(pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.string(), pa.large_string(), pa.string_view()),
    *(pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(4), pa.date32(), pa.date64(), pa.time32("s")),
    *(pa.time64("ns"), pa.timestamp("ms"), pa.timestamp("ns", "Europe/Berlin"), pa.timestamp("s", "+02:00")),
    *(pa.duration("us"), pa.decimal128(10, 2), pa.decimal256(50, 3), pa.json_()),
    *(pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.int32(), pa.int64())),
]
CHANGED = {  # by Parquet
    pa.date64(): pa.date32(),
    pa.time32("s"): pa.time32("ms"),
    pa.timestamp("s", "+02:00"): pa.timestamp("ms", "+02:00"),
    pa.dictionary(pa.int32(), pa.int64()): pa.int64(),
}
NAMELESS = [
    *(pa.map_(pa.string(), pa.int8()), pa.uuid(), pa.decimal32(5, 2), pa.month_day_nano_interval(), pa.struct([])),
    *(pa.list_view(pa.int8()), pa.run_end_encoded(pa.int32(), pa.string()), pa.dense_union([pa.field("a", pa.int8())])),
    *(pa.list_(pa.map_(pa.string(), pa.int8())), pa.struct([("a", pa.uuid())])),
    pa.dictionary(pa.int8(), pa.list_(pa.int8())),
]
WORDS = st.sampled_from(["a", "no", "x: y", "é", "- z", '"', "#", "Null", "1"])


def nested(kinds: st.SearchStrategy[pa.DataType]) -> st.SearchStrategy[pa.DataType]:
    structs = st.dictionaries(WORDS, kinds, min_size=1, max_size=3).map(lambda fields: pa.struct(list(fields.items())))
    return kinds.map(pa.list_) | kinds.map(pa.large_list) | kinds.map(lambda kind: pa.list_(kind, 2)) | structs


KINDS = st.recursive(st.sampled_from(LEAVES), nested, max_leaves=4)


@given(st.dictionaries(WORDS, KINDS, max_size=4))
def test_the_card_names_types_as_datasets_does(fields: dict[str, pa.DataType]) -> None:
    datasets = pytest.importorskip("datasets")
    schema = pa.schema(list(fields.items()))
    features = features_of(schema)
    assert features == datasets.Features.from_arrow_schema(schema)._to_yaml_list()
    assert (yaml.safe_load("\n".join(as_yaml(features, "  "))) or []) == features


@pytest.mark.parametrize("kind", NAMELESS, ids=str)
def test_a_type_without_a_name_is_told_before_any_work(kind: pa.DataType) -> None:
    with pytest.raises(ConfigError, match=r"column 'odd' is .*, and Hugging Face has no name for"):
        check_schema(schema_with([pa.field("odd", kind)]))


def test_what_arrow_cannot_read_again_is_told_before_any_work() -> None:
    check_schema(schema_with([pa.field(f"c{n}", kind) for n, kind in enumerate(LEAVES) if kind not in CHANGED]))
    check_schema(schema_with([pa.field("v", pa.list_(pa.float32(), 3), nullable=False)]))
    with pytest.raises(ConfigError, match=r"column 'v' is .*, where a list of a fixed size may be missing"):
        check_schema(schema_with([pa.field("v", pa.struct([("a", pa.list_(pa.float32(), 3))]))]))


@pytest.mark.parametrize("kind", CHANGED, ids=str)
def test_what_parquet_gives_back_as_something_else_is_told_before_any_work(kind: pa.DataType) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"which Parquet gives back as {CHANGED[kind]}. Take that.")):
        check_schema(schema_with([pa.field("odd", kind)]))


def test_the_card_lists_them(corpus: Path) -> None:
    manifest = open_corpus(corpus).manifest | {"columns": [{"name": "stars", "type": "int32", "from": "rate"}]}
    text = dataset_card(EN, manifest, Stats(pages_kept=2), SCHEMA)
    features = yaml.safe_load(text.split("---\n")[1])["dataset_info"][0]["features"]
    assert [feature["name"] for feature in features] == SCHEMA.names
    assert features[-4:] == [
        {"name": "stars", "dtype": "int32"},
        {"name": "order", "list": "string"},
        {"name": "is good", "dtype": "bool"},
        {"name": "seen", "dtype": "timestamp[us]"},
    ]
    assert "`stars` (by stage `rate`), `order`, `is good` and `seen`." in text


def test_memory_is_what_arrow_says_of_a_table() -> None:
    assert memory_of(page_table(PAGES)) == page_table(PAGES).nbytes
    assert memory_of(page_table([])) == 0
    nine = [page._replace(extra=VALUES) for page in PAGES * 5][:9]
    assert memory_of(page_table(nine, SCHEMA)) == page_table(nine, SCHEMA).nbytes
    nine[4] = PAGES[1]  # with nulls: each column has a bitmap of two bytes
    assert memory_of(page_table(nine, SCHEMA)) == page_table(nine, SCHEMA).nbytes
    for kind in LEAVES:
        assert memory_of(pa.table({"a": pa.nulls(9, kind)})) >= 0


ROWS = st.lists(st.tuples(st.text(st.characters(codec="utf-8"), max_size=5), st.lists(st.text("ab"))), max_size=20)


@given(ROWS, st.integers(0, 20), st.lists(st.booleans(), min_size=20, max_size=20))
def test_memory_is_a_function_of_the_rows_alone(rows: list[Any], cut: int, lacking: list[bool]) -> None:
    pages = [
        Page("", text, "", extra={} if null else {"order": order, "is good": bool(order), "seen": NOON})
        for (text, order), null in zip(rows, lacking, strict=False)
    ]
    schema = schema_with(ADDED[1:])
    whole, around = page_table(pages, schema), page_table([*PAGES, *pages, *PAGES], schema)
    forms = [pa.concat_tables([whole.slice(0, cut), whole.slice(cut)]), around.slice(2, len(pages))]
    forms.append(around.take(pa.array(range(2, 2 + len(pages)), pa.int64())))
    assert {memory_of(form) for form in forms} == {memory_of(whole)}


EDITS = {
    "page.py": ("    extra: Mapping", "    stars: int = 7\n    extra: Mapping"),
    "shards/schema.py": (
        '        pa.field("record_id", pa.string(), nullable=False),\n',
        '        pa.field("record_id", pa.string(), nullable=False),\n        pa.field("stars", pa.int32()),\n',
    ),
}


@pytest.mark.soak
def test_a_new_column_is_two_edits(tmp_path: Path) -> None:
    """A line of `Page` and one of `PAGE_SCHEMA`: a build, its card, SQL and the page of a URL know it."""
    root = Path(__file__).parents[1]
    for room in ("c4pipe", "beam_jobs"):
        shutil.copytree(root / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name, (old, new) in EDITS.items():
        path = tmp_path / "c4pipe" / name
        assert path.read_text().count(old) == 1
        path.write_text(path.read_text().replace(old, new))

    def run(*words: str) -> str:
        command = [sys.executable, "-m", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    run("beam_jobs.build_c4", "--input", str(SAMPLES), "--output", "c4", "--workers", "1")
    info = yaml.safe_load((tmp_path / "c4" / "README.md").read_text().split("---\n")[1])["dataset_info"][0]
    assert info["features"][-1] == {"name": "stars", "dtype": "int32"}
    found = json.loads(run("c4pipe.inspect", "c4", "--sql", "SELECT DISTINCT stars FROM pages", "--json"))
    assert found["rows"] == [[7]]
    (url,) = json.loads(run("c4pipe.inspect", "c4", "--sql", "SELECT min(url) FROM pages", "--json"))["rows"][0]
    assert json.loads(run("c4pipe.inspect", "c4", "--url", url, "--json"))["pages"][0]["stars"] == 7
