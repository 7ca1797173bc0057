"""Every command of the project in unusual environments: names that are not UTF-8, unread streams, limits."""

from __future__ import annotations

import importlib
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from beam_jobs import build_c4
from beam_jobs.arguments import ADDRESS_SPACE, beam_flags, parse
from c4pipe.errors import ConfigError
from tests.wetfiles import ROOT, digests

ODD = "caf\udce9"  # as Python has it from bytes that are no UTF-8
COMMANDS = {
    "build_c4": "beam_jobs.build_c4",
    "rebalance": "beam_jobs.rebalance",
    "inspect": "c4pipe.inspect.__main__",
    "card": "c4pipe.card.__main__",
    "fetch": "c4pipe.fetch.__main__",
    "classifier": "c4pipe.classifier.__main__",
    "assets": "c4pipe.fetch.assets",
    "train": "model.train",
    "generate": "model.generate",
    "evaluate": "model.evaluate",
}


def main(name: str, *arguments: str) -> int:
    code: int = importlib.import_module(COMMANDS[name]).main([*arguments])
    return code


@pytest.mark.parametrize("name", COMMANDS)
def test_wrong_use_is_a_line_under_the_name_of_the_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(name, "--no-such-option\x1b") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"{name}: ")
    assert said.err.count("\n") == 1
    assert "\x1b" not in said.err


@pytest.mark.parametrize("name", COMMANDS)
def test_help_that_nobody_reads_ends_quietly(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(io.FileIO(writer, "w")), encoding="latin-1"))
        with pytest.raises(SystemExit) as ended:
            main(name, "--help")
        sys.stdout.close()
    assert ended.value.code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("build_c4", "--input", "x", "--output", ODD),
        ("build_c4", "--input", "x", "--output", "y", "--staging", ODD),
        ("rebalance", "--corpus", ODD, "--output", "y"),
        ("rebalance", "--corpus", "x", "--output", ODD),
        ("inspect", ODD),
        ("card", ODD),
        ("inspect", "x", "--against", ODD),
        ("train", "--data", "x", "--run", ODD),
        ("train", "--data", ODD, "--run", "y"),
        ("generate", "--run", ODD, "text"),
        ("evaluate", "--run", "x", "--data", ODD),
    ],
    ids=" ".join,
)
def test_a_name_that_is_no_text_is_refused_before_any_work(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(*arguments) == 2
    said = capsys.readouterr().err
    assert r"caf\udce9' is not UTF-8; use a name that is. See --help." in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def inputs(small: Path, tmp_path: Path) -> Path:
    """The inputs of `small`, below a folder whose name is no text."""
    try:
        (tmp_path / ODD).symlink_to(small)
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    return tmp_path / ODD


def test_a_build_whose_summary_cannot_be_shown_is_a_build(
    built: Any, small: Path, badwords: Path, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Latin-1, to a reader that has left, of inputs with an odd name, on a disk that cannot be asked to sync."""

    def refused(_: int) -> None:
        raise OSError(22, "Invalid argument")

    reader, writer = os.pipe()
    os.close(reader)
    target = tmp_path / "c4\n%s [x]~"
    lists = ["--badwords-dir", str(badwords), "--workers", "1"]
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refused)
        patch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(io.FileIO(writer, "w")), encoding="latin-1"))
        assert build_c4.main(["--input", str(inputs), "--output", str(target), *lists]) == 0
        sys.stdout.close()
    assert digests(target) == digests(built(small))


def test_a_process_of_its_own_ends_as_quietly(built: Any, small: Path, badwords: Path) -> None:
    """Of a corpus that is there: streams in another encoding, closed or full."""
    job = f"-m beam_jobs.build_c4 --input {small} --output {built(small)} --badwords-dir {badwords}"
    line = (
        f"PYTHONIOENCODING=latin-1 {sys.executable} {job} >/dev/full; echo $?; {sys.executable} {job} >&- 2>&-; echo $?"
    )
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "0\n0\n"
    assert done.stderr == "build_c4: what it printed is lost: No space left on device.\n"


def test_a_limit_in_which_a_build_would_hang_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    args, rest = parse(["--input", "x", "--output", "y"])
    for limit, fits in ((None, True), (ADDRESS_SPACE, True), (ADDRESS_SPACE - 1, False)):
        monkeypatch.setattr("beam_jobs.arguments.memory_limit", lambda limit=limit: limit)
        if fits:
            assert beam_flags(args, rest, 1, 1)
        else:
            with pytest.raises(ConfigError, match=r"ulimit -v allows 4,295 MB .* Raise it: ulimit -v unlimited\."):
                beam_flags(args, rest, 1, 1)
