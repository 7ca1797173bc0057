"""--format: builds and mixtures in several formats, whole, by any workers, less some pages, and read by others."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from beam_jobs import build_c4, dry_run, rebalance, remove
from c4pipe.verify.corpus import check_corpus
from tests.wetfiles import digests, manifest_of, rows

BOTH = ("--format", "jsonl,parquet-cdc", "--shards", "3")


def lines(folder: Path, pattern: str = "*/c4-*.json.gz") -> list[dict[str, str]]:
    return [
        json.loads(line) for path in sorted(folder.glob(pattern)) for line in gzip.open(path, "rt", encoding="utf-8")
    ]


def in_parquet(folder: Path, pattern: str = "*/*-of-*.parquet") -> list[dict[str, str]]:
    return [{name: row[name] for name in ("text", "timestamp", "url")} for row in rows(folder, pattern)]


def whole(folder: Path) -> list[str]:
    return [str(finding) for finding in check_corpus(folder, lambda _: None).findings]


@pytest.fixture(scope="module")
def corpus(built, small):
    """A corpus in both formats; leave it as it is."""
    return built(small, *BOTH)


def test_json_lines_lie_beside_parquet_in_the_same_order(corpus, built, small):
    assert lines(corpus) == in_parquet(corpus)
    assert len(lines(corpus)) > 20
    names = sorted(path.name for path in (corpus / "en").iterdir() if "train" in path.name)
    assert names[0] == "c4-train.00000-of-00003.json.gz"
    assert names[-1] == "train-00002-of-00003.parquet"
    assert manifest_of(corpus)["settings"]["format"] == "parquet-cdc,jsonl"
    assert whole(corpus) == []
    plain = built(small, "--shards", "3")
    assert in_parquet(plain) == in_parquet(corpus)
    assert "format" not in manifest_of(plain)["settings"]


def test_the_card_says_how_to_build_it_again(corpus):
    assert "--format parquet-cdc,jsonl" in (corpus / "README.md").read_text(encoding="utf-8")


def test_the_card_says_how_to_load_the_json_lines(corpus, built, small, tmp_path):
    datasets = pytest.importorskip("datasets")
    card = (corpus / "README.md").read_text(encoding="utf-8")
    assert "such as `en/c4-train.00000-of-00003.json.gz`: " in card
    [pattern] = re.findall(r'`load_dataset\("json", data_files="path/to/this/folder/(.*)"\)`', card)
    loaded = datasets.load_dataset("json", data_files=str(corpus / pattern), cache_dir=str(tmp_path))["train"]
    expected = [(row["text"], row["url"]) for row in lines(corpus, "en/c4-train.*")]
    assert [(row["text"], row["url"]) for row in loaded] == expected
    assert "json.gz" not in (built(small, "--shards", "3") / "README.md").read_text(encoding="utf-8")


def test_the_same_bytes_by_two_workers(corpus, small, badwords, tmp_path):
    arguments = ["--input", small, "--output", tmp_path / "c4", "--badwords-dir", badwords, *BOTH, "--workers", 2]
    assert build_c4.main([*map(str, arguments)]) == 0
    assert digests(tmp_path / "c4") == digests(corpus)


def test_a_shard_is_written_again_where_one_of_its_files_is_missing(corpus, small, badwords, tmp_path, monkeypatch):
    """A build that dies behind its shards, and loses one of the files, goes on."""
    arguments = ["--input", small, "--output", tmp_path / "c4", "--badwords-dir", badwords, *BOTH, "--workers", 1]

    def die(*_):
        raise RuntimeError("the machine has died")

    with monkeypatch.context() as patch:
        patch.setattr("c4pipe.flow.write.write_corpus_files", die)
        with pytest.raises(RuntimeError):
            build_c4.main([*map(str, arguments)])
    lost = next((tmp_path / "c4").glob(".made-*/en/c4-train.00001-*"))
    lost.unlink()
    assert build_c4.main([*map(str, arguments)]) == 0
    assert digests(tmp_path / "c4") == digests(corpus)


def test_damage_of_json_lines_is_found(corpus, tmp_path):
    copy = tmp_path / "c4"
    subprocess.run(["cp", "-r", corpus, copy], check=True)
    path = copy / "en" / "c4-train.00000-of-00003.json.gz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    [found] = whole(copy)
    assert str(path) in found
    assert "sha256" in found


def test_a_page_that_is_taken_out_leaves_every_format(corpus, tmp_path):
    gone = lines(corpus)[3]["url"]
    (tmp_path / "urls.txt").write_text(f"{gone}\n")
    options = ["--corpus", corpus, "--output", tmp_path / "less", "--urls", tmp_path / "urls.txt"]
    assert remove.main([*map(str, options)]) == 0
    assert lines(tmp_path / "less") == in_parquet(tmp_path / "less")
    assert {row["url"] for row in lines(corpus)} - {row["url"] for row in lines(tmp_path / "less")} == {gone}
    assert whole(tmp_path / "less") == []


def test_a_mixture_has_the_formats_that_it_was_asked_for(corpus, tmp_path):
    options = ["--corpus", corpus, "--output", tmp_path / "mixed", "--workers", 1, *BOTH]
    assert rebalance.main([*map(str, options)]) == 0
    assert lines(tmp_path / "mixed") == in_parquet(tmp_path / "mixed")
    assert "`mixture/c4-train.00000-of-00003.json.gz`" in (tmp_path / "mixed" / "README.md").read_text(encoding="utf-8")
    assert whole(tmp_path / "mixed") == []


def test_a_dry_run_counts_all_files(corpus):
    assert dry_run._made(corpus)[0] == sum(path.stat().st_size for path in (corpus / "en").iterdir())


def test_an_unknown_format_is_refused_before_any_work(small, tmp_path, capsys):
    arguments = ["--input", small, "--output", tmp_path / "c4", "--format", "csv"]
    assert build_c4.main([*map(str, arguments)]) == 2
    assert "unknown format 'csv'. Known: parquet, parquet-cdc, jsonl." in capsys.readouterr().err
    assert not (tmp_path / "c4").exists()


READ = """
import json, os, sys
import pandas
from datasets import load_dataset

folder = sys.argv[1]
shards = [f"{folder}/en/c4-train.0000{i}-of-00003.json.gz" for i in range(3)]
found = {
    "datasets": list(load_dataset("json", data_files={"train": shards}, split="train")),
    "pandas": pandas.concat([pandas.read_json(shard, lines=True, dtype=False) for shard in shards]).to_dict("records"),
    "card": list(load_dataset(folder, "en", split="train")["url"]),
}
print(json.dumps(found, default=lambda time: time.strftime("%Y-%m-%dT%H:%M:%SZ")), flush=True)
os._exit(0)
"""


def test_datasets_and_pandas_read_it(corpus, tmp_path):
    pytest.importorskip("datasets")
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", READ, str(corpus)], env=os.environ | offline, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found, mine = json.loads(done.stdout), lines(corpus, "en/c4-train.*")
    assert found["datasets"] == found["pandas"] == mine
    assert found["card"] == [row["url"] for row in mine]  # Parquet alone, each page once
    assert pq.read_metadata(corpus / "en" / "train-00000-of-00003.parquet").num_rows > 0
