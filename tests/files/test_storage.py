"""c4pipe.files.storage: a file is there whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from c4pipe.files.storage import LocalStore


class Interrupted(BaseException):
    """What a signal raises: no Exception."""


def write_half(path: Path, error: BaseException) -> None:
    with LocalStore().write(str(path)) as stream:
        stream.write(b"half")
        raise error


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    store, path = LocalStore(), str(tmp_path / "a" / "b" / "c.bin")
    with store.write(path) as stream:
        stream.write(b"one")
        stream.write(b"two")
    with store.read(path) as stream:
        assert stream.read() == b"onetwo"
    assert files(tmp_path) == ["a", "a/b", "a/b/c.bin"]


def test_nothing_stands_under_the_name_while_it_is_written(tmp_path: Path) -> None:
    with LocalStore().write(str(tmp_path / "c.bin")) as stream:
        stream.write(b"half")
        stream.flush()
        (only,) = files(tmp_path)
        assert only.startswith(".c.bin.")
        assert only.endswith(".tmp")
    assert files(tmp_path) == ["c.bin"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Interrupted])
def test_nothing_is_left_when_the_block_raises(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        write_half(tmp_path / "c.bin", error())
    assert files(tmp_path) == []


def test_what_stood_there_before_stays_when_the_block_raises(tmp_path: Path) -> None:
    (tmp_path / "c.bin").write_bytes(b"old")
    with pytest.raises(ValueError, match="full"):
        write_half(tmp_path / "c.bin", ValueError("full"))
    assert (tmp_path / "c.bin").read_bytes() == b"old"
    with LocalStore().write(str(tmp_path / "c.bin")) as stream:
        stream.write(b"new")
    assert (tmp_path / "c.bin").read_bytes() == b"new"
    assert files(tmp_path) == ["c.bin"]


def watch(monkeypatch: pytest.MonkeyPatch, fail: str = "") -> list[str]:
    """Notes each fsync and rename in order; the one named `fail` raises instead."""
    seen: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted(what: str) -> None:
        seen.append(what)
        if what == fail:
            raise OSError(28, "No space left on device")

    def watched_fsync(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else f"file of {os.fstat(descriptor).st_size}"
        noted(f"fsync {kind}")
        fsync(descriptor)

    def watched_replace(source: str | Path, target: str | Path) -> None:
        noted(f"rename to {Path(target).name}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_replace)
    return seen


def test_bytes_reach_the_disk_before_the_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = watch(monkeypatch)
    with LocalStore().write(str(tmp_path / "c.bin")) as stream:
        stream.write(b"12345")
        assert seen == []
    assert seen == ["fsync file of 5", "rename to c.bin", "fsync folder"]


@pytest.mark.parametrize("fail", ["fsync file of 5", "rename to c.bin"])
def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fail: str) -> None:
    watch(monkeypatch, fail)
    with pytest.raises(OSError, match="No space left"), LocalStore().write(str(tmp_path / "c.bin")) as stream:
        stream.write(b"12345")
    assert files(tmp_path) == []


def test_two_attempts_at_one_file_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "c.bin")
    with LocalStore().write(path) as first:
        first.write(b"same")
        monkeypatch.setattr(os, "getpid", lambda: 1)
        with LocalStore().write(path) as second:
            second.write(b"same")
        assert len(files(tmp_path)) == 2
        monkeypatch.undo()
    assert files(tmp_path) == ["c.bin"]
    assert (tmp_path / "c.bin").read_bytes() == b"same"


def test_files_and_whole_folders_are_removed_and_what_is_gone_is_gone(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"")
    (tmp_path / "d").write_bytes(b"")
    for name in ("a", "d", "never"):
        LocalStore().remove(str(tmp_path / name))
        LocalStore().remove(str(tmp_path / name))
    assert files(tmp_path) == []


def test_the_longest_names_have_drafts_on_a_machine_with_a_long_name(tmp_path, monkeypatch):
    machine = os.uname_result(("Linux", "h" * 64, "", "", ""))
    monkeypatch.setattr(os, "uname", lambda: machine)
    with LocalStore().write(str(tmp_path / ("x" * 229))) as stream:
        stream.write(b"1")
    assert (tmp_path / ("x" * 229)).read_bytes() == b"1"
