"""A rehearsal of a job on other machines: job server and workers are started from the installed wheel alone.

Beam's own pool of workers, which is what runs in its container, starts a process for each that the server asks for. All
of them, and the command, have a home and a working folder of their own and see no checkout.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.wetfiles import digests
from tests.wheels import environment

SERVER = "apache_beam.runners.portability.local_job_service_main"
POOL = "apache_beam.runners.worker.worker_pool_main"
Start = Callable[[str, str], int]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port: int = free.getsockname()[1]
    return port


@pytest.fixture
def start(command: Path, tmp_path: Path) -> Iterator[Start]:
    """`start(module, option)`: the port on which it answers by now; it ends with the test."""
    running: list[subprocess.Popen[bytes]] = []

    def call(module: str, option: str) -> int:
        port = free_port()
        folder = tmp_path / module.rpartition(".")[2]
        folder.mkdir()
        line = [command.parent / "python", "-P", "-m", module, f"{option}={port}"]
        with (folder / "log").open("w") as log:
            path = f"{command.parent}:{os.environ['PATH']}"  # the pool starts what is called `python` there
            own = environment() | {"HOME": str(folder), "PATH": path}
            running.append(subprocess.Popen(line, cwd=folder, env=own, stdout=log, stderr=log, start_new_session=True))
        for _ in range(600):
            try:
                socket.create_connection(("localhost", port), timeout=1).close()
                return port
            except OSError:
                time.sleep(0.1)
        raise AssertionError((folder / "log").read_text())

    yield call
    for process in running:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.slow
def test_the_bytes_are_those_of_a_local_build(
    start: Start, command: Path, badwords: Path, small: Path, tmp_path: Path
) -> None:
    server, pool = start(SERVER, "--port"), start(POOL, "--service_port")
    runner = f"--runner PortableRunner --job_endpoint localhost:{server}"
    workers = f"--environment_type EXTERNAL --environment_config localhost:{pool}"
    for name, options in {"there": f"{runner} {workers}", "here": "--workers 1"}.items():
        (tmp_path / name).mkdir()
        words = ["build", "--input", small, "--output", "c4", "--badwords-dir", badwords, *options.split()]
        done = subprocess.run(
            [command, *map(str, words)],
            cwd=tmp_path / name,
            env=environment() | {"HOME": str(tmp_path / name)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "there" / "c4") == digests(tmp_path / "here" / "c4")
    assert "Starting worker" in (tmp_path / "worker_pool_main" / "log").read_text()
