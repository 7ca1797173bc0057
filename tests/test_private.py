"""c4pipe.private: folders that others may write to, and files that are not read from there."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from c4pipe import private as module
from c4pipe.command import Parser
from c4pipe.errors import ConfigError
from c4pipe.private import CACHE_FOLDERS, check_cache_folders, fault, private

ROOT = Path(__file__).parents[1]
STRANGER = 54_321  # a user that no machine has
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only that gives files to others")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A private one, below another."""
    made = tmp_path / "above" / "here"
    made.mkdir(0o700, parents=True)
    made.parent.chmod(0o755)
    return made


def test_a_folder_of_ours_is_private(folder: Path) -> None:
    assert fault(folder) is None
    assert private(folder) == folder


def test_what_is_missing_is_made_for_us_alone(folder: Path) -> None:
    assert fault(folder / "a" / "b") is None
    assert private(folder / "a" / "b").is_dir()
    assert stat.S_IMODE((folder / "a").stat().st_mode) == stat.S_IMODE((folder / "a/b").stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o707, 0o1777, 0o702])
def test_one_that_others_may_write_to_is_not(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    assert f"{folder} has owner " in str(fault(folder))
    assert f" and mode {mode:04o}" in str(fault(folder))
    with pytest.raises(PermissionError, match=f"{mode:04o}"):
        private(folder)


def test_nor_is_what_lies_below_such_a_one(folder: Path) -> None:
    folder.parent.chmod(0o777)
    assert f"{folder.parent} has owner " in str(fault(folder))
    assert f"{folder.parent} has owner " in str(fault(folder / "not" / "there"))
    with pytest.raises(PermissionError):
        private(folder / "not")
    assert not (folder / "not").exists()


def test_where_others_may_not_touch_what_is_ours_it_is_private(folder: Path) -> None:
    folder.parent.chmod(0o1777)  # as /tmp
    assert fault(folder) is None


@pytest.mark.parametrize(
    ("group", "members", "others"),
    [("ann", [], False), ("ann", ["ann"], False), ("ann", ["bob"], True), ("staff", [], True), (None, [], True)],
)
def test_a_group_of_one_is_nobody_else(folder: Path, monkeypatch, group, members, others) -> None:
    class Named:
        pw_name, gr_name, gr_mem = "ann", group, members

    def find(_: int) -> type[Named]:
        if group is None:
            raise KeyError
        return Named

    monkeypatch.setattr(module.pwd, "getpwuid", lambda _: Named)
    monkeypatch.setattr(module.grp, "getgrgid", find)
    folder.chmod(0o770)
    assert (fault(folder) is not None) == others


def test_a_link_counts_as_what_it_leads_to(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert private(tmp_path / "link") == folder
    folder.chmod(0o777)
    assert fault(tmp_path / "link") is not None


@as_root
def test_one_of_another_owner_is_not_private(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "inner").mkdir()
    os.chown(folder, STRANGER, STRANGER)
    said = f"{folder} has owner {STRANGER} and mode 0700"
    assert fault(folder) == fault(folder / "inner") == fault(folder / "not there") == said
    monkeypatch.setattr(module, "_CODE_OWNER", STRANGER)  # who writes this code may write there, too
    assert fault(folder / "inner") is None


@pytest.mark.parametrize("variable", CACHE_FOLDERS)
def test_a_named_folder_of_machine_code_must_be_private(folder: Path, monkeypatch, variable: str) -> None:
    monkeypatch.setenv(variable, str(folder))
    check_cache_folders()
    folder.chmod(0o777)
    with pytest.raises(ConfigError, match=f"{variable}={folder}: {folder} has owner .* mode 0777.*unset the variable"):
        check_cache_folders()
    with pytest.raises(ConfigError, match=variable):
        Parser("name", "description").parse_args([])


def test_every_command_says_so_in_a_line_before_any_work(folder: Path, tmp_path: Path) -> None:
    folder.chmod(0o777)
    output = tmp_path / "c4"
    command = [sys.executable, "-m", "beam_jobs.build_c4", "--input", "data_samples", "--output", str(output)]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2, done.stderr
    [line] = done.stderr.splitlines()
    assert line.startswith(f"build_c4: NUMBA_CACHE_DIR={folder}: {folder} has owner ")
    assert not output.exists()
    assert [*folder.iterdir()] == []
