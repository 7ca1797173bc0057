"""beam_jobs.local: forked workers run what they inherit, and no worker outlives the job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from beam_jobs import local
from c4pipe.scratch import scratch

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Beam starts the workers itself on other systems")

FORKED = """
import os, sys
import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from beam_jobs import local

beam.inherited = os.getpid()  # what a worker that Beam starts would not have

def note(number, folder):
    with open(f"{folder}/{number}", "w") as stream:
        stream.write(f"{os.getpid()} {getattr(beam, 'inherited', None)}")

flags = ["--runner=FnApiRunner", "--direct_num_workers=2", "--direct_running_mode=multi_processing"]
with local.processes(2), beam.Pipeline(options=PipelineOptions(flags)) as pipeline:
    pipeline | beam.Create(range(8)) | beam.Map(note, sys.argv[1])
print(os.getpid())
"""

WAITING = """
import sys, time
from beam_jobs import local

with local.processes(2):
    print(*open(f"/proc/self/task/{__import__('os').getpid()}/children").read().split(), flush=True)
    time.sleep(60)
"""


def test_workers_begin_with_what_is_loaded(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FORKED, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=60)
    main = done.stdout.strip()
    notes = [path.read_text().split() for path in sorted(tmp_path.iterdir())]
    assert len(notes) == 8
    assert {inherited for _, inherited in notes} == {main}
    workers = {worker for worker, _ in notes}
    assert len(workers) == 2
    assert main not in workers
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_its_parent(by: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one that was never told what to do. What is left of its files goes when the next command begins."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", WAITING], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        children = process.stdout.readline().split()
        assert len(children) == 2
        process.send_signal(by)
        process.wait()
    end = time.monotonic() + 10
    while any(map(_alive, children)):
        assert time.monotonic() < end
        time.sleep(0.01)
    with scratch("next", str(tmp_path)) as folder:
        assert [*tmp_path.iterdir()] == [folder]


def _alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_process_with_threads_is_not_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked beside a thread"))
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        with local.processes(2):
            pass
    finally:
        ended.set()
        thread.join()
