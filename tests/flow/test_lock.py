"""One build at a time in a folder, and the lock of a dead build blocks nobody."""

import errno
import fcntl
import json
import multiprocessing
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from beam_jobs import build_c4
from bench.soak import ended, start
from c4pipe import disk
from c4pipe.errors import ConfigError
from c4pipe.flow.lock import LOCK, FolderLock
from tests.wetfiles import WebPage, digests, story, wet


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "one.warc.wet.gz"
    path.write_bytes(wet(WebPage(f"http://a.example/{i}", story(10 * i)) for i in range(3)))
    return path


@pytest.fixture
def arguments(badwords, source, tmp_path):
    return ["--input", str(source), "--output", str(tmp_path / "c4"), "--badwords-dir", str(badwords), "--workers", "1"]


def test_a_second_build_is_told_who_holds_the_folder(arguments, tmp_path, capsys):
    with FolderLock(str(tmp_path / "c4")):
        assert build_c4.main(arguments) == 2
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"build_c4: --output {tmp_path / 'c4'} is being written by process {os.getpid()} on {socket.gethostname()}. "
        "Wait for it."
    ]
    assert digests(tmp_path / "c4") == {}
    assert build_c4.main(arguments) == 0


def test_the_lock_goes_with_the_block_and_its_file_too(tmp_path):
    for _ in range(2):
        with FolderLock(str(tmp_path / "a" / "c4")):
            held = json.loads((tmp_path / "a" / "c4" / LOCK).read_text())
            assert held == {"pid": os.getpid(), "host": socket.gethostname()}
        assert list((tmp_path / "a" / "c4").iterdir()) == []


@pytest.mark.parametrize("left", ['{"pid": 1, "host": "elsewhere"}', ""])
def test_the_file_of_a_dead_build_holds_nobody_up(tmp_path, left):
    (tmp_path / LOCK).write_text(left)
    with FolderLock(str(tmp_path)):
        assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()
    assert not (tmp_path / LOCK).exists()


@pytest.mark.parametrize("left", ["no JSON", '["pid"]', '{"pid": 1, "host": "elsewhere", "mine": 1}', "link", "pipe"])
def test_a_file_of_that_name_that_is_no_lock_stays_as_it_is(tmp_path, left):
    if left == "link":
        (tmp_path / "mine").touch()
        (tmp_path / LOCK).symlink_to(tmp_path / "mine")
    elif left == "pipe":
        os.mkfifo(tmp_path / LOCK)
    else:
        (tmp_path / LOCK).write_text(left)
    with pytest.raises(ConfigError, match="is not the lock of a build"), FolderLock(str(tmp_path)):
        pass
    if left not in ("link", "pipe"):
        assert (tmp_path / LOCK).read_text() == left


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL])
def test_a_file_system_without_locks_is_built_on_and_that_is_said(tmp_path, monkeypatch, capsys, code):
    def refuses(file, how):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(disk.fcntl, "flock", refuses)
    with FolderLock(str(tmp_path)):
        pass
    assert f"note: {tmp_path / LOCK} cannot be locked ({os.strerror(code)})" in capsys.readouterr().err
    assert not (tmp_path / LOCK).exists()


def test_a_lock_that_fails_otherwise_is_an_error(tmp_path, monkeypatch):
    def fails(file, how):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(disk.fcntl, "flock", fails)
    with pytest.raises(ConfigError, match="Input/output error"), FolderLock(str(tmp_path)):
        pass


def test_a_holder_whose_name_cannot_be_read(tmp_path):
    with FolderLock(str(tmp_path)):
        (tmp_path / LOCK).write_text("")
        with pytest.raises(ConfigError, match="is being written by another build"), FolderLock(str(tmp_path)):
            pass


def _hold(folder: str, rounds: int, seen: str) -> None:
    """Takes the lock again and again; in it, looks whether anybody else is in it."""
    done = 0
    while done < rounds:
        try:
            with FolderLock(folder):
                os.close(os.open(seen, os.O_CREAT | os.O_EXCL))
                os.unlink(seen)
                done += 1
        except ConfigError:
            continue


def test_two_are_never_in_it_together(tmp_path):
    """The file is removed at each end: a lock on a removed file must not count."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["beam_jobs.build_c4"])
    folder, seen = str(tmp_path / "c4"), str(tmp_path / "seen")
    both = [context.Process(target=_hold, args=(folder, 100, seen)) for _ in range(3)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0, 0]


@pytest.mark.soak
def test_two_builds_started_together(arguments, built, source, tmp_path):
    """One builds; the other is refused, or comes when all is done."""
    expected = digests(built(source))
    for number in range(5):
        target = tmp_path / f"c4-{number}"
        options = [str(target) if word == str(tmp_path / "c4") else word for word in arguments]
        logs = [tmp_path / f"log-{i}" for i in range(2)]
        codes = [ended(process) for process in [start(options, log) for log in logs]]
        said = [log.read_text() for log in logs]
        assert 0 in codes, said
        assert set(codes) <= {0, 2}, said
        for code, text in zip(codes, said, strict=True):
            assert code == 0 or "is being written by process" in text
        assert sum("was already built" not in text for text, code in zip(said, codes, strict=True) if code == 0) == 1
        assert digests(target) == expected


@pytest.mark.soak
def test_a_killed_build_leaves_no_lock(arguments, built, source, tmp_path):
    """Its workers go soon after it, and hold nothing."""

    process = start(arguments, tmp_path / "log")
    deadline = time.monotonic() + 60
    while not Path(tmp_path / "c4" / LOCK).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    assert ended(process) == -signal.SIGKILL
    assert (tmp_path / "c4" / LOCK).exists()
    assert build_c4.main(arguments) == 0
    assert digests(tmp_path / "c4") == digests(built(source))


def test_a_shared_lock_is_asked_for_again_while_another_task_leaves(tmp_path):
    """The last to leave holds the file alone for the moment in which it removes it."""
    leaving = open(tmp_path / LOCK, "a+")  # noqa: SIM115
    fcntl.flock(leaving, fcntl.LOCK_EX)
    timer = threading.Timer(0.2, leaving.close)
    timer.start()
    with FolderLock(str(tmp_path), shared=True):
        assert leaving.closed
    timer.join()


def test_a_name_that_is_free_when_looked_at_again_is_not_foreign(tmp_path, monkeypatch):
    """Another task removed its lock between two looks."""
    (tmp_path / LOCK).write_text("")
    monkeypatch.setattr("c4pipe.flow.lock.is_lock", lambda path: path.unlink(missing_ok=True))
    with FolderLock(str(tmp_path), shared=True):
        pass


def test_the_folder_is_named_by_its_option(tmp_path):
    with (
        FolderLock(str(tmp_path), shared=True),
        pytest.raises(ConfigError, match=r"--staging .* is being written by another build, or by tasks of an array"),
        FolderLock(str(tmp_path), option="--staging"),
    ):
        pass
