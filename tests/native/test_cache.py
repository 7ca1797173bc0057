"""c4pipe.native.cache: made once, kept whole or not at all, and never in the way."""

from __future__ import annotations

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
