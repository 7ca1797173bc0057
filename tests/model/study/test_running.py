"""Runs as processes: order, what is done, death and failure. One whole study through the real commands."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from model.errors import ConfigError, TrainError
from model.study import __main__ as study_main
from model.study import running
from model.study.__main__ import main
from model.study.gathering import read_results
from model.study.planned import PathIn, PlannedRun
from model.study.price import Speed, measured_speed
from model.study.running import done_runs, held_folder, run_all
from tests.conftest import Build
from tests.model.study.test_plan import setting_of

LOAD = setting_of(study_main.find_study("methods")).vocabulary().load
FIRST = PlannedRun("first", "train", (), (), LOAD)
SECOND = PlannedRun("second", "train", (("--init-from", (PathIn(FIRST),)),), (), LOAD)
THIRD = PlannedRun("third", "train", (), (), LOAD)
SAMPLES = Path(__file__).parents[3] / "data_samples"
RUNS = [FIRST, SECOND, THIRD]
EXPECTED = {run.name: 1.0 for run in RUNS}
WRITES = (
    "import pathlib, sys; p = pathlib.Path(sys.argv[1]); p.parent.mkdir(parents=True); p.write_text(str(sys.argv[2:]))"
)


def go(out: Path, monkeypatch: pytest.MonkeyPatch, script: Callable[[PlannedRun], str], at_once: int = 1) -> int:
    """Three runs, whose commands are a few words of Python each."""

    def line(run: PlannedRun, runs: Path) -> list[str]:
        return [sys.executable, "-S", "-c", script(run), str(run.result(runs)), *run.arguments(runs)]

    monkeypatch.setattr(running, "command_of", line)
    with held_folder(out) as handed:
        return run_all(out, RUNS, EXPECTED, at_once, 1, handed)


def test_each_run_once_and_behind_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    assert go(tmp_path, monkeypatch, lambda run: WRITES, at_once=2) == 0
    assert {*done_runs(tmp_path, RUNS)} == {run.name for run in RUNS}
    assert f"runs/{FIRST.name}" in SECOND.result(tmp_path / "runs").read_text()
    assert capsys.readouterr().out.count(", announced 1 s; about ") == 3
    assert go(tmp_path, monkeypatch, lambda run: "raise SystemExit(1)") == 0, "nothing is run again"
    THIRD.result(tmp_path / "runs").unlink()
    assert {*done_runs(tmp_path, RUNS)} == {FIRST.name, SECOND.name}, "what has lost its result is not done"


def test_a_run_that_fails_is_named_with_its_last_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(run: PlannedRun) -> str:
        return "raise SystemExit('no such thing')" if run is SECOND else WRITES

    with pytest.raises(
        TrainError, match=rf"{SECOND.name} failed with exit code 1: no such thing See .*{SECOND.name}.log"
    ):
        go(tmp_path, monkeypatch, script)
    assert FIRST.name in done_runs(tmp_path, RUNS)
    assert go(tmp_path, monkeypatch, lambda run: WRITES) == 0


def test_a_signal_ends_the_runs_and_the_same_command_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(run: PlannedRun) -> str:
        return "import time; time.sleep(60)" if run is SECOND else WRITES

    def tell() -> None:
        while not (tmp_path / "logs" / f"{SECOND.name}.log").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=tell, daemon=True).start()
    assert go(tmp_path, monkeypatch, script) == 128 + signal.SIGTERM
    assert {*done_runs(tmp_path, RUNS)} == {FIRST.name}
    assert go(tmp_path, monkeypatch, lambda run: WRITES) == 0


def test_two_studies_never_share_a_folder(tmp_path: Path) -> None:
    with held_folder(tmp_path), pytest.raises(ConfigError, match="is in use by a study, or by a run left over"):
        held_folder(tmp_path).__enter__()


def test_a_record_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "runs.json").write_text("[]")
    with pytest.raises(ConfigError, match=r"runs.json is not the record of a study"):
        done_runs(tmp_path, RUNS)


def test_speed_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running.subprocess, "run", lambda *_, **__: time.sleep(0.02))
    found = measured_speed(LOAD, "cpu", 1)
    assert found.flops > 1e7
    assert 0.02 < found.start < 10


class InThisProcess:
    """In the place of a process: the real command, run at once; after so many, Ctrl-C."""

    started: list[str] = []
    left = 0

    def __init__(self, line: list[str], **_: object) -> None:
        if not InThisProcess.left:
            raise KeyboardInterrupt
        InThisProcess.left -= 1
        InThisProcess.started.append(line[line.index("--run") + 1])
        self.returncode = importlib.import_module(line[2]).main(line[3:])

    def poll(self) -> int:
        return int(self.returncode)


def test_a_study_from_end_to_end(built: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """Two arms of a seed: a vocabulary, a pre-training, two fine-tunings; interrupted behind the second."""
    monkeypatch.setattr(study_main, "measured_speed", lambda *_: Speed(1e9, 1.0))
    monkeypatch.setattr(running.subprocess, "Popen", InThisProcess)
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    out, tasks = tmp_path / "out", SAMPLES / "tasks"
    line = ["methods", "--out", str(out), "--data", f"en={built(SAMPLES)}", "--tasks", f"sst2={tasks / 'sst2'}"]
    line += ["--steps", "1", "--seeds", "1", "--arms", "adapters-8", "--at-once", "1"]
    assert main([*line, "--dry-run"]) == 0
    assert "in all 4 runs to do" in capsys.readouterr().out
    assert not out.exists()

    InThisProcess.left = 2
    assert main(line) == 130
    assert "Run the same command again" in capsys.readouterr().err
    assert "not done: all seed 0, adapters-8 seed 0." in (out / "table.md").read_text(encoding="utf-8")
    InThisProcess.left = 2
    assert main(line) == 0
    assert len({*InThisProcess.started}) == len(InThisProcess.started) == 4, "what is done is not done again"

    found = read_results(out / "results.csv")
    assert {(row.arm, row.task) for row in found} == {
        (arm, task) for arm in ("all", "adapters-8") for task in ("sst2", "text")
    }
    assert "| adapters-8 | adapters of 8 and norms |" in (out / "table.md").read_text(encoding="utf-8")
    assert (out / "picture.svg").read_bytes().startswith(b"<?xml")
    written = {name: (out / name).read_bytes() for name in ("results.csv", "table.md", "picture.svg")}
    assert main(line) == 0
    assert {name: (out / name).read_bytes() for name in written} == written

    capsys.readouterr()
    assert main(["repeats", *line[1 : line.index("--arms")]]) == 2
    assert "holds the study methods: choose another folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "expected NAME: architectures, "),
        (["methods"], "expected --out DIR. See --help."),
        (["method", "--out", "x"], "unknown study 'method'"),
        (["methods", "--out", "x", "--size", "base"], "--size base needs --data and --tasks"),
        (["corpora", "--out", "x", "--data", "CORPUS"], "corpora compares corpora, but --data has 1"),
        (["methods", "--out", "x", "--data", "a=CORPUS", "b=CORPUS"], "methods uses one corpus, but --data names 2"),
        (["methods", "--out", "x", "--data", "nowhere"], "--data nowhere: no corpus in nowhere (no manifest.json)"),
        (["methods", "--out", "x", "--data", "=CORPUS"], "expected NAME=DIR with a unique name"),
        (["methods", "--out", "x", "--data", "CORPUS", "--tasks", "sst2"], "expected NAME=PATH, as in"),
        (["methods", "--out", "x", "--data", "CORPUS", "--arms", "al"], "--arms al: methods has all, adapters-8, "),
        (["methods", "--out", "x", "--seeds", "0"], "expected a number of 1 or more"),
        (["--list", "--seeds", "3"], "--seeds has no effect: --list prints the studies alone."),
        (["methods", "--out", "TAKEN", "--data", "CORPUS"], "notes.txt exists and was not written by study"),
    ],
)
def test_wrong_use_is_one_line_before_any_work(
    words: list[str], said: str, built: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    corpus = built(SAMPLES)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine")
    monkeypatch.setattr(study_main, "measured_speed", lambda *_: pytest.fail("it began to measure"))
    words = [word.replace("CORPUS", str(corpus)).replace("TAKEN", str(tmp_path / "taken")) for word in words]
    assert main(words) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.err.count("\n") == 1
    assert not Path("x").exists()


def test_the_list(capsys) -> None:
    assert main(["--list"]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("architectures  Which stack of blocks")
