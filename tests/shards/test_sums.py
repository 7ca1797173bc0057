"""c4pipe.shards.sums: every byte is looked at once, and again when anything says that it may be another."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.errors import BuildError
from c4pipe.shards import check_sums, sums

File = tuple[Path, str]


@pytest.fixture(autouse=True)
def no_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of this moment are remembered; tests that write again wait for a tick of the kernel."""
    monkeypatch.setattr(sums, "TICK", 0)


@pytest.fixture
def files(tmp_path: Path) -> list[File]:
    found = []
    for number in range(2):
        path = tmp_path / f"train-{number}.parquet"
        path.write_bytes(bytes([number]) * 1000)
        found.append((path, hashlib.sha256(path.read_bytes()).hexdigest()))
    return found


def change(path: Path) -> None:
    """Another byte in the middle, in place and a tick later; the size stays."""
    time.sleep(0.02)
    with path.open("r+b") as file:
        file.seek(500)
        file.write(b"\x07")


def test_a_changed_byte_is_found_and_its_file_named(files: list[File]) -> None:
    assert check_sums(files) == 2
    change(files[1][0])
    with pytest.raises(BuildError, match=r"train-1\.parquet was changed or damaged: its sha256 is [0-9a-f]{64}"):
        check_sums(files)


def test_the_first_bad_file_is_named(files: list[File]) -> None:
    for path, _ in files:
        change(path)
    with pytest.raises(BuildError, match=r"train-0\.parquet"):
        check_sums(files)


def test_a_missing_file_is_named(files: list[File]) -> None:
    files[1][0].unlink()
    with pytest.raises(BuildError, match=r"train-1\.parquet cannot be read \(No such file or directory\)"):
        check_sums(files)


def test_what_the_note_knows_is_not_read_again(files: list[File], tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    assert [check_sums(files[:1], note), check_sums(files, note), check_sums(files, note)] == [1, 1, 0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["note.json", "train-0.parquet", "train-1.parquet"]


def test_a_file_whose_time_of_change_was_put_back_is_read_again(files: list[File], tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    check_sums(files, note)
    path = files[0][0]
    before = path.stat()
    change(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    with pytest.raises(BuildError, match=r"train-0\.parquet"):
        check_sums(files, note)


def test_a_file_of_this_moment_is_not_remembered_yet(
    files: list[File], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "note.json"
    monkeypatch.setattr(sums, "TICK", 60_000_000_000)
    assert [check_sums(files, note), check_sums(files, note)] == [2, 2]
    monkeypatch.setattr(sums, "TICK", 0)
    assert [check_sums(files, note), check_sums(files, note)] == [2, 0]


def test_a_file_that_took_the_place_of_another_is_read_again(files: list[File], tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    check_sums(files, note)
    path = files[0][0]
    shutil.copy2(path, tmp_path / "copy")
    (tmp_path / "copy").replace(path)
    assert check_sums(files, note) == 1


def test_a_file_of_which_another_sum_is_expected_is_read_again(files: list[File], tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    check_sums(files, note)
    with pytest.raises(BuildError, match="the manifest says " + "0" * 64):
        check_sums([(files[0][0], "0" * 64)], note)


@pytest.mark.parametrize("text", ["", "[1]", "{", "\0", "{}", '{"files": {}}', "[" * 100_000, "1" * 5000])
def test_a_note_that_says_nothing_costs_a_reading_only(files: list[File], tmp_path: Path, text: str) -> None:
    note = tmp_path / "note.json"
    note.write_text(text)
    assert check_sums(files, note) == 2
    assert check_sums(files, note) == 0


def test_a_note_of_which_one_mark_was_changed_says_nothing(files: list[File], tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    check_sums(files, note)
    found = json.loads(note.read_bytes())
    found["files"][str(files[0][0].resolve())][0] += 1
    note.write_text(json.dumps(found))
    assert check_sums(files, note) == 2


def test_a_note_that_cannot_be_written_is_done_without(files: list[File], tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    note.mkdir()
    assert [check_sums(files, note), check_sums(files, note)] == [2, 2]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("note.json.")]


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
@settings(max_examples=40)
def test_no_flip_in_a_note_hides_a_changed_file(tmp_path_factory: pytest.TempPathFactory, place: int, bit: int) -> None:
    folder = tmp_path_factory.mktemp("sums")
    path, note = folder / "a", folder / "note.json"
    path.write_bytes(b"a" * 1000)
    file = path, hashlib.sha256(b"a" * 1000).hexdigest()
    check_sums([file], note)
    text = bytearray(note.read_bytes())
    text[place % len(text)] ^= 1 << bit
    note.write_bytes(text)
    change(path)
    with pytest.raises(BuildError):
        check_sums([file], note)
