"""c4pipe.scratch: temporary folders are deleted with the process that made them, and nothing else is."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from c4pipe.scratch import HELD, lasting_scratch, scratch, temporary_files

ROOT = Path(__file__).parents[1]

HOLD = """
import sys, time
from c4pipe.scratch import lasting_scratch, scratch
lasting_scratch("file")
with scratch("workers") as folder:
    (folder / "inner").mkdir()
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def held(temporary: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process that holds a folder, and the folder."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    process = subprocess.Popen([sys.executable, "-c", HOLD], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_it_is_ours_alone_and_goes(temporary: Path) -> None:
    with scratch("workers") as folder:
        assert folder.parent == temporary
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "file").write_text("x")
    assert [*temporary.iterdir()] == []


def test_the_next_one_removes_those_of_the_killed_and_no_others(temporary: Path) -> None:
    killed, of_killed = held(temporary)
    living, of_living = held(temporary)
    with killed, living:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        others = [temporary / name for name in ("c4pipe-mine", "c4pipe-workers-20240501", "other")]
        for folder in others:
            folder.mkdir()
            (folder / "file").touch()
        (others[0] / ".c4pipe").touch()  # as a corpus has it for a moment, whose folder has such a name
        (others[2] / HELD).touch()
        (temporary / "c4pipe-link").symlink_to(others[2])
        (temporary / "c4pipe-file").touch()
        before = {path.name for path in temporary.iterdir()}
        with scratch("list") as new:
            after = {path.name for path in temporary.iterdir()}
            assert before - after >= {of_killed.name}
            assert len(before - after) == 2  # that which lasted as well
            assert after - before == {new.name}
            assert (of_living / "inner").is_dir()
            assert all((folder / "file").exists() for folder in others)
        living.send_signal(signal.SIGINT)
    assert not of_living.exists()
    assert not [*temporary.glob("c4pipe-file-*")]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only that gives files to others")
def test_those_of_another_user_stay(temporary: Path) -> None:
    theirs = temporary / "c4pipe-workers-abcdefgh"
    theirs.mkdir()
    (theirs / HELD).touch()
    os.chown(theirs, 54_321, 54_321)
    with scratch("list"):
        assert theirs.exists()
    os.chown(theirs, 0, 0)
    with scratch("list"):
        assert not theirs.exists()


def test_a_lock_has_its_name_when_it_is_held(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nobody takes a new folder for one of the dead."""
    rename = Path.rename

    def look(self: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "rename", rename)
        with scratch("other"):
            pass
        assert self.parent.exists()
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", look)
    with scratch("list") as folder:
        assert (folder / HELD).exists()


def test_all_temporary_files_lie_in_one(temporary: Path) -> None:
    with temporary_files("workers") as folder:
        assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(folder)
        lasting = lasting_scratch("file")
        assert lasting.parent == folder
        assert lasting_scratch("file") == lasting
    assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(temporary)
    assert [*temporary.iterdir()] == []
    assert lasting_scratch("file").parent == temporary
