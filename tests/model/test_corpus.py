"""model.corpus: entries of finished corpora, and damaged shards, which are named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from c4pipe.errors import ConfigError
from model.corpus import Reader, find_entries, read_entry
from model.errors import TrainError
from tests.corpora import entries, write_corpus

EN = ("en", "train")
SHARD = "en/train-00000-of-00002.parquet"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    english = [[["one", "two"], ["three"]], [["four", "five", "six"]]]
    return write_corpus(tmp_path / "c4", {EN: english, ("de", "train"): [[["eins"]]], ("en", "validation"): [[["v"]]]})


def test_an_entry_is_a_config_of_a_split_with_its_row_groups(corpus: Path) -> None:
    german, english = entries(corpus)
    assert (german.name, german.documents, english.name, english.documents) == ("de", 1, "en", 6)
    assert [Path(file).name for file in english.files] == [
        "train-00000-of-00002.parquet", "train-00001-of-00002.parquet",
    ]  # fmt: skip
    assert list(zip(english.file.tolist(), english.group.tolist(), english.rows.tolist(), strict=True)) == [
        (0, 0, 2), (0, 1, 1), (1, 0, 3),
    ]  # fmt: skip
    assert [entry.documents for entry in entries(corpus, split="validation")] == [1]


def test_texts_come_in_the_order_asked_for(corpus: Path) -> None:
    english = entries(corpus)[1]
    assert Reader().documents(english, 2, np.array([2, 0])) == ["six", "four"]
    assert Reader().documents(english, 1, np.array([0])) == ["three"]


def test_configs_are_chosen_by_name(corpus: Path) -> None:
    assert list(find_entries([corpus], "train", ["en"])) == ["en"]
    with pytest.raises(ConfigError, match=r"unknown config of split 'train' 'klingon'.*Known: .*en"):
        find_entries([corpus], "train", ["klingon"])
    with pytest.raises(ConfigError, match=r"no page in split 'test' of .*c4"):
        find_entries([corpus], "test")


def test_entries_of_several_corpora_are_named_after_their_folders(corpus: Path, tmp_path: Path) -> None:
    news = write_corpus(tmp_path / "news", {EN: [[["a"]]]})
    again = write_corpus(tmp_path / "elsewhere" / "c4", {EN: [[["b"]]]})
    assert list(find_entries([corpus, news], "train")) == ["c4/de", "c4/en", "news/en"]
    assert list(find_entries([corpus, again], "train", [f"{again}/en"])) == [f"{again}/en"]


def test_a_missing_shard_is_named(corpus: Path) -> None:
    (corpus / SHARD).unlink()
    with pytest.raises(TrainError, match=rf"{SHARD} is missing"):
        entries(corpus)


def test_a_shard_of_another_size_is_named(corpus: Path) -> None:
    with (corpus / SHARD).open("ab") as file:
        file.write(b"x")
    with pytest.raises(TrainError, match=rf"{SHARD} has [\d,]+ bytes; the manifest says"):
        entries(corpus)


def test_a_shard_without_its_footer_is_named(corpus: Path) -> None:
    data = (corpus / SHARD).read_bytes()
    (corpus / SHARD).write_bytes(data[:-4] + b"XXXX")
    with pytest.raises(TrainError, match=rf"{SHARD} is damaged"):
        entries(corpus)


def test_a_shard_with_other_rows_is_named(corpus: Path) -> None:
    manifest = json.loads((corpus / "manifest.json").read_bytes())
    manifest["shards"][0]["rows"] = 4
    (corpus / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(TrainError, match=rf"{SHARD} has 3 rows; the manifest says 4"):
        entries(corpus)


@pytest.mark.parametrize(
    "row",
    [
        '"text"',
        "{}",
        '{"split": "train", "rows": "many"}',
        "7",
        '{"path": "../x.parquet", "config": "en", "split": "train", "rows": 1, "bytes": 1, "sha256": ""}',
    ],
)
def test_a_damaged_list_of_shards_is_said_to_be_one(corpus: Path, row: str) -> None:
    (corpus / "manifest.json").write_text(f'{{"schema_version": 1, "shards": [{row}]}}')
    with pytest.raises(TrainError, match=r"manifest\.json: its list of shards is damaged"):
        find_entries([corpus], "train")


def test_a_folder_without_a_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no finished corpus"):
        find_entries([tmp_path], "train")


def test_damage_that_the_footer_does_not_show_is_found_when_the_page_is_read(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path, {EN: [[["a text that is long enough to be found in the file"]]]})
    shard = folder / "en/train-00000-of-00001.parquet"
    data = bytearray(shard.read_bytes())
    data[60] ^= 1  # inside the first page, which is that of the texts
    shard.write_bytes(data)
    (entry,) = entries(folder)
    with pytest.raises(TrainError, match=r"en/train-00000-of-00001\.parquet, row group 0, is damaged"):
        Reader().documents(entry, 0, np.array([0]))


def test_a_reader_reads_a_row_group_again_only_when_others_took_its_place(corpus: Path) -> None:
    english = entries(corpus)[1]
    wide, narrow = Reader(), Reader(keep=0)
    for reader in (wide, narrow):
        reader.documents(english, 0, np.array([0]))
        reader.documents(english, 1, np.array([0]))
    for file in english.files:
        Path(file).unlink()
    assert wide.documents(english, 0, np.array([1])) == ["two"]
    assert narrow.documents(english, 1, np.array([0])) == ["three"]  # the last one is always kept
    with pytest.raises(TrainError):
        narrow.documents(english, 0, np.array([1]))


def test_the_digest_is_that_of_the_pages(corpus: Path, tmp_path: Path) -> None:
    german, english = entries(corpus)
    copy = write_corpus(tmp_path / "copy", {("de", "train"): [[["eins"]]], EN: [[["zwei"]]]})
    assert entries(copy)[0].digest == german.digest
    assert entries(copy)[1].digest != english.digest
    assert read_entry("other", find_entries([corpus], "train")["de"]).digest == german.digest
