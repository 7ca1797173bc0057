"""A running job listens where no other user can connect: on sockets in its own folder, and on no port."""

from __future__ import annotations

import os
import socket
import stat
import sys
import time
from pathlib import Path

import apache_beam as beam
import grpc
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import worker_handlers

from beam_jobs import local, sockets
from c4pipe.errors import ConfigError
from tests.listening import seen_of, wait_for, watching

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: other systems have no /proc")


def test_what_listens_is_seen(tmp_path: Path) -> None:
    """So that nothing seen means that there is nothing."""
    path = str(tmp_path / "socket")
    with watching() as seen, socket.socket() as one, socket.socket(socket.AF_INET6) as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("::", 0))
        with socket.socket(socket.AF_UNIX) as three:
            three.bind(path)
            for listener in (one, two, three):
                listener.listen()
            ports = {f"127.0.0.1:{one.getsockname()[1]}", f":::{two.getsockname()[1]}"}
            wait_for(lambda: ports <= seen.ports and path in seen.paths)


def test_a_build_opens_no_port_and_leaves_nothing_behind(small: Path, badwords: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "a %23 #?'ü"
    temporary.mkdir()
    options = ["--input", str(small), "--output", str(tmp_path / "c4"), "--badwords-dir", str(badwords)]
    command = [sys.executable, "-m", "beam_jobs.build_c4", *options, "--workers", "2"]
    seen = seen_of(command, cwd=ROOT, env=os.environ | {"TMPDIR": str(temporary)})
    assert seen.ports == set()
    assert len(seen.paths) == 4  # control, data, state, logs
    assert [*temporary.iterdir()] == []


def test_nor_does_a_mixture(built, small: Path, tmp_path: Path) -> None:
    options = ["--corpus", str(built(small)), "--output", str(tmp_path / "mixture"), "--workers", "2"]
    seen = seen_of([sys.executable, "-m", "beam_jobs.rebalance", *options], cwd=ROOT)
    assert seen.ports == set()
    assert len(seen.paths) == 4


@pytest.mark.parametrize("mode", ["multi_processing", "multi_threading"])
def test_nor_do_workers_that_are_no_forks(mode: str) -> None:
    """A process with threads, as that which watches here, is not forked; Beam has workers that are threads, too."""
    flags = ["--runner=FnApiRunner", "--direct_num_workers=2", f"--direct_running_mode={mode}"]
    with watching() as seen, local.processes(2), beam.Pipeline(options=PipelineOptions(flags)) as pipeline:
        pipeline | beam.Create(range(8)) | beam.Map(lambda _: time.sleep(0.02))
    assert seen.ports == set()
    ours = [path for path in seen.paths if "/c4pipe-" in path]  # this process may have had others before
    assert len(ours) == 4
    assert worker_handlers.grpc is grpc


def test_nobody_else_may_look_where_the_sockets_are() -> None:
    with local.processes(1):
        server = worker_handlers.grpc.server(None)
        address = f"unix:{Path(os.environ['TMPDIR'], '1')}"
        assert server.add_insecure_port("[::]:0") == 1
        assert worker_handlers.GrpcWorkerHandler.port_from_worker(None, 1) == address
        assert stat.S_IMODE(Path(os.environ["TMPDIR"]).stat().st_mode) == 0o700


def test_a_path_that_is_too_long_for_a_socket_is_not_taken(tmp_path: Path) -> None:
    long = tmp_path / ("x" * sockets.LONGEST_FOLDER)
    long.mkdir()
    with sockets.sockets_in(long):
        worker_handlers.grpc.server(None).add_insecure_port("[::]:0")
        address = worker_handlers.GrpcWorkerHandler.port_from_worker(None, 1)
        assert address.startswith("unix:/tmp/c4pipe-sockets-")
        assert Path(address.removeprefix("unix:")).is_socket()
    assert not Path(address.removeprefix("unix:")).parent.exists()


@pytest.mark.parametrize("change", ["grpc", "port_from_worker", "another way"])
def test_a_beam_that_opens_its_ports_in_another_way_is_refused(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if change == "grpc":
        monkeypatch.delattr(worker_handlers, "grpc")
    if change == "port_from_worker":
        monkeypatch.delattr(worker_handlers.GrpcWorkerHandler, "port_from_worker")
    with pytest.raises(ConfigError, match=r"apache-beam [\d.]+ opens ports .* requirements\.lock"), local.processes(1):
        worker_handlers.GrpcWorkerHandler.port_from_worker(None, 40_000)  # of a server that was not made by ours
