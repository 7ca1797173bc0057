"""model.workers: processes that report what went wrong, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from model.errors import TrainError
from model.objectives import OBJECTIVES
from model.stream import Recipe, Share
from model.workers import Worker
from tests.corpora import Broken, Letters, documents, entries, sources_of, write_corpus
from tests.wetfiles import ROOT


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    folder = write_corpus(tmp_path / "c4", {("en", "train"): [[documents(0, 50)]]})
    return Recipe(sources_of(entries(folder), OBJECTIVES["span"], 64), Letters(), lanes=4)


@contextmanager
def worker(recipe: Recipe, batch: int = 4) -> Iterator[Worker]:
    made = Worker(recipe, Share(), {}, start=0, batch=batch)
    try:
        yield made
    finally:
        made.close()


def alive(pid: int) -> bool:
    """Whether it runs; a zombie counts as alive, for it was not waited for."""
    return Path(f"/proc/{pid}").exists()


def eventually(true: Callable[[], bool], seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()


def test_parts_come_in_order(recipe: Recipe) -> None:
    with worker(recipe) as made:
        assert [made.part().numbers.tolist() for _ in range(7)] == [[*range(n, n + 4)] for n in range(0, 28, 4)]


def test_a_shard_that_cannot_be_read_is_named(recipe: Recipe) -> None:
    Path(recipe.entries[0].files[0]).unlink()
    with (
        worker(recipe) as made,
        pytest.raises(TrainError, match=r"en/train-00000-of-00001\.parquet, row group 0, is damaged"),
    ):
        made.part()


def test_a_bug_comes_with_its_traceback(recipe: Recipe) -> None:
    with worker(replace(recipe, tokenizer=Broken())) as made:
        with pytest.raises(TrainError, match="data worker 0 of 1 failed") as caught:
            made.part()
        assert "ZeroDivisionError: no way to encode it" in str(caught.value)
        assert "corpora.py" in str(caught.value)


@pytest.mark.parametrize("batch", [4, 1000])
def test_a_killed_worker_is_noticed(recipe: Recipe, batch: int) -> None:
    """Also in the middle of handing over a part that is larger than a pipe holds."""
    with worker(recipe, batch) as made:
        made.part()
        time.sleep(0.5)
        os.kill(made.pid, signal.SIGKILL)
        with pytest.raises(TrainError, match="data worker 0 of 1 was killed, probably for lack of memory"):
            for _ in range(20):
                made.part()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_group_is_for_the_trainer(recipe: Recipe, number: int) -> None:
    """So that it can finish its step and save."""
    with worker(recipe) as made:
        made.part()
        os.kill(made.pid, number)
        assert [made.part().numbers[0] for _ in range(10)] == [*range(4, 44, 4)]


def test_a_closed_worker_is_gone(recipe: Recipe) -> None:
    with worker(recipe) as made:
        pid = made.pid
        made.part()
        assert alive(pid)
    assert not alive(pid)


@dataclass(frozen=True)
class _Heavy(Letters):
    """A tokenizer of more bytes than a pipe holds, as real ones are."""

    ballast: bytes = bytes(1 << 20)


def test_nobody_waits_until_a_worker_has_read_what_it_is_to_do(recipe: Recipe) -> None:
    """It has to import first, and all of them at the same time."""
    heavy = replace(recipe, tokenizer=_Heavy())
    with worker(heavy) as made, worker(heavy):
        assert [thread.name for thread in threading.enumerate()].count("work for a worker") == 2
        assert made.part().numbers.tolist() == [0, 1, 2, 3]


TRAINER = """
import os, sys, time
assert __name__ == "__main__", "a worker has loaded the script of its trainer"
from pathlib import Path
from model.data import Batches
from model.objectives import OBJECTIVES
from model.stream import Recipe
from tests.corpora import Letters, entries, sources_of

if __name__ == "__main__":
    recipe = Recipe(sources_of(entries(Path(sys.argv[1])), OBJECTIVES["span"], 64), Letters(), lanes=4)
    batches = Batches(recipe, batch=4, workers=2)
    next(batches)
    print(*batches.pids, flush=True)
    exec(sys.argv[2])
"""


@contextmanager
def trainer(tmp_path: Path, then: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A trainer in a process group of its own that does `then` after the first batch, and the ids of its workers."""
    write_corpus(tmp_path / "c4", {("en", "train"): [[documents(0, 50)]]})
    script = tmp_path / "trainer.py"
    script.write_text(TRAINER)
    with subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "c4"), then],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout
        pids = [int(pid) for pid in process.stdout.readline().split()]
        assert len(pids) == 2
        try:
            yield process, pids
        finally:
            process.kill()


@pytest.mark.soak
@pytest.mark.parametrize(
    ("then", "says"),
    [
        ("sys.exit()", ""),
        ("raise RuntimeError('the model broke')", "the model broke"),
        ("while True: next(batches)", "KeyboardInterrupt"),
        ("time.sleep(100)", "KeyboardInterrupt"),
    ],
)
def test_no_worker_outlives_its_trainer(tmp_path: Path, then: str, says: str) -> None:
    """It ended, it failed, or Ctrl-C went to the whole group; the workers keep silent about it."""
    with trainer(tmp_path, then) as (process, pids):
        if says == "KeyboardInterrupt":
            os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert says in errors
        assert errors.count("Traceback") == bool(says)
        assert eventually(lambda: not any(map(alive, pids)))


def test_workers_do_without_torch_and_end_themselves_when_the_trainer_is_killed(tmp_path: Path) -> None:
    """It would take seconds and hundreds of megabytes in each. The trainer has it."""
    with trainer(tmp_path, "time.sleep(100)") as (process, pids):
        with_torch = ["libtorch" in Path(f"/proc/{pid}/maps").read_text() for pid in (process.pid, *pids)]
        assert with_torch == [True, False, False]
        process.kill()
        process.wait()
        assert eventually(lambda: not any(map(alive, pids)))


def test_what_a_worker_imports_does_without_torch() -> None:
    code = "import sys, model.workers; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT).stdout == "False\n"
