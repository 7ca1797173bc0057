"""c4pipe.disk: a missing feature of a file system is ignored, but a lost file is not."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from c4pipe.disk import sync, sync_path
from c4pipe.fetch.files import PartialFile
from c4pipe.fetch.policy import DiskError, Version
from c4pipe.files.storage import LocalStore, make_folder


def refuse(monkeypatch: pytest.MonkeyPatch, code: int, folders_alone: bool = False) -> None:
    """fsync fails, of everything or of folders."""

    def fails(descriptor: int) -> None:
        if not folders_alone or stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fails)


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_call_that_a_file_system_lacks_is_passed_over(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, code)
    make_folder(tmp_path / "a" / "b")
    with LocalStore().write(str(tmp_path / "a" / "b" / "c")) as stream:
        stream.write(b"whole")
    sync_path(tmp_path / "a" / "b" / "c")
    part = PartialFile(tmp_path / "file", "http://a.example/file")
    part.begin(Version(3))
    part.finish()
    assert (tmp_path / "a" / "b" / "c").read_bytes() == b"whole"
    assert (tmp_path / "file").exists()


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("folders_alone", [False, True])
def test_what_a_disk_has_lost_is_an_error(
    code: int, folders_alone: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, code, folders_alone)
    with pytest.raises(OSError, match=os.strerror(code)):
        make_folder(tmp_path / "a")
    with pytest.raises(OSError, match=os.strerror(code)), LocalStore().write(str(tmp_path / "c")) as stream:
        stream.write(b"whole")
    part = PartialFile(tmp_path / "file", "http://a.example/file")
    part.begin(Version(3))
    with pytest.raises(DiskError, match=os.strerror(code)):
        part.finish()


def test_a_file_that_is_no_longer_open_is_a_bug(tmp_path: Path) -> None:
    """EBADF says of a folder that it cannot be asked, and of a descriptor that nobody has it."""
    descriptor = os.open(tmp_path, os.O_RDONLY)
    os.close(descriptor)
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        sync(descriptor)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EBADF])
def test_a_folder_that_may_not_be_read_can_be_written(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, flags: int) -> int:
        raise OSError(code, os.strerror(code), str(path))

    (tmp_path / "file").touch()
    monkeypatch.setattr(os, "open", refused)
    sync_path(tmp_path)
    with pytest.raises(OSError, match=os.strerror(code)):
        sync_path(tmp_path / "file")
    with pytest.raises(FileNotFoundError):
        monkeypatch.undo()
        sync_path(tmp_path / "absent")


def test_a_file_system_that_does_not_tell_its_room_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = PartialFile(tmp_path / "file", "http://a.example/file")
    monkeypatch.setattr("shutil.disk_usage", lambda path: (_ for _ in ()).throw(OSError(errno.ENOSYS, "no")))
    part.begin(Version(3))
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 0, "total": 0})())
    part.begin(Version(3))
    part.finish()
    assert (tmp_path / "file").exists()
