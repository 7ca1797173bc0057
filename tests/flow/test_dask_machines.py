"""Dask on two machines and a login node, as far as one machine has them: network namespaces joined by a bridge, each
with a home, temporary files and a working folder of its own. They share one folder, and one of them dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.wetfiles import ROOT, WebPage, digests, story, wet

if not find_spec("distributed"):
    pytest.skip("needs Dask: pip install 'c4pipe[dask]'", allow_module_level=True)

BRIDGE = f"c4b{os.getpid()}"
MACHINES = {"login": "10.77.4.1", "one": "10.77.4.2", "two": "10.77.4.3"}
On = Callable[..., "subprocess.Popen[str]"]


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def namespace(name: str) -> str:
    return f"{BRIDGE}-{name}"


@pytest.fixture
def network() -> Iterator[None]:
    """A namespace for each machine; skipped where this process may make none."""
    try:
        ip("link", "add", BRIDGE, "type", "bridge")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs network namespaces: root, and iproute2")
    try:
        ip("link", "set", BRIDGE, "up")
        for number, (name, address) in enumerate(MACHINES.items()):
            inside, outside = f"c4i{number}", f"{BRIDGE}v{number}"
            ip("netns", "add", namespace(name))
            ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", namespace(name))
            ip("link", "set", outside, "master", BRIDGE, "up")
            ip("-n", namespace(name), "addr", "add", f"{address}/24", "dev", inside)
            for link in (inside, "lo"):
                ip("-n", namespace(name), "link", "set", link, "up")
        yield
    finally:
        for name in MACHINES:
            with suppress(subprocess.CalledProcessError):
                ip("netns", "del", namespace(name))
        ip("link", "del", BRIDGE)


@pytest.fixture
def on(network: None, tmp_path: Path) -> Iterator[On]:
    """`on(machine, module, *words)`: what runs there, until the test ends."""
    running: list[subprocess.Popen[str]] = []

    def call(machine: str, module: str, *words: object) -> subprocess.Popen[str]:
        own = tmp_path / machine
        (own / "tmp").mkdir(parents=True, exist_ok=True)
        environment = os.environ | {"HOME": str(own), "TMPDIR": str(own / "tmp"), "PYTHONPATH": str(ROOT)}
        line = ["ip", "netns", "exec", namespace(machine), sys.executable, "-P", "-m", module, *map(str, words)]
        with (own / "log").open("a") as log:
            running.append(
                subprocess.Popen(line, cwd=own, env=environment, text=True, stderr=log, start_new_session=True)
            )
        return running[-1]

    yield call
    for process in running:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_a_machine_that_dies_half_way_changes_nothing(on: On, badwords: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    (shared / "wet").mkdir(parents=True)
    for number in range(8):
        pages = [WebPage(f"http://s{number}.example/{i}", story(100_000 * number + 10 * i)) for i in range(60)]
        (shared / "wet" / f"{number}.warc.wet.gz").write_bytes(wet(pages))
    corpus = ["--input", shared / "wet", "--badwords-dir", badwords]

    scheduler = ["--host", MACHINES["login"], "--port", 8786, "--scheduler-file", shared / "scheduler.json"]
    on("login", "distributed.cli.dask_scheduler", *scheduler, "--no-dashboard")
    while not (shared / "scheduler.json").exists():
        time.sleep(0.1)
    worker = [
        "--scheduler-file",
        shared / "scheduler.json",
        "--nthreads",
        1,
        "--no-dashboard",
        "--preload",
        "c4pipe.flow.dask_worker",
    ]
    machines = {
        name: on(name, "distributed.cli.dask_worker", *worker, "--local-directory", tmp_path / name / "scratch")
        for name in ("one", "two")
    }
    while (tmp_path / "login" / "log").read_text().count("Register worker addr") < 2:
        assert [process.poll() for process in machines.values()] == [None, None]
        time.sleep(0.1)
    runner = ["--runner", "DaskRunner", "--dask_scheduler_file", shared / "scheduler.json", "--dask_npartitions", 4]
    build = on("login", "beam_jobs.build_c4", *corpus, "--output", shared / "c4", *runner)
    while not [*shared.glob("c4/.staging-*/*/staged/*")]:  # a unit is read: what comes behind it is still to come
        assert build.poll() is None, (tmp_path / "login" / "log").read_text()
        time.sleep(0.02)
    end(machines["two"])
    assert build.poll() is None
    assert build.wait(120) == 0, (tmp_path / "login" / "log").read_text()
    here = on("login", "beam_jobs.build_c4", *corpus, "--output", shared / "here", "--workers", 1)
    assert here.wait(120) == 0
    assert digests(shared / "c4") == digests(shared / "here")
