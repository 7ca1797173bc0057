"""model.checksums: every byte of the corpus is looked at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from model.checksums import check_sums
from model.corpus import Shard, find_entries
from model.errors import TrainError
from tests.corpora import write_corpus


@pytest.fixture
def shards(tmp_path: Path) -> list[Shard]:
    folder = write_corpus(tmp_path / "c4", {("en", "train"): [[["one", "two"]], [["three"]]]})
    return find_entries([folder], "train")["en"]


def change(shard: Shard) -> None:
    """Another byte in the middle; the size stays."""
    data = bytearray(shard.file.read_bytes())
    data[len(data) // 2] ^= 1
    shard.file.write_bytes(data)


def test_a_changed_byte_is_found_and_its_shard_named(shards: list[Shard]) -> None:
    assert check_sums(shards) == 2
    change(shards[1])
    with pytest.raises(
        TrainError, match=r"train-00001-of-00002\.parquet was changed or damaged: its sha256 is [0-9a-f]{64}"
    ):
        check_sums(shards)


def test_what_the_note_knows_is_not_read_again(shards: list[Shard], tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    assert [check_sums(shards[:1], note), check_sums(shards, note), check_sums(shards, note)] == [1, 1, 0]


def test_a_file_that_was_written_since_is_read_again(shards: list[Shard], tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    check_sums(shards, note)
    before = shards[0].file.stat()
    os.utime(shards[0].file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert check_sums(shards, note) == 1
    change(shards[0])
    os.utime(shards[0].file, ns=(before.st_atime_ns, before.st_mtime_ns + 2))
    with pytest.raises(TrainError, match="train-00000-of-00002"):
        check_sums(shards, note)


def test_a_rebuilt_corpus_is_read_again(shards: list[Shard], tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    check_sums(shards, note)
    with pytest.raises(TrainError, match="the manifest says " + "0" * 64):
        check_sums([shards[0]._replace(sha256="0" * 64)], note)


@pytest.mark.parametrize("text", ["", "[1]", "{", "\0"])
def test_a_note_that_says_nothing_costs_a_reading_only(shards: list[Shard], tmp_path: Path, text: str) -> None:
    note = tmp_path / "note.json"
    note.write_text(text)
    assert check_sums(shards, note) == 2
    assert check_sums(shards, note) == 0
