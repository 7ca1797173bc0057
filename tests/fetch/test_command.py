"""`python -m c4pipe.fetch` as people use it: the real main, in a temporary folder, against a host of ours."""

from __future__ import annotations

import gzip
import io
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from c4pipe.fetch import __main__ as command
from c4pipe.fetch.policy import Policy
from c4pipe.fetch.progress import FetchProgress
from tests.fetch.host import CRAWL, LIST, QUICK, FakeClock, Host, Request, cut, error, packed, page, wet_path

ROOT = Path(__file__).parents[2]
Fetch = Callable[..., int]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "wet"


@pytest.fixture
def fetch(host: Host, folder: Path) -> Fetch:
    """`fetch("--files", "2", ...)`: the exit code of main, with pretended waits."""

    def run(*options: str, policy: Policy = QUICK) -> int:
        fixed = ["--crawl", CRAWL, "--output", str(folder), "--host", host.url]
        return command.main([*fixed, *options], policy, FakeClock())

    return run


def wet_files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.warc.wet.gz"))}


def listed(folder: Path) -> list[str]:
    return (folder / "wet.paths").read_text().splitlines()


def hidden(folder: Path) -> list[str]:
    """Names of parts, notes and locks."""
    return sorted(path.name for path in folder.rglob(".*") if path.name != ".fetched.jsonl")


def test_two_files(host: Host, folder: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str]) -> None:
    paths = host.serve_crawl(5)
    assert fetch("--files", "2") == 0
    assert wet_files(folder) == {paths[0]: packed(0), paths[1]: packed(1)}
    assert listed(folder) == paths[:2]
    assert hidden(folder) == []
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"2 of 2 files in {folder}, 0.1 MB: 2 fetched, 0 there already. {folder}/wet.paths lists 2.",
        f"Build from them: make build-c4 INPUT={folder}",
    ]
    assert sorted(err.splitlines()) == [f"fetched  {path}  {len(host.files['/' + path]):,} bytes" for path in paths[:2]]


def test_a_build_finds_them(host: Host, folder: Path, fetch: Fetch) -> None:
    from c4pipe.flow.searching import find_inputs

    paths = host.serve_crawl(3)
    assert fetch("--files", "3") == 0
    for source in (folder, folder / "wet.paths"):
        assert [item.path for item in find_inputs([str(source)]).inputs] == [str(folder / path) for path in paths]
    names = [item.name for item in find_inputs([str(folder)]).inputs]
    remote = [path.partition("/wet/")[2] for path in paths]
    assert names == remote  # below what they share, as they would be named from a bucket


def test_a_second_run_asks_for_nothing_that_is_there(host: Host, folder: Path, fetch: Fetch) -> None:
    paths = host.serve_crawl(5)
    assert fetch("--files", "2") == 0
    host.seen.clear()
    assert fetch("--files", "2") == 0
    assert host.seen == []
    assert fetch("--files", "3") == 0
    assert host.seen == [("GET", f"/{paths[2]}", "")]
    assert fetch("--start", "4", "--files", "1") == 0
    assert listed(folder) == [*paths[:3], paths[4]]


def test_a_sample(host: Host, folder: Path, fetch: Fetch) -> None:
    paths = host.serve_crawl(20, members=1)
    assert fetch("--files", "4", "--sample", "5") == 0
    assert [paths.index(path) // 5 for path in wet_files(folder)] == [0, 1, 2, 3]


def test_a_crawl_with_fewer_files(host: Host, folder: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str]) -> None:
    host.serve_crawl(3)
    assert fetch("--files", "10", "--start", "2") == 0
    assert "note: the crawl has only 1 file from there on." in capsys.readouterr().out


def test_a_file_of_another_size_is_fetched_again(host: Host, folder: Path, fetch: Fetch) -> None:
    paths = host.serve_crawl(2)
    assert fetch("--files", "2") == 0
    (folder / paths[0]).write_bytes(packed(0)[:-5])
    host.seen.clear()
    assert fetch("--files", "2") == 0
    assert wet_files(folder)[paths[0]] == packed(0)
    assert host.seen == [("HEAD", f"/{paths[0]}", ""), ("GET", f"/{paths[0]}", "")]


def test_a_file_from_elsewhere_is_taken_if_it_has_the_right_size(host: Host, folder: Path, fetch: Fetch) -> None:
    paths = host.serve_crawl(2)
    (folder / paths[0]).parent.mkdir(parents=True)
    (folder / paths[0]).write_bytes(packed(0))
    assert fetch("--files", "1") == 0
    assert host.seen == [("GET", LIST, ""), ("HEAD", f"/{paths[0]}", "")]
    host.seen.clear()
    assert fetch("--files", "1") == 0
    assert host.seen == []


def test_verify_unpacks_what_is_there(
    host: Host, folder: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = host.serve_crawl(2)
    assert fetch("--files", "2") == 0
    spoilt = bytearray(packed(1))
    spoilt[len(spoilt) // 2] ^= 1
    (folder / paths[1]).write_bytes(spoilt)
    host.seen.clear()
    assert fetch("--files", "2") == 0  # the size is right
    assert host.seen == []
    assert fetch("--files", "2", "--verify") == 0
    assert host.seen == [("GET", f"/{paths[1]}", "")]
    assert wet_files(folder)[paths[1]] == packed(1)
    assert "removed, and fetched again" in capsys.readouterr().err


# Trouble


def test_what_cannot_be_fetched_is_named_and_the_rest_is_there(
    host: Host, folder: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = host.serve_crawl(5)
    del host.files[f"/{paths[1]}"]
    host.script[f"/{paths[3]}"] = [page()] * 99
    host.script[f"/{paths[4]}"] = [error(503), cut(9000), error(403)]
    assert fetch("--files", "5") == 1
    assert list(wet_files(folder)) == listed(folder) == [paths[0], paths[2], paths[4]]
    out, err = capsys.readouterr()
    assert f"failed   {paths[1]}: HTTP 404 Not Found" in err
    assert f"failed   {paths[3]}: a web page instead of gzip (8 attempts)" in err
    assert err.splitlines()[-1].startswith("fetch: 2 could not be fetched, such as ")
    assert "3 of 5 files" in out
    host.files[f"/{paths[1]}"], host.script = packed(1), {}
    assert fetch("--files", "5") == 0
    assert listed(folder) == paths


def test_a_host_that_gives_nothing_more_is_left_alone(
    host: Host, folder: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str]
) -> None:
    host.serve_crawl(40)
    host.usual = lambda request: (Host.usual if request.path == LIST else lambda _, r: error(503)(r))(host, request)  # type: ignore[method-assign]
    assert fetch("--files", "40", policy=Policy(attempts=2)) == 1
    assert len(host.seen) <= 1 + 2 * 10
    err = capsys.readouterr().err
    [line] = [line for line in err.splitlines() if line.startswith("left")]
    assert line.endswith(" files untried: the host returned none of the last 5")
    assert err.splitlines()[-1].startswith("fetch: 40 could not be fetched, such as ")


def test_a_crawl_that_is_not_there(host: Host, folder: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str]) -> None:
    assert fetch("--files", "1") == 2
    assert capsys.readouterr().err == (
        f"fetch: {host.url} has no WET files of {CRAWL} ({host.url}{LIST}: HTTP 404 Not Found)\n"
    )


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (gzip.compress(b""), "is empty"),
        (gzip.compress(b"../../../etc/cron.d/x\n"), "line 1: '../../../etc/cron.d/x' is not the path of a WET file"),
        (gzip.compress(b"\x1b[2J\n"), r"'\\x1b[2J' is not the path"),
    ],
    ids=["empty", "elsewhere", "control characters"],  # gzip writes the time into the bytes
)
def test_a_bad_list(
    host: Host, folder: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str], body: bytes, says: str
) -> None:
    host.files[LIST] = body
    assert fetch("--files", "1") == 1
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1
    assert wet_files(folder) == {}
    host.serve_crawl(1)
    assert fetch("--files", "1") == 0  # the bad list was not kept


def test_a_list_that_never_comes(host: Host, fetch: Fetch, capsys: pytest.CaptureFixture[str]) -> None:
    host.script[LIST] = [page()] * 99
    assert fetch("--files", "1") == 1
    assert "cannot fetch" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--crawl", "2024-22", "--files", "1"], "expected CC-MAIN-YEAR-WEEK"),
        (["--crawl", CRAWL, "--files", "0"], "--files: '0' is not a whole number from 1"),
        (["--crawl", CRAWL, "--files", "-3"], "--files"),
        (["--crawl", CRAWL, "--files", "x"], "--files"),
        (["--crawl", CRAWL], "--files"),
        (["--files", "1"], "--crawl"),
        (["--crawl", CRAWL, "--files", "1", "--start", "-1"], "--start"),
        (["--crawl", CRAWL, "--files", "1", "--start", "1", "--sample", "1"], "not allowed with"),
        (["--crawl", CRAWL, "--files", "1", "--connections", "9"], "from 1 to 8"),
        (["--crawl", CRAWL, "--files", "1", "--max-rate", "0"], "megabytes per second"),
        (["--crawl", CRAWL, "--files", "1", "--max-rate", "nan"], "megabytes per second"),
        (["--crawl", CRAWL, "--files", "1", "--host", "ftp://x"], "expected a URL"),
        (["--crawl", CRAWL, "--files", "1", "--fast"], "--fast"),
    ],
)
def test_wrong_use_is_told_in_one_line_before_any_work(
    host: Host, folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    assert command.main(["--host", host.url, "--output", str(folder), *options]) == 2
    err = capsys.readouterr().err
    assert err.startswith("fetch: ")
    assert says in err
    assert err.count("\n") == 1
    assert not folder.exists()
    assert host.seen == []


def test_an_output_that_cannot_be_written(host: Host, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    for output in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/none")):
        assert command.main(["--host", host.url, "--crawl", CRAWL, "--files", "1", "--output", str(output)]) == 2
        assert f"--output {output} cannot be written: " in capsys.readouterr().err
    assert host.seen == []


def test_a_list_of_somebody_else_is_not_written_over(
    host: Host, folder: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str]
) -> None:
    host.serve_crawl(1)
    folder.mkdir()
    (folder / "wet.paths").write_text("my/own/file.warc.wet.gz\n")
    (folder / ".wet.paths.17.tmp").write_text("left by a kill")
    assert fetch("--files", "1") == 2
    assert "is not a list written by a fetch" in capsys.readouterr().err
    assert host.seen == []
    assert [path.name for path in folder.iterdir()] == ["wet.paths"]
    assert (folder / "wet.paths").read_text() == "my/own/file.warc.wet.gz\n"


def test_never_more_requests_at_once_than_connections(host: Host, folder: Path, fetch: Fetch) -> None:
    host.serve_crawl(12, members=2)
    usual, expected = host.usual, 3

    def slow(request: Request) -> None:
        """A file is held until as many are asked for as may be, however busy the machine is."""
        latest = time.monotonic() + 20
        while "/wet/" in request.path and host.most < expected and time.monotonic() < latest:
            time.sleep(0.005)
        time.sleep(0.02)
        usual(request)

    host.usual = slow  # type: ignore[method-assign]
    assert fetch("--files", "6", "--connections", "3") == 0
    assert host.most == 3
    host.most, expected = 0, 2
    assert fetch("--files", "12") == 0
    assert host.most == 2


# Processes


def start(host: Host, folder: Path, *options: str, limit: int | None = None) -> subprocess.Popen[str]:
    fixed = ["--crawl", CRAWL, "--output", str(folder), "--host", host.url]

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, "-m", "c4pipe.fetch", *fixed, *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limited,
    )


class Half:
    """An answer that sends some bytes and then says nothing for a while."""

    def __init__(self, count: int) -> None:
        self.count, self.sent, self.over = count, threading.Event(), threading.Event()

    def __call__(self, request: Request) -> None:
        data = request.host.files[request.path]
        request.start(200, len(data), ETag=request.host.etag(request.path))
        request.body(data[: self.count])
        self.sent.set()
        self.over.wait(20)
        request.hang_up()


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_fetch_that_is_killed_is_gone_on_with(host: Host, folder: Path, sign: signal.Signals) -> None:
    paths = host.serve_crawl(4)
    half = Half(30_000)
    host.script[f"/{paths[2]}"] = [half]
    process = start(host, folder, "--files", "4", "--connections", "1")
    assert half.sent.wait(20)
    part = (folder / paths[2]).with_name(f".{Path(paths[2]).name}.part")
    until(lambda: part.exists() and part.stat().st_size > 0)
    began = time.monotonic()
    process.send_signal(sign)
    _, err = process.communicate(timeout=10)
    half.over.set()
    assert time.monotonic() - began < 5
    have = part.stat().st_size
    assert list(wet_files(folder)) == paths[:2]
    if sign != signal.SIGKILL:
        assert process.returncode == 130
        assert err.splitlines()[-1] == "fetch: interrupted. Run it again to resume."
        assert have == 30_000
        assert listed(folder) == paths[:2]
    host.seen.clear()
    again = start(host, folder, "--files", "4", "--connections", "1")
    out, err = again.communicate(timeout=20)
    assert again.returncode == 0, err
    assert host.seen == [("GET", f"/{paths[2]}", f"bytes={have}-"), ("GET", f"/{paths[3]}", "")]
    assert wet_files(folder) == {path: packed(number) for number, path in enumerate(paths)}
    assert hidden(folder) == []
    assert "4 of 4 files" in out


def test_a_second_fetch_into_the_folder_is_told_who_is_there(
    host: Host, folder: Path, fetch: Fetch, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = host.serve_crawl(1)
    half = Half(100)
    host.script[f"/{paths[0]}"] = [half]
    process = start(host, folder, "--files", "1")
    assert half.sent.wait(20)
    assert fetch("--files", "1") == 2
    err = capsys.readouterr().err
    assert f"--output {folder} is in use by another fetch (process {process.pid} on " in err
    process.kill()
    process.communicate(timeout=10)
    half.over.set()
    assert fetch("--files", "1") == 0  # a lock of the dead holds nobody up
    assert hidden(folder) == []


def test_a_full_disk(host: Host, folder: Path) -> None:
    paths = host.serve_crawl(3, members=20)
    host.files[f"/{paths[1]}"] = packed(1, members=100)  # 200 kB, where a file may have 100
    process = start(host, folder, "--files", "3", "--connections", "1", limit=100_000)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    last = err.splitlines()[-1]
    assert last.startswith("fetch: cannot write ")
    assert "File too large (" in last
    assert "MB free)" in last
    assert "Traceback" not in err
    assert listed(folder) == paths[:1]
    assert list(wet_files(folder)) == paths[:1]
    again = start(host, folder, "--files", "3")
    assert again.wait(20) == 0
    again.communicate()
    assert host.gets(f"/{paths[1]}")[-1].startswith("bytes=")
    assert list(wet_files(folder).values()) == [packed(0), packed(1, members=100), packed(2)]


def test_a_bug_is_no_message(host: Host, folder: Path, fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    host.serve_crawl(1)
    monkeypatch.setattr(command, "write_list", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fetch("--files", "1")


# Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_live_line_and_a_file_plain_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    for out in (Terminal(), io.StringIO()):
        monkeypatch.setattr("c4pipe.fetch.progress.LIVE", 0.01)
        with FetchProgress(out, plain=0.01) as progress:
            progress.expect(4)
            progress.received(30_000_000)
            progress.finished(20_000_000, True)
            progress.finished(5, False)
            progress.failed()
            progress.note("[bold]a note[/bold]")
            until(lambda out=out: "2/4 files" in out.getvalue())  # type: ignore[misc]
        text = out.getvalue()
        assert "2/4 files  30.0 MB" in text
        assert "1 error" in text
        assert "[bold]a note[/bold]" in text
        assert ("\x1b" in text) == isinstance(out, Terminal)


def test_the_time_left_is_of_the_mean_file(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("c4pipe.progress.time.monotonic", lambda: now[0])
    progress = FetchProgress(io.StringIO())
    progress.expect(11)
    now[0] = 10.0
    progress.received(10_000_000)
    assert "ETA -" in progress.line()
    progress.finished(10_000_000, True)
    assert progress.line() == "1/11 files  10.0 MB  1.0 MB/s  ETA 1:40  0 errors"


def test_help_tells_of_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--help"])
    assert "exit codes: 0 all fetched; 1 some could not be fetched" in capsys.readouterr().out


def test_wet_paths_are_those_of_common_crawl() -> None:
    assert wet_path(0) == (
        "crawl-data/CC-MAIN-2024-22/segments/1715971057200.39/wet/"
        "CC-MAIN-20240517233122-20240518023122-00000.warc.wet.gz"
    )
    assert os.path.isabs(wet_path(0)) is False
