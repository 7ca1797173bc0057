"""The local runner's processes, made by fork: they begin with all that this one has loaded, in 0.1 s instead of 3 to 5.

Beam starts a worker as a command of its own. Ours hands the environment that Beam gives it to a process which was
forked before the pipeline began and waits for that, and lives as long as that one: whoever kills either kills both.
"""

from __future__ import annotations

import ctypes
import gc
import os
import select
import shlex
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from apache_beam.portability import python_urns
from apache_beam.runners.portability.fn_api_runner.worker_handlers import SubprocessSdkWorkerHandler, WorkerHandler
from apache_beam.runners.worker import sdk_worker_main

ENVIRONMENT, STATUS = "environment", "status"  # pipes of a worker: what it is told, and what became of it

PR_SET_PDEATHSIG = 1  # linux/prctl.h

_waiting: list[Path] = []  # the folders of workers that have nothing to do yet


@contextmanager
def processes(number: int) -> Iterator[None]:
    """While a pipeline runs on this machine: so many workers, this process if it is one.

    Where it may not be forked, Beam starts them itself.
    """
    gc.freeze()  # a worker whose collector looked at what is loaded would copy every page of memory that it shares
    try:
        # A thread of the parent holds locks that nobody would ever release in a child.
        if number > 1 and sys.platform == "linux" and threading.active_count() == 1:
            with _forked(number):
                yield
        else:
            yield
    finally:
        gc.unfreeze()


@contextmanager
def _forked(number: int) -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="c4pipe-workers-") as scratch:
        pids = [_fork(Path(scratch) / str(n)) for n in range(number)]
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
            os._exit(status)  # nothing of the parent's is concluded here
    _waiting.append(folder)
    return pid


def _work(folder: Path, parent: int) -> int:
    """A worker's life. Its parent's signal handlers are not for it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # however the parent ends, this process does, too
    if os.getppid() != parent:
        return 1
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    told = (folder / ENVIRONMENT).read_bytes()  # waits until there is something to do
    items = (item.partition("=") for item in told.decode(errors="surrogateescape").split("\0") if item)
    os.environ.update({name: value for name, _, value in items})
    pipe = os.open(folder / STATUS, os.O_WRONLY)
    threading.Thread(target=_end_with, args=(pipe,), daemon=True).start()
    sdk_worker_main.main([])
    os.write(pipe, b"0\n")
    return 0


def _end_with(pipe: int) -> None:
    """Ends this process when nobody reads the pipe any more."""
    poll = select.poll()
    poll.register(pipe, 0)  # for errors alone
    poll.poll()
    os._exit(1)


class _Handler(SubprocessSdkWorkerHandler):
    """Beam's own, with our command where a forked worker waits; the command that it was given is a comment in it."""

    _worker_command_line: bytes

    def start_worker(self) -> None:
        if _waiting:
            folder = _waiting.pop(0)
            environment, status = shlex.quote(str(folder / ENVIRONMENT)), shlex.quote(str(folder / STATUS))
            command = f"env -0 > {environment}; read status < {status} && exit $status; exit 1  # "
            self._worker_command_line = command.encode() + self._worker_command_line
        super().start_worker()


WorkerHandler.register_environment(python_urns.SUBPROCESS_SDK, bytes)(_Handler)
