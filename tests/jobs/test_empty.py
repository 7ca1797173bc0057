"""A corpus in which no page was kept: reported, and empty when loaded."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from beam_jobs import build_c4, rebalance
from c4pipe.inspect.__main__ import main as inspect
from c4pipe.shards import PAGE_SCHEMA
from c4pipe.verify.__main__ import main as verify
from model.train import main as train
from tests.conftest import Once
from tests.test_readers import loaded
from tests.wetfiles import manifest_of, story

Capture = pytest.CaptureFixture[str]


def write(folder: Path, *texts: str) -> Path:
    """Pages of JSONL."""
    folder.mkdir(parents=True, exist_ok=True)
    urls = (f"http://a.example/{i}" for i in range(len(texts)))
    pages = [{"text": t, "url": url, "timestamp": "2024-05-01T00:00:00Z"} for t, url in zip(texts, urls, strict=True)]
    (folder / "a.jsonl").write_text("".join(json.dumps(page) + "\n" for page in pages))
    return folder


def build(source: Path, output: Path, *options: str) -> int:
    arguments = ["--input", str(source), "--input-format", "jsonl", "--output", str(output), "--workers", "1"]
    return build_c4.main([*arguments, *options])


@pytest.fixture(scope="module")
def empty(once: Once) -> Path:
    """`en` and `multilingual` of two pages that both refuse."""

    def make(folder: Path) -> None:
        source = write(folder.parent / "in", "Short.", "Menu {")
        assert build(source, folder, "--preset", "en,multilingual") == 4

    return once("two corpora without a page", make)


@pytest.mark.parametrize("name", ["en", "multilingual"])
def test_it_loads_as_empty(empty: Path, tmp_path: Path, name: str) -> None:
    folder = empty / name
    (shard,) = manifest_of(folder)["shards"]
    path = folder / f"{name}/train-00000-of-00001.parquet"
    assert (shard["path"], shard["rows"]) == (f"{name}/train-00000-of-00001.parquet", 0)
    assert pq.read_table(path).schema.equals(PAGE_SCHEMA)
    assert duckdb.connect().sql(f"SELECT count(*) FROM '{folder}/*/*-of-*.parquet'").fetchall() == [(0,)]
    assert list((folder / "__rejected").iterdir())
    whole, streamed = loaded(tmp_path, ([str(folder)], {}), ([str(folder)], {"streaming": "yes"}))
    assert streamed == {"train": 0}
    # It has no data set without rows, and never takes the rejected pages for some.
    assert whole == 'ValueError: Instruction "train" corresponds to no data!'
    assert "**No page was kept.**" in (folder / "README.md").read_text()


def test_all_commands_take_it(empty: Path, tmp_path: Path, capsys: Capture) -> None:
    folder = str(empty / "en")
    assert verify([folder, str(empty / "multilingual")]) == 0
    assert inspect([folder]) == inspect([folder, "--sql", "from pages"]) == 0
    assert "no page was kept" in capsys.readouterr().out
    assert inspect([folder, "--html", str(tmp_path / "report.html")]) == 0
    assert rebalance.main(["--corpus", folder, "--output", str(tmp_path / "mixed")]) == 2
    assert capsys.readouterr().err == f"rebalance: {folder}: there are no documents to mix.\n"
    assert train(["--data", folder, "--run", str(tmp_path / "run"), "--model", "tiny"]) == 2
    assert f"there is no page in split 'train' of {folder}." in capsys.readouterr().err


def test_it_is_told_aloud_each_time(empty: Path, capsys: Capture) -> None:
    assert build(empty.parent / "in", empty, "--preset", "en,multilingual") == 4
    out, err = capsys.readouterr()
    assert "en, multilingual: already built" in out
    assert out.count(" 0 of 2 pages kept ") == 2
    assert err.splitlines()[-2:] == [
        f"build_c4: no page was kept in {empty}/en: stage clean dropped 2 of the 2 pages read "
        "(few_sentences 2). It has columns but no rows.",
        f"build_c4: no page was kept in {empty}/multilingual: stage paragraphs dropped 2 of the 2 pages read "
        "(few_paragraphs 2). It has columns but no rows.",
    ]


def test_one_of_several_counts_and_outranks_faults(tmp_path: Path, capsys: Capture) -> None:
    source = write(tmp_path / "in", story(0), story(10))
    with (source / "a.jsonl").open("a") as stream:
        stream.write("{\n")
    assert build(source, tmp_path / "out", "--preset", "en,multilingual", "--strict") == 4
    assert manifest_of(tmp_path / "out" / "en")["shards"][0]["rows"] == 2
    assert capsys.readouterr().err.count("no page was kept in") == 1
    assert build(source, tmp_path / "alone", "--strict") == 3


def test_left_out_for_its_size_is_empty_too(tmp_path: Path, capsys: Capture) -> None:
    source = write(tmp_path / "in", story(0), story(10))
    assert build(source, tmp_path / "out", "--min-pages", "3", "--languages", "en") == 4
    assert "stage size dropped 2 of the 2 pages read (few_pages 2)" in capsys.readouterr().err
    assert verify([str(tmp_path / "out")]) == 0
