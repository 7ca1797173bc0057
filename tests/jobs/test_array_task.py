"""Tasks of an array: each stages its share of the inputs into one folder. The build behind them has the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs import build_c4
from bench.soak import Fault, ended, start
from c4pipe.flow import read
from c4pipe.flow.inputs import ArrayTask
from c4pipe.flow.lock import LOCK, FolderLock
from c4pipe.flow.ours import WORK_NOTE
from tests.conftest import Build, Once
from tests.jobs.array_inputs import five_units
from tests.wetfiles import ROOT, digests


@pytest.fixture
def crawl(once: Once) -> Path:
    return once("five units", five_units)


@pytest.fixture
def arguments(badwords: Path, crawl: Path, tmp_path: Path) -> list[str]:
    # Faults are counted in folders whose names begin as that of the output.
    place = ["--output", str(tmp_path / "c4"), "--staging", str(tmp_path / "c4-staging")]
    return ["--input", str(crawl), *place, "--badwords-dir", str(badwords), "--workers", "1"]


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the units that this process stages, in order."""
    numbers: list[int] = []

    def noted(verdicts, stagers, tick):
        numbers.append(int(Path(stagers[0].staged.summary).name[:6]))
        return stage_unit(verdicts, stagers, tick)

    stage_unit = read.stage_unit
    monkeypatch.setattr(read, "stage_unit", noted)
    return numbers


def test_tasks_stage_what_the_build_then_finds_done(
    arguments: list[str],
    crawl: Path,
    built: Build,
    staged: list[int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = digests(built(crawl))
    staged.clear()
    capsys.readouterr()
    assert build_c4.main([*arguments, "--stage-only", "2/2"]) == 0
    assert staged == [1, 3]
    assert not (tmp_path / "c4").exists()
    [folder] = (tmp_path / "c4-staging").iterdir()
    assert capsys.readouterr().out == f"task 2 of 2: 2 of 5 units staged in {folder}\n"
    assert build_c4.main([*arguments, "--stage-only", "1/2"]) == 0
    assert staged == [1, 3, 0, 2, 4]
    assert build_c4.main(arguments) == 0
    assert staged == [1, 3, 0, 2, 4]
    assert digests(tmp_path / "c4") == whole


def test_what_a_task_left_undone_the_build_does(
    arguments: list[str], crawl: Path, built: Build, staged: list[int], tmp_path: Path
) -> None:
    whole = digests(built(crawl))
    assert build_c4.main([*arguments, "--stage-only", "3/4"]) == 0
    staged.clear()
    assert build_c4.main(arguments) == 0
    assert staged == [0, 1, 3, 4]
    assert digests(tmp_path / "c4") == whole


def test_a_task_of_a_finished_corpus_does_nothing(
    arguments: list[str], staged: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build_c4.main(arguments) == 0
    before = digests(tmp_path)
    staged.clear()
    assert build_c4.main([*arguments, "--fresh"]) == 0
    assert build_c4.main([*arguments, "--stage-only", "1/1"]) == 0
    assert "it was already built" in capsys.readouterr().out
    assert staged == []
    assert digests(tmp_path) == before


def test_several_presets_share_the_reading(
    arguments: list[str], crawl: Path, built: Build, staged: list[int], tmp_path: Path
) -> None:
    several = [*arguments, "--preset", "en,en.noclean"]
    whole = digests(built(crawl, "--preset", "en,en.noclean"))
    for task in ("1/2", "2/2"):
        assert build_c4.main([*several, "--stage-only", task]) == 0
    staged.clear()
    assert build_c4.main(several) == 0
    assert staged == []
    assert digests(tmp_path / "c4") == whole


# --- as processes -----------------------------------------------------------------------------------------------


def processes(arguments: Sequence[str], tasks: Sequence[str]) -> list[tuple[int, str]]:
    """Exit codes and messages of tasks that run at once."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    command = [sys.executable, "-m", "beam_jobs.build_c4", *arguments, "--stage-only"]
    started = [subprocess.Popen([*command, task], cwd=ROOT, **pipes) for task in tasks]  # type: ignore[call-overload]
    said = [process.communicate(timeout=120)[0] for process in started]
    return [(process.returncode, words) for process, words in zip(started, said, strict=True)]


@pytest.mark.slow
def test_tasks_that_run_at_once_and_twice(arguments: list[str], crawl: Path, built: Build, tmp_path: Path) -> None:
    """Two processes have the same share: Slurm starts a task again that it believes is lost."""
    done = processes(arguments, ["1/2", "2/2", "1/2"])
    assert [code for code, _ in done] == [0, 0, 0], done
    assert not (tmp_path / "c4-staging" / LOCK).exists()
    assert build_c4.main(arguments) == 0
    assert digests(tmp_path / "c4") == digests(built(crawl))


@pytest.mark.slow
@pytest.mark.parametrize("moment", [8, 30, 75])
def test_a_task_that_is_killed_is_started_again(
    arguments: list[str], crawl: Path, built: Build, tmp_path: Path, moment: int
) -> None:
    """At the so-many-th create, write, fsync, rename or mkdir: the first ones make the folder of intermediate files."""
    task = [*arguments, "--stage-only", "1/1"]
    assert ended(start(task, tmp_path / "log", Fault(moment))) == -signal.SIGKILL, (tmp_path / "log").read_text()
    assert ended(start(task, tmp_path / "log")) == 0, (tmp_path / "log").read_text()
    assert ended(start(arguments, tmp_path / "log")) == 0, (tmp_path / "log").read_text()
    assert digests(tmp_path / "c4") == digests(built(crawl))


# --- the lock ---------------------------------------------------------------------------------------------------


def test_tasks_share_the_folder_and_a_build_waits_for_them(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    staging = tmp_path / "c4-staging"
    with FolderLock(str(staging), shared=True):
        assert build_c4.main([*arguments, "--stage-only", "1/5"]) == 0
        assert (staging / LOCK).exists()
        capsys.readouterr()
        assert build_c4.main(arguments) == 2
        held = "is being written by another build, or by tasks of an array. Wait for it."
        said = f"build_c4: --staging {staging} {held}\n"
        assert capsys.readouterr().err == said
    assert not (staging / LOCK).exists()


def test_a_task_waits_for_a_build(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FolderLock(str(tmp_path / "c4-staging")):
        assert build_c4.main([*arguments, "--stage-only", "1/5"]) == 2
    assert f"is being written by process {os.getpid()} on " in capsys.readouterr().err


# --- wrong use, and the shares ----------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["0/4", "5/4", "4", "1/0", "1/4/5", "-1/4", "a/b", "1/٤", ""])
def test_a_task_that_is_none(arguments: list[str], task: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert build_c4.main([*arguments, f"--stage-only={task}"]) == 2
    assert f"expected K/N with K from 1 to N, such as 3/64, got {task!r}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--fresh"], "--fresh has no effect: --stage-only adds to what other tasks have staged. Leave one of them "
         "out."),
        (["--dry-run"], "--stage-only has no effect: --dry-run writes nothing. Leave one of them out."),
        (["--runner", "PortableRunner"], "--stage-only runs on one machine, and --runner PortableRunner uses several. "
         "Leave one of them out."),
    ],
)  # fmt: skip
def test_what_goes_with_no_task(
    arguments: list[str], more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build_c4.main([*arguments, "--stage-only", "1/4", *more]) == 2
    assert capsys.readouterr().err == f"build_c4: {said}\n"


def test_a_task_needs_a_folder_that_others_see(crawl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build_c4.main(["--input", str(crawl), "--output", str(tmp_path / "c4"), "--stage-only", "1/4"]) == 2
    assert "--stage-only needs a folder that all tasks share. Name one: --staging DIR." in capsys.readouterr().err
    assert not (tmp_path / "c4").exists()


def test_what_a_task_left_that_was_killed_at_once_is_cleared(arguments: list[str], tmp_path: Path) -> None:
    assert build_c4.main([*arguments, "--stage-only", "1/4"]) == 0
    (made,) = (tmp_path / "c4-staging").iterdir()
    for draft in ("0123456789abcdef", "00000000ffffffff"):
        made.with_name(made.name + draft).mkdir()
    (made.with_name(made.name + draft) / ".c4pipe").write_bytes(WORK_NOTE)
    made.with_name(f"{made.name}-of-mine").mkdir()
    assert build_c4.main(arguments) == 0
    assert sorted(path.name for path in (tmp_path / "c4-staging").iterdir()) == [made.name, f"{made.name}-of-mine"]


@given(st.integers(1, 40), st.integers(0, 200))
def test_each_unit_is_in_one_share_and_shares_are_even(of: int, units: int) -> None:
    shares = [[n for n in range(units) if ArrayTask(k, of).takes(n)] for k in range(1, of + 1)]
    assert sorted(chain(*shares)) == [*range(units)]
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
