"""What other tools find in the folder of a corpus, or in its parent, if given only the path.

| asked | pages found, of kept and rejected ones |
| --- | --- |
| `datasets`: the folder, with or without its card; with data_dir; "parquet" with data_dir or any pattern | kept |
| pyarrow and pandas: the folder of a config; the whole folder without what is not Parquet | kept |
| pyarrow and pandas: the whole folder | refused: README.md is not a readable Parquet file |
| DuckDB `*/*-of-*.parquet`, `**/*-of-*.parquet`, `[!_]*/*.parquet` | kept |
| DuckDB `*/*.parquet`, `**/*.parquet`: all columns, or one that only kept pages have | refused: the columns differ |
| DuckDB `*/*.parquet`, `**/*.parquet`: a count, or columns that all have | all; the card and the README say so |

Under the name `rejected` of older builds, "parquet" with a pattern and pyarrow found both. According to its
documentation, Spark skips names that begin with an underscore; it and polars were not available.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from tests.conftest import Build
from tests.wetfiles import SAMPLES, manifest_of

ASK = """
import json, os, sys
from datasets import load_dataset

for asked in json.loads(sys.argv[1]):
    try:
        found = {split: sum(1 for _ in rows) for split, rows in load_dataset(*asked[0], **asked[1]).items()}
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    print(json.dumps(found), flush=True)
os._exit(0)
"""


def loaded(place: Path, *asked: tuple[list[str], dict[str, str]]) -> list[Any]:
    """What `datasets.load_dataset` gives for each of these arguments: rows by split, or the words of its error."""
    pytest.importorskip("datasets")
    # A process of its own: datasets reads these settings once, when it is imported.
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(place / "hf")}
    done = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(asked)],
        env=os.environ | offline,
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def corpus(built: Build) -> Path:
    return built(SAMPLES)


def kept(folder: Path) -> dict[str, int]:
    return {row["split"]: row["rows"] for row in manifest_of(folder)["shards"]}


def test_datasets_finds_the_kept_pages_alone(corpus: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"  # as somebody copies the Parquet files and nothing else
    for path in corpus.glob("*/*.parquet"):
        (bare / path.parent.name).mkdir(parents=True, exist_ok=True)
        (bare / path.parent.name / path.name).symlink_to(path)
    by_split = [
        ([str(corpus)], {}),
        ([str(corpus)], {"data_dir": "en"}),
        ([str(bare)], {}),
        (["parquet"], {"data_dir": str(corpus)}),
    ]
    patterns = [(["parquet"], {"data_files": f"{corpus}/{pattern}"}) for pattern in ("*/*.parquet", "**/*.parquet")]
    found = loaded(tmp_path, *by_split, *patterns)
    assert found[:4] == [kept(corpus)] * 4
    assert found[4:] == [{"train": sum(kept(corpus).values())}] * 2


def test_pyarrow_and_pandas_find_the_kept_pages_alone(corpus: Path) -> None:
    pages = sum(kept(corpus).values())
    assert ds.dataset(corpus, exclude_invalid_files=True).count_rows() == pages
    assert pq.read_table(corpus / "en").num_rows == len(pd.read_parquet(corpus / "en")) == pages
    for read in (ds.dataset, pq.read_table, pd.read_parquet):
        with pytest.raises(pa.ArrowInvalid, match=r"README\.md"):
            read(corpus)


def count(pattern: str, what: str = "*") -> int:
    ((found, *_),) = duckdb.connect().sql(f"SELECT count({what}) FROM '{pattern}'").fetchall()
    return int(found)


def test_duckdb_finds_the_kept_pages_where_it_is_asked_as_the_card_says(corpus: Path) -> None:
    pages = sum(kept(corpus).values())
    for pattern in ("*/*-of-*.parquet", "**/*-of-*.parquet", "[!_]*/*.parquet"):
        assert count(f"{corpus}/{pattern}") == pages
    assert "`*/*-of-*.parquet` matches the kept pages" in (corpus / "README.md").read_text()
    for what in ("url", "record_id", "COLUMNS(*)"):
        with pytest.raises(duckdb.Error):
            count(f"{corpus}/*/*.parquet", what)
    manifest = manifest_of(corpus)
    every = pages + sum(row["rows"] for row in (*manifest["rejected"], *manifest["restore"]))
    facts = sum(
        pq.read_metadata(corpus / row["path"]).num_rows for row in manifest["about"] if "__facts/" in row["path"]
    )
    assert count(f"{corpus}/*/*.parquet") == every + facts
