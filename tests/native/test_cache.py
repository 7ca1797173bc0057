"""c4pipe.native.cache: made once, kept whole or not at all, and never in the way."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from c4pipe.native import cache as module
from c4pipe.native.cache import cached


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("C4PIPE_CACHE_DIR", str(tmp_path / "kept"))
    return tmp_path / "kept"


def maker(*contents: bytes) -> Callable[[], bytes]:
    """Makes the first, then the second ... and fails when there are no more."""
    return iter(contents).__next__


def test_what_was_made_is_not_made_again(folder: Path) -> None:
    make = maker(b"first")
    assert cached("table", b"abc", make) == cached("table", b"abc", make) == b"first"
    assert [path.name.startswith("table-") for path in folder.iterdir()] == [True]


def test_of_something_else_something_else_is_made(folder: Path) -> None:
    make = maker(b"first", b"second")
    assert [cached("table", b"abc", make), cached("table", b"abd", make)] == [b"first", b"second"]
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"x", b"\0" * 40])
def test_a_damaged_file_is_made_again(folder: Path, damage: bytes) -> None:
    make = maker(b"first", b"second")
    cached("table", b"abc", make)
    [path] = folder.iterdir()
    path.write_bytes(damage)
    assert cached("table", b"abc", make) == cached("table", b"abc", make) == b"second"


def test_a_file_cut_short_is_made_again(folder: Path) -> None:
    make = maker(b"first", b"second")
    cached("table", b"abc", make)
    [path] = folder.iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    assert cached("table", b"abc", make) == b"second"


def test_without_a_place_for_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("C4PIPE_CACHE_DIR", str(tmp_path / "file" / "below"))
    make = maker(b"first", b"second")
    assert [cached("table", b"abc", make), cached("table", b"abc", make)] == [b"first", b"second"]


def test_the_second_place_serves_where_the_first_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setattr(module, "_folders", lambda: iter([tmp_path / "file", tmp_path / "kept"]))
    make = maker(b"first")
    assert cached("table", b"abc", make) == cached("table", b"abc", make) == b"first"
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_without_a_home_there_is_one_place_less(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("could not determine home directory")

    monkeypatch.delenv("C4PIPE_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert list(module._folders()) == [Path(module.__file__).parent / "__pycache__"]


def test_what_lies_where_others_may_write_is_neither_read_nor_added_to(folder: Path) -> None:
    make = maker(b"ours", b"again")
    cached("table", b"abc", make)
    [path] = folder.iterdir()
    planted = b"theirs"
    path.write_bytes(hashlib.sha256(planted).digest() + planted)
    assert cached("table", b"abc", make) == planted  # a kept file is taken at its word
    folder.chmod(0o777)
    module._private.cache_clear()  # as another process
    assert cached("table", b"abc", make) == b"again"
    assert len(list(folder.iterdir())) == 1


def test_a_default_place_that_is_not_private_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("open", "own"):
        (tmp_path / name).mkdir()
    (tmp_path / "open").chmod(0o777)
    monkeypatch.setattr(module, "_folders", lambda: iter([tmp_path / "open", tmp_path / "own"]))
    make = maker(b"first")
    assert cached("table", b"abc", make) == cached("table", b"abc", make) == b"first"
    assert [len(list((tmp_path / name).iterdir())) for name in ("open", "own")] == [0, 1]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only that gives files to others")
@pytest.mark.parametrize("whose", ["folder", "file"])
def test_what_another_user_has_written_is_not_read(folder: Path, whose: str) -> None:
    make = maker(b"theirs", b"ours")
    cached("table", b"abc", make)
    [path] = folder.iterdir()
    os.chown(folder if whose == "folder" else path, 54_321, 54_321)
    module._private.cache_clear()
    assert cached("table", b"abc", make) == b"ours"


def test_what_is_kept_can_be_read_again_whatever_the_umask(folder: Path) -> None:
    make, before = maker(b"first"), os.umask(0)
    try:
        assert cached("table", b"abc", make) == cached("table", b"abc", make) == b"first"
    finally:
        os.umask(before)
