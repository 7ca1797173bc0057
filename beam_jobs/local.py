"""Forked worker processes for the local runner: they start with everything loaded, in 0.1 s instead of 3 to 5.

Beam starts each worker as a separate command. Ours passes the environment that Beam gives it
to a process that was forked before the pipeline began, and lives as long as that process:
killing either kills both. They talk over sockets in a private folder (`beam_jobs/sockets`).
"""

from __future__ import annotations

import ctypes
import gc
import os
import select
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from apache_beam.portability import python_urns
from apache_beam.portability.api import endpoints_pb2
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    SUBPROCESS_LOCK,
    SubprocessSdkWorkerHandler,
    WorkerHandler,
)
from apache_beam.runners.worker import sdk_worker_main
from google.protobuf import text_format

from beam_jobs.sockets import sockets_in
from c4pipe.flow.allocators import hold_little_back
from c4pipe.flow.buckets import options_told
from c4pipe.scratch import temporary_files

ENVIRONMENT, STATUS = "environment", "status"  # pipes of a worker: its environment, and its exit status

PR_SET_PDEATHSIG = 1  # linux/prctl.h

_waiting: list[Path] = []  # the folders of idle workers


@contextmanager
def processes(number: int) -> Iterator[None]:
    """Provides so many workers while a pipeline runs on this machine; with one, this process is the worker.

    If this process may not be forked, workers are started as commands. All temporary files, Beam's too, are in one
    folder.
    """
    hold_little_back()
    gc.freeze()  # a collection in a worker would copy every shared memory page
    try:
        # Locks held by a thread of the parent would never be released in a child.
        fork = number > 1 and sys.platform == "linux" and threading.active_count() == 1
        with temporary_files("workers") as folder, sockets_in(folder), _forked(number if fork else 0, folder):
            yield
    finally:
        gc.unfreeze()


@contextmanager
def _forked(number: int, folder: Path) -> Iterator[None]:
    pids = [_fork(folder / f"worker-{n}") for n in range(number)]
    try:
        yield
    finally:
        _waiting.clear()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _fork(folder: Path) -> int:
    folder.mkdir()
    os.mkfifo(folder / ENVIRONMENT)
    os.mkfifo(folder / STATUS)
    parent, pid = os.getpid(), os.fork()
    if not pid:
        status = 1
        try:
            status = _work(folder, parent)
        finally:
            os._exit(status)  # skip the parent's exit handlers
    _waiting.append(folder)
    return pid


def _work(folder: Path, parent: int) -> int:
    """Runs a worker, without its parent's signal handlers."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # this process dies with its parent, however that ends
    if os.getppid() != parent:
        return 1
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    told = (folder / ENVIRONMENT).read_bytes()  # waits for work
    items = (item.partition("=") for item in told.decode(errors="surrogateescape").split("\0") if item)
    os.environ.update({name: value for name, _, value in items})
    pipe = os.open(folder / STATUS, os.O_WRONLY)
    threading.Thread(target=_end_with, args=(pipe,), daemon=True).start()
    sdk_worker_main.main([])
    os.write(pipe, b"0\n")
    return 0


def _end_with(pipe: int) -> None:
    """Ends this process once the pipe has no reader."""
    poll = select.poll()
    poll.register(pipe, 0)  # errors only
    poll.poll()
    os._exit(1)


class _Handler(SubprocessSdkWorkerHandler):
    """Beam's handler with our commands: if a forked worker waits, the original command becomes a comment.

    Beam's own would open another port for each worker's log; without it, workers log to stderr.
    """

    _worker_command_line: bytes

    def start_worker(self) -> None:
        command = self._worker_command_line.decode()
        if _waiting:
            folder = _waiting.pop(0)
            environment, status = shlex.quote(str(folder / ENVIRONMENT)), shlex.quote(str(folder / STATUS))
            command = f"env -0 > {environment}; read status < {status} && exit $status; exit 1  # {command}"
        else:
            command = _started_here()
        control = endpoints_pb2.ApiServiceDescriptor(url=self.control_address)
        told = {
            "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(control),
            "PIPELINE_OPTIONS": options_told(),
            "WORKER_ID": self.worker_id,
        }
        self.worker_thread = threading.Thread(name="run_worker", target=_attend, args=(command, os.environ | told))
        self.worker_thread.start()


def _started_here() -> str:
    """A command for Beam's worker that searches modules in exactly the places of this process."""
    code = f"import sys; sys.path[:] = {sys.path!r}; from {sdk_worker_main.__name__} import main; main(sys.argv)"
    return shlex.join(["exec", sys.executable, "-c", code])


def _attend(command: str, environment: dict[str, str]) -> None:
    """Waits for a worker's command. RuntimeError, in Beam's words, if it fails."""
    with SUBPROCESS_LOCK:
        process = subprocess.Popen(command, shell=True, env=environment)
    try:
        if process.wait():
            raise RuntimeError(f"Worker subprocess exited with return code {process.returncode}")
    finally:
        if process.poll() is None:
            process.kill()


WorkerHandler.register_environment(python_urns.SUBPROCESS_SDK, bytes)(_Handler)
