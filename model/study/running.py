"""Runs a study's commands, one process each, a few at a time; finished runs are recorded and not repeated.

OUT/runs/NAME/   the folder of each run       OUT/logs/NAME.log   its command's output
OUT/runs.json    {"NAME": {"seconds": 31.2, "command": [...]}}: finished runs
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, NamedTuple

from c4pipe.shards import to_json
from model.disk import locked_folder, put
from model.errors import ConfigError, TrainError
from model.stopping import Stop
from model.study.planned import PlannedRun
from model.study.price import span

RUNS, LOGS, RECORD, STUDY_LOCK = "runs", "logs", "runs.json", ".lock"
POLL_SECONDS = 0.1  # seconds between two checks of the processes


class Started(NamedTuple):
    """A running process of a run."""

    run: PlannedRun
    process: subprocess.Popen[bytes]
    began: float


def held_folder(out: Path) -> AbstractContextManager[int]:
    """Locks the folder of a study, created if needed, for this process and its children. Returns the lock to pass on.

    ConfigError if another process works there, such as a run left by a killed study.
    """
    busy = "is in use by a study, or by a run left over from a killed one: wait for it."
    return locked_folder(out, STUDY_LOCK, "--out", busy)


def done_runs(out: Path, runs: Sequence[PlannedRun]) -> dict[str, float]:
    """The seconds of finished runs, by name. ConfigError for a record that cannot be read."""
    path = out / RECORD
    try:
        found: Any = json.loads(path.read_bytes()) if path.exists() else {}
        seconds = {name: float(entry["seconds"]) for name, entry in found.items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ConfigError(
            f"{path} is not the record of a study: move it away, and runs resume from their checkpoints"
        ) from None
    return {run.name: seconds[run.name] for run in runs if run.name in seconds and run.result(out / RUNS).is_file()}


def shared_out(at_once: int | None, device: str) -> tuple[int, int]:
    """The number of parallel runs, and threads of each: by default one core each on a CPU, one run on a GPU."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    runs = at_once or (cores if device == "cpu" else 1)
    return runs, max(1, cores // runs)


def run_all(
    out: Path, runs: Sequence[PlannedRun], expected: Mapping[str, float], at_once: int, threads: int, handed: int
) -> int:
    """Runs all unfinished runs, each after those it needs. Returns 0, or 128 plus the number of a received signal.

    After a signal the processes save and end; the same command resumes. TrainError for a failed run.
    """
    waiting = [run for run in runs if run.name not in done_runs(out, runs)]
    under_way: list[Started] = []
    done = {run.name for run in runs} - {run.name for run in waiting}
    with Stop() as stop:
        try:
            while (waiting or under_way) and not stop.signal:
                ready = [run for run in waiting if all(need.name in done for need in run.needs)]
                for run in ready[: at_once - len(under_way)]:
                    waiting.remove(run)
                    under_way.append(_start(out, run, threads, handed))
                for one in [one for one in under_way if one.process.poll() is not None]:
                    under_way.remove(one)
                    if _ended(out, one, stop):
                        done.add(one.run.name)
                        left = [*waiting, *(other.run for other in under_way)]
                        _tell(one, expected, left, at_once, f"{len(done)}/{len(runs)}")
                time.sleep(POLL_SECONDS)
        finally:
            for one in under_way:
                one.process.terminate()
            for one in under_way:
                one.process.wait()
    return 128 + stop.signal if stop.signal else 0


def command_of(run: PlannedRun, runs: Path) -> list[str]:
    """The whole command line of a run."""
    return [sys.executable, "-m", f"model.{run.command}", *run.arguments(runs)]


def _start(out: Path, run: PlannedRun, threads: int, handed: int) -> Started:
    for folder in (RUNS, LOGS):
        (out / folder).mkdir(exist_ok=True)
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    log: IO[bytes]
    with (out / LOGS / f"{run.name}.log").open("ab") as log:
        process = subprocess.Popen(
            command_of(run, out / RUNS),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            process_group=0,  # Ctrl-C reaches only the study, which forwards it once
            pass_fds=(handed,),  # so that the folder stays locked while a run is active, even if the study was killed
        )
    return Started(run, process, time.monotonic())


def _ended(out: Path, one: Started, stop: Stop) -> bool:
    """Records that a run is finished; False if a signal ended it. TrainError if it failed."""
    path = out / LOGS / f"{one.run.name}.log"
    if one.process.returncode:
        if stop.signal:
            return False
        said = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise TrainError(
            f"the run {one.run.name} failed with exit code {one.process.returncode}: {''.join(said[-1:])} See "
            f"{path}; its command: {shlex.join(command_of(one.run, out / RUNS)[1:])}"
        )
    if not one.run.result(out / RUNS).is_file():
        raise TrainError(f"the run {one.run.name} wrote no {one.run.result(out / RUNS)}: see {path}")
    record = out / RECORD
    found = json.loads(record.read_bytes()) if record.exists() else {}
    seconds = round(time.monotonic() - one.began, 1)
    found[one.run.name] = {"seconds": seconds, "command": command_of(one.run, Path(RUNS))[1:]}
    put(record, to_json(found))
    return True


def _tell(one: Started, expected: Mapping[str, float], left: Sequence[PlannedRun], at_once: int, count: str) -> None:
    ahead = span(sum(expected[run.name] for run in left) / at_once)
    took, announced = span(time.monotonic() - one.began), span(expected[one.run.name])
    print(f"{count}  {one.run.name}: {took}, announced {announced}; about {ahead} left", flush=True)
