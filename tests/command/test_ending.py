"""c4pipe.command: one line and one exit code for every way a command ends, and output to streams that nobody reads."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from c4pipe.command import Parser, Speech, heard, run_command, shortage, utf8_path
from c4pipe.errors import AssetError, BuildError, ConfigError

ROOT = Path(__file__).parents[2]
WORDS = "Grüße ██ 中文 caf\udce9\n"


def raising(error: BaseException) -> Callable[[], int]:
    def work() -> int:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ConfigError("--x is 3; expected 2."), 2, "job: --x is 3; expected 2."),
        (AssetError("no list"), 2, "job: no list"),
        (BuildError("it\x1b[2J failed\u3164"), 1, r"job: it\x1b[2J failed\u3164"),
        (BuildError("caf\udce9"), 1, r"job: caf\udce9"),
        (OSError(errno.EIO, "Input/output error", "a\nb"), 1, r"job: [Errno 5] Input/output error: 'a\nb'"),
        (
            OSError(errno.EMFILE, "Too many open files"),
            1,
            "job: [Errno 24] Too many open files. Raise the limit on open files: ulimit -n 1024.",
        ),
        (
            MemoryError(),
            1,
            "job: out of memory (MemoryError). Free some, and run it again.",
        ),
        (KeyboardInterrupt(), 130, "job: interrupted."),
    ],
)
def test_an_error_is_a_line_and_a_code(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command("job", raising(error)) == code
    assert capsys.readouterr() == ("", line + "\n")


@pytest.mark.parametrize("error", [ValueError("3"), RuntimeError("no"), ImportError("no module"), SystemError("bad")])
def test_a_bug_is_no_line(error: Exception) -> None:
    with pytest.raises(type(error)):
        run_command("job", raising(error))


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("can't start new thread"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("Traceback\n  File x\nMemoryError: Unable to allocate 8.00 GiB [while running 'Read']"),
        ImportError("x.so: failed to map segment from shared object"),
        MemoryError("std::bad_alloc"),
    ],
)
def test_too_little_memory_has_many_names(error: Exception) -> None:
    said = shortage(error)
    assert said.startswith("out of memory (")
    assert "\n" not in said
    assert run_command("job", raising(error), silent=True) == 1


def test_a_line_of_a_traceback_that_names_memory_is_another_error() -> None:
    assert shortage(RuntimeError("Traceback\n  except MemoryError:\nValueError: 3")) == ""


def test_a_working_folder_that_is_gone_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    (tmp_path / "a").rmdir()
    assert run_command("job", lambda: len(os.path.abspath("x"))) == 1
    assert capsys.readouterr().err == "job: the working folder is gone. Change into one that exists.\n"


def spoken(monkeypatch: pytest.MonkeyPatch, stdout: Any, work: Callable[[], int], **how: Any) -> tuple[int, str]:
    """The code and what was said on stderr, of work in a command whose stdout is this descriptor."""
    reader, writer = os.pipe()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        patch.setattr(sys, "stderr", io.TextIOWrapper(io.FileIO(writer, "w"), encoding="ascii"))
        code = run_command("job", work, **how)
        sys.stderr.close()
    with open(reader, encoding="ascii") as said:
        return code, said.read()


def a_pipe(listens: bool, encoding: str = "utf-8") -> tuple[int, io.TextIOWrapper]:
    reader, writer = os.pipe()
    if not listens:
        os.close(reader)
    return reader, io.TextIOWrapper(io.BufferedWriter(io.FileIO(writer, "w")), encoding=encoding)


def says(code: int = 0, times: int = 1) -> Callable[[], int]:
    def work() -> int:
        for _ in range(times):
            print(WORDS, end="")
        return code

    return work


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "Grüße ██ 中文 caf\\udce9\n".encode()),
        ("latin-1", b"Gr\xfc\xdfe \\u2588\\u2588 \\u4e2d\\u6587 caf\\udce9\n"),
        ("ascii", b"Gr\\xfc\\xdfe \\u2588\\u2588 \\u4e2d\\u6587 caf\\udce9\n"),
    ],
)
def test_what_an_encoding_lacks_is_spelt_out(monkeypatch: pytest.MonkeyPatch, encoding: str, shown: bytes) -> None:
    reader, stdout = a_pipe(listens=True, encoding=encoding)
    assert spoken(monkeypatch, stdout, says()) == (0, "")
    stdout.close()
    with open(reader, "rb") as read:
        assert read.read() == shown


@pytest.mark.parametrize("code", [0, 1, 3])
@pytest.mark.parametrize("shows", [False, True])
@pytest.mark.parametrize("times", [1, 10_000])
def test_nobody_need_listen(monkeypatch: pytest.MonkeyPatch, code: int, shows: bool, times: int) -> None:
    _, stdout = a_pipe(listens=False)
    assert spoken(monkeypatch, stdout, says(code, times), shows=shows) == (code, "")
    stdout.close()  # it holds nothing that it would complain of


@pytest.mark.parametrize(("code", "shows", "ends"), [(0, False, 0), (0, True, 1), (3, False, 3), (3, True, 3)], ids=str)
def test_a_full_disk_fails_what_was_to_be_shown_alone(
    monkeypatch: pytest.MonkeyPatch, code: int, shows: bool, ends: int
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    with open("/dev/full", "w", encoding="utf-8") as stdout:
        said = "job: what it printed is lost: No space left on device.\n"
        assert spoken(monkeypatch, stdout, says(code), shows=shows) == (ends, said)


def test_a_stream_that_was_closed_swallows_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert spoken(monkeypatch, None, says(3), shows=True) == (3, "")
    monkeypatch.setattr(sys, "stderr", None)
    assert run_command("job", raising(BuildError("unheard"))) == 1


def test_a_pipe_that_does_not_wait_is_waited_for() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    code = (
        f"import os, time; time.sleep(0.3); n = 0\nwhile data := os.read({reader}, 1 << 16): n += len(data)\nprint(n)"
    )
    with subprocess.Popen([sys.executable, "-c", code], pass_fds=[reader], stdout=subprocess.PIPE, text=True) as other:
        os.close(reader)
        with Speech(writer, None, closefd=True) as speech:
            for _ in range(300):
                speech.write("x" * 999 + "\n")
        assert speech.lost is None
        assert other.communicate(timeout=30)[0] == "300000\n"


def test_the_streams_are_given_back(capfd: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    with pytest.raises(SystemExit), heard():
        print("said")
        sys.exit(3)
    assert (sys.stdout, sys.stderr) == before
    assert capfd.readouterr().out == "said\n"


def test_no_file_gets_the_number_of_a_stream_that_is_closed(tmp_path: Path) -> None:
    code = f"""
import os, sys
from c4pipe.command import run_command
def work():
    with open({str(tmp_path / "data")!r}, "w") as file:
        print("words"); print("words", file=sys.stderr); os.write(1, b"more"); os.write(2, b"more")
        file.write(str(file.fileno() > 2))
    return 0
os._exit(run_command("job", work))
"""
    line = '"$0" -c "$1" <&- >&- 2>&-'
    assert subprocess.run(["sh", "-c", line, sys.executable, code], cwd=ROOT, check=False).returncode == 0
    assert (tmp_path / "data").read_text() == "True"


def test_a_name_that_is_no_text_is_refused_where_text_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    parser = Parser("job", "does")
    parser.add_argument("folder", type=utf8_path)
    with pytest.raises(ConfigError, match=r"argument folder: '.*/caf\\udce9' is not UTF-8; use a name that is"):
        parser.parse_args([str(odd)])
    try:
        odd.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    monkeypatch.chdir(odd)
    with pytest.raises(ConfigError, match="is not UTF-8"):
        parser.parse_args(["."])  # which has the name all the same


FREE = "Free some, and run it again."
LIMIT = "ulimit -v allows 1,024 MB: raise that, and run it again."


@pytest.mark.parametrize(
    ("limit", "fails", "code", "last"),
    [
        ("", "raise MemoryError", 1, f"the command cannot be loaded: out of memory (MemoryError). {FREE}"),
        ("", "raise ImportError('x.so: failed to map segment')", 1, f"(x.so: failed to map segment). {FREE}"),
        ("ulimit -v 1000000; ", "raise SystemError('odd')", 1, f"out of memory (odd). {LIMIT}"),
        ("", "raise SystemError('odd')", 1, "SystemError: odd"),
        ("", "run_command('job', lambda: 1 // 0)", 1, "ZeroDivisionError: integer division or modulo by zero"),
    ],
)
def test_a_command_that_cannot_be_loaded_says_why(limit: str, fails: str, code: int, last: str, tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs/__init__.py").write_text("from c4pipe.command import watch_start\nwatch_start()\n")
    (tmp_path / "jobs/build.py").write_text(f"from c4pipe.command import run_command\n{fails}\n")
    line = f'{limit}exec "$0" -m jobs.build'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["sh", "-c", line, sys.executable], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert done.stderr.endswith(f"{last}\n")
    assert ("Traceback" in done.stderr) == ("out of memory" not in done.stderr)
