"""c4pipe.card.croissant: the corpus in the words of Croissant 1.1, as `mlcroissant` reads them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from c4pipe.card.croissant import croissant_of
from c4pipe.card.croissant.records import data_type
from c4pipe.card.published import CROISSANT, Publication
from c4pipe.corpus.stats import Stats
from c4pipe.page import Page
from c4pipe.shards import PAGE_SCHEMA, schema_with
from tests.card.conftest import Card
from tests.conftest import Build, Once
from tests.inspect import tiny
from tests.wetfiles import SAMPLES, manifest_of, rows

Published = Callable[..., Path]
PUBLISHED = Publication("2026-11-29", "A Lab", "https://data.example/c4", "", "2.0.0")


def read(folder: Path) -> dict[str, Any]:
    return json.loads((folder / CROISSANT).read_bytes())


def described(folder: Path, schema: pa.Schema = PAGE_SCHEMA) -> dict[str, Any]:
    return croissant_of(manifest_of(folder), Stats(), schema, PUBLISHED)


def plain(record: dict[str, Any]) -> dict[str, Any]:
    """A record of the loader, which gives text as bytes and names fields by their record set."""
    return {
        name.partition("/")[2]: value.decode() if isinstance(value, bytes) else value for name, value in record.items()
    }


def load(folder: Path, caplog: pytest.LogCaptureFixture) -> Any:
    """What `mlcroissant validate` does: a warning is none of it."""
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed: make setup")
    with caplog.at_level(logging.INFO):
        data = mlcroissant.Dataset(str(folder / CROISSANT))
    issues = data.metadata.ctx.issues
    assert (issues.errors, issues.warnings) == (set(), set())
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []
    return data


def test_it_is_valid_and_its_loader_gives_the_rows(published: Published, caplog: pytest.LogCaptureFixture) -> None:
    folder = published()
    data = load(folder, caplog)
    found = [plain(record) for record in data.records("en")]
    sizes = {shard["split"]: shard["rows"] for shard in manifest_of(folder)["shards"]}
    assert [record.pop("split") for record in found] == ["train"] * sizes["train"] + ["validation"] * sizes[
        "validation"
    ]
    assert found == list(rows(folder))
    only = data.records("en", filters={"en/split": "validation"})
    assert [plain(record)["url"] for record in only] == [row["url"] for row in rows(folder, "en/validation-*")]
    assert [r.levelname for r in caplog.records if r.levelno >= logging.WARNING] == []


def test_each_language_is_a_record_set(published: Published, caplog: pytest.LogCaptureFixture) -> None:
    folder = published("--preset", "multilingual")
    configs = sorted({shard["config"] for shard in manifest_of(folder)["shards"]})
    assert [record_set["@id"] for record_set in read(folder)["recordSet"]] == ["split_names", *configs]
    data = load(folder, caplog)
    assert [plain(row)["url"] for row in data.records("ja")] == [row["url"] for row in rows(folder, "ja/*")]


def test_it_says_each_file_with_its_sum_and_each_column_with_its_type(published: Published) -> None:
    found = read(folder := published())
    files = {row["@id"]: row for row in found["distribution"] if row["@type"] == "cr:FileObject"}
    assert {path: (row["contentUrl"], row["contentSize"], row["sha256"]) for path, row in files.items()} == {
        row["path"]: (row["path"], f"{row['bytes']} B", row["sha256"]) for row in manifest_of(folder)["shards"]
    }
    (together,) = (row for row in found["distribution"] if row["@type"] == "cr:FileSet")
    assert together["includes"] == ["en/train-?????-of-00001.parquet", "en/validation-?????-of-00001.parquet"]
    (pages,) = (row for row in found["recordSet"] if row["@id"] == "en")
    assert {field["name"]: field["dataType"] for field in pages["field"]} == dict.fromkeys(
        ["split", *PAGE_SCHEMA.names], "sc:Text"
    ) | {"language_score": "cr:Float64"}


def test_it_says_where_it_comes_from_and_how_it_may_be_used(built: Build) -> None:
    manifest = manifest_of(built(SAMPLES))
    path = "crawl-data/CC-MAIN-2024-22/segments/1/wet/CC-MAIN-20240517-00000.warc.wet.gz"
    stats = Stats(bytes_kept=138_900, languages={"en": 135}, months={"2024-05": 130, "2024-07": 5})
    manifest["inputs"] = [{"path": path, "bytes": 9}]
    found = croissant_of(manifest, stats, PAGE_SCHEMA, PUBLISHED)
    assert found["conformsTo"] == ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
    assert found["prov:wasDerivedFrom"] == [
        {
            "@type": "prov:Entity",
            "@id": "https://data.commoncrawl.org/crawl-data/CC-MAIN-2024-22/index.html",
            "prov:label": "Common Crawl CC-MAIN-2024-22",
        }
    ]
    assert [row["prov:label"].partition(":")[0] for row in found["prov:wasGeneratedBy"]] == [
        row["stage"] for row in manifest["ledger"]["stages"]
    ]
    assert found["license"] == "https://opendatacommons.org/licenses/by/1-0/"
    assert [row["name"] for row in found["usageInfo"]] == [
        "Common Crawl's terms of use",
        "ODC-By: use with attribution",
        "Rights in the pages",
    ]
    assert found["rai:dataCollectionTimeFrame"] == ["2024-05-01", "2024-07-01"]
    assert (found["creator"]["name"], found["url"], found["datePublished"], found["version"], found["inLanguage"]) == (
        "A Lab",
        "https://data.example/c4",
        "2026-11-29",
        "2.0.0",
        ["en"],
    )
    assert found["description"].startswith(
        "139 pages of 270 records read from Common Crawl WET files, 138,900 bytes of UTF-8 text, by c4pipe's preset en"
    )


def test_of_other_files_nothing_is_claimed(tmp_path: Path) -> None:
    folder = tiny.write(tmp_path / "c4", [Page("", "Text.", "", "a#1", language="en")])
    manifest = manifest_of(folder)
    manifest["preset"]["stages"][0]["format"] = "jsonl"
    text = json.dumps(croissant_of(manifest, Stats(), PAGE_SCHEMA, Publication("2026-11-29")))
    for claim in ("odc-by", "opendatacommons", "commoncrawl.org", "Web Scraping", '"creator"', '"url":'):
        assert claim not in text
    assert "1 input: JSONL files" in text


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (pa.string(), "sc:Text"),
        (pa.dictionary(pa.int32(), pa.large_string()), "sc:Text"),
        (pa.bool_(), "sc:Boolean"),
        (pa.uint8(), "cr:UInt8"),
        (pa.int64(), "cr:Int64"),
        (pa.float16(), "cr:Float16"),
        (pa.date32(), "sc:Date"),
        (pa.timestamp("us"), "sc:DateTime"),
    ],
    ids=str,
)
def test_types(kind: pa.DataType, word: str) -> None:
    assert data_type(kind) == {"dataType": word}
    assert data_type(pa.list_(kind)) == {"dataType": word, "isArray": True, "arrayShape": "-1"}


@pytest.mark.parametrize(
    "kind", [pa.binary(), pa.struct([("a b", pa.int32())]), pa.list_(pa.list_(pa.int8()))], ids=str
)
def test_types_without_a_word_are_left_out_and_named(tmp_path: Path, kind: pa.DataType) -> None:
    assert data_type(kind) is None
    schema = schema_with([pa.field("own", kind)])
    folder = tiny.write(tmp_path / "c4", [Page("http://a.example/", "Text.", "", "a#1", language="en")], schema=schema)
    (pages,) = (row for row in described(folder, schema)["recordSet"] if row["@id"] == "en")
    assert "own" not in {field["name"] for field in pages["field"]}
    assert pages["description"].endswith("Croissant has no type for the columns own.")


def test_columns_of_ones_own_are_loaded(card: Card, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    names = ("marks out of 10", "marks_out_of_10", "good")
    kinds = (pa.list_(pa.int32()), pa.float32(), pa.bool_())
    schema = schema_with(map(pa.field, names, kinds))
    extra = dict(zip(names, ([7, 9], 0.5, True), strict=True))
    page = Page("http://a.example/", "Text.", "2024-05-22T10:11:12Z", "a#1", language="en", extra=extra)
    folder = tiny.write(tmp_path / "c4", [page, page], schema=schema)
    assert card(folder)[0] == 0
    found = [plain(record) for record in load(folder, caplog).records("en")]
    ids = ("marks_out_of_10", "marks_out_of_10_", "good", "split")  # where blanks are not taken
    assert [[row[name] for name in ids] for row in found] == [[*extra.values(), "train"]] * 2


def test_lists_of_structs_are_loaded(card: Card, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    schema = schema_with([pa.field("items", pa.list_(pa.struct([("task", pa.string()), ("line", pa.int32())])))])
    items = [[{"task": "a", "line": 1}, {"task": "b", "line": 2}], []]
    page = Page("http://a.example/", "Text.", "2024-05-22T10:11:12Z", "a#1", language="en")
    folder = tiny.write(tmp_path / "c4", [page._replace(extra={"items": each}) for each in items], schema=schema)
    assert card(folder)[0] == 0
    found = [record["en/items"] for record in load(folder, caplog).records("en")]
    assert [[[part["en/items/task"], part["en/items/line"]] for part in each] for each in found] == [
        [[b"a", 1], [b"b", 2]],
        [],
    ]


def test_a_mixture_names_its_corpora(card: Card, published: Published, once: Once, tmp_path: Path, caplog) -> None:
    from beam_jobs import rebalance

    source = published("--preset", "multilingual")
    folder = tmp_path / "mixture"
    assert rebalance.main(["--corpus", str(source), "--output", str(folder), "--workers", "1"]) == 0
    assert card(folder)[0] == 0
    found = read(folder)
    assert [row["prov:label"] for row in found["prov:wasDerivedFrom"]] == [
        f"corpus {row['path']}" for row in manifest_of(folder)["inputs"]
    ]
    assert len(list(load(folder, caplog).records("mixture"))) == sum(
        row["rows"] for row in manifest_of(folder)["shards"]
    )
