"""bench.flame: its report on stacks, and profiling of a process if permitted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench import flame
from bench.flame import ProfileError, Spent, main, record, spent, table

BUSY = "sum(i * i for i in range(6_000_000))"
STACKS = [
    "main (beam_jobs/build_c4.py:44);run (apache_beam/runners/runner.py:8);take (c4pipe/passes/staging.py:140);"
    "clean (c4pipe/clean/loop.py:31);sub (re/__init__.py:185) 3",
    "main (beam_jobs/build_c4.py:44);run (apache_beam/runners/runner.py:9);take (c4pipe/passes/staging.py:150) 1",
    "main (beam_jobs/build_c4.py:45);take (c4pipe/passes/staging.py:1);take (c4pipe/passes/staging.py:2) 4",
    "bootstrap (c4pipe/flow/progress.py:2);wait (threading.py:320) 90",
    "<module> (json/__init__.py:1) 2",
]


def test_a_library_works_for_the_function_of_ours_that_called_it_and_who_waits_does_nothing() -> None:
    assert spent(STACKS) == [
        Spent("take (c4pipe/passes/staging.py)", 0.5, 0.8),
        Spent("clean (c4pipe/clean/loop.py)", 0.3, 0.3),
    ]


def test_the_table_names_stages_and_functions() -> None:
    lines = [line.split() for line in table(STACKS).splitlines()]
    assert {"clean", "write"} <= {line[0] for line in lines if line}
    assert ["take", "(c4pipe/passes/staging.py)", "50.0%", "80.0%"] in lines


@pytest.mark.parametrize(("kind", "expected"), [("raw", "(<string>:1)"), ("flamegraph", "<svg")])
def test_it_looks_into_a_process(tmp_path: Path, kind: str, expected: str) -> None:
    output = tmp_path / "seen"
    try:
        record([sys.executable, "-c", BUSY], output, kind)
    except ProfileError as error:
        pytest.skip(str(error))
    assert expected in output.read_text(encoding="utf-8")


def test_a_command_that_cannot_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProfileError):
        record(["/no/such/program"], tmp_path / "seen", "raw")


def test_without_py_spy(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(flame.shutil, "which", lambda *_, **__: None)
    assert main(["--input", "data_samples/news.warc.wet.gz"]) == 2
    assert "py-spy is not installed. Run `make setup`" in capsys.readouterr().err


def test_where_it_may_not_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spy = tmp_path / "py-spy"
    spy.write_text("#!/bin/sh\necho 'Permission Denied: Try running again with elevated permissions'\nexit 1\n")
    spy.chmod(0o755)
    monkeypatch.setattr(flame, "py_spy", lambda: str(spy))
    with pytest.raises(ProfileError, match="--cap-add SYS_PTRACE"):
        record([sys.executable, "-c", "pass"], tmp_path / "seen", "raw")


@pytest.mark.soak  # two builds under py-spy
def test_a_build(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if main(["--input", "data_samples/news.warc.wet.gz", "--output", str(tmp_path)]):
        pytest.skip(capsys.readouterr().err)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flame.svg", "profile.txt", "stacks.raw"]
    assert "start-up" in (tmp_path / "profile.txt").read_text(encoding="utf-8")
