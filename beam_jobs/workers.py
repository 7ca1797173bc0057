"""Beam's worker processes on this machine: what they print, how they fail, and how they end with the build."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TextIO

from c4pipe.command import Speech, shortage
from c4pipe.errors import BuildError, C4Error, DamagedFile
from c4pipe.flow.buckets import is_remote

WORKER = b"apache_beam.runners.worker.sdk_worker_main"
WORKER_DIED = (
    "a worker process died: it was killed, or the machine ran out of memory (fewer --workers need less). Run the same "
    "command again to resume."
)
_NOTE = b"note: "  # begins a line that says what people should know
GRACE = 5.0  # seconds for Beam itself to notice that a worker is gone

_OURS = {f"c4pipe.errors.{kind.__name__}": kind for kind in (BuildError, DamagedFile)}  # as a traceback names them
_NAMED = re.compile(rf"^({'|'.join(map(re.escape, _OURS))}|\w*OSError|\w+Error(?=: \[Errno)): (.*)", re.MULTILINE)

_stopped = threading.Event()  # by a signal from outside, which may reach the workers first
_terminated = threading.Event()
_woken = threading.Event()  # by ourselves
_bereft = threading.Event()
_over = threading.Event()
_deaths: list[str] = []  # of workers, or of threads that serve them: one line each


@contextmanager
def tended() -> Iterator[TextIO]:
    """While a build runs, SIGTERM ends it as Ctrl-C does, and no worker outlives it. Yields stderr for the progress
    line.

    Workers print a traceback of every error, which is also raised in this process. What they and this process print on
    stderr meanwhile is held back. It is shown at the end: all of it if the build dies of a bug, otherwise only notes. A
    build that waits for a dead worker is ended, too.
    """
    sys.stderr.flush()
    for event in (_stopped, _terminated, _woken, _bereft):
        event.clear()
    _over.clear()
    _deaths.clear()
    main = threading.current_thread() is threading.main_thread()  # only the main thread may set signal handlers
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM) if main}
    if main and threading.excepthook is not _bury:  # permanently: some threads end after the build
        _bury.otherwise = threading.excepthook  # type: ignore[attr-defined]
        threading.excepthook = _bury
    with tempfile.TemporaryFile() as held, Speech(os.dup(2), sys.stderr, closefd=True) as stderr:
        os.dup2(held.fileno(), 2)
        shown = False
        try:
            yield stderr
        except (C4Error, KeyboardInterrupt):
            _over.set()
            _end(os.getpid())
            raise
        except BaseException:
            _over.set()
            shown = True
            _end(os.getpid())
            raise
        finally:
            _over.set()
            sys.stderr.flush()
            os.dup2(stderr.fileno(), 2)
            for number, handler in before.items():
                signal.signal(number, handler)
            held.seek(0)
            with Speech(os.dup(2), sys.stderr, closefd=True) as out:
                if shown:
                    shutil.copyfileobj(held, out.buffer)
                else:
                    for line in held:
                        if line.startswith(_NOTE):
                            out.buffer.write(line)


def terminated() -> bool:
    """Whether the last interruption was a SIGTERM."""
    return _terminated.is_set()


def stopped() -> bool:
    """Whether this build was stopped by Ctrl-C or SIGTERM."""
    return _stopped.is_set()


def worker_died() -> bool:
    """Whether a worker process of this build, or a thread that serves one, has died."""
    return _bereft.is_set() and not stopped()


def _interrupt(number: int, _frame: FrameType | None) -> None:
    if not _woken.is_set():
        _stopped.set()
        if number == signal.SIGTERM:
            _terminated.set()
    raise KeyboardInterrupt


def _bury(found: threading.ExceptHookArgs) -> None:
    """Called in a thread that ends with an exception: one of Beam's whose worker died or that ran out of memory.

    Beam would wait forever for its work.
    """
    short = shortage(found.exc_value) if found.exc_value else ""
    if not short and "Worker subprocess exited" not in str(found.exc_value):
        _bury.otherwise(found)  # type: ignore[attr-defined]
        return
    if not _over.is_set():
        _deaths.append(short or WORKER_DIED)
        _bereft.set()
    if not _over.wait(GRACE):
        _woken.set()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)  # a signal: it may wait for a lock


def _end(parent: int) -> None:
    """Ends the workers below a process. Without /proc they end when they lose their parent."""
    for children in Path(f"/proc/{parent}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            try:
                if WORKER in Path(f"/proc/{child}/cmdline").read_bytes():
                    _end(child)
                    os.kill(child, signal.SIGTERM)
            except OSError:  # it has ended
                continue


def as_build_error(error: BaseException, *folders: str) -> BaseException:
    """The error as a message for users, if it is one; a bug is returned unchanged.

    Beam adds the step to the message, and a worker process sends everything back as the text of a traceback. `folders`
    are those that the build writes into; the message names the one whose disk has least space.
    """
    ours = next((kind for kind in (DamagedFile, BuildError) if isinstance(error, kind)), None)
    text = str(error)
    if stopped():
        return KeyboardInterrupt()
    if worker_died() or "Channel closed prematurely" in text:
        return BuildError(_deaths[0] if _deaths else WORKER_DIED)
    if not isinstance(error, BuildError | OSError | RuntimeError):
        return error
    if isinstance(error, RuntimeError):
        if re.search(r"^KeyboardInterrupt\b", text, re.MULTILINE):
            return KeyboardInterrupt()
        found = _NAMED.findall(text)
        if not found:
            return BuildError(short) if (short := shortage(error)) else error
        name, text = found[-1]
        ours = _OURS.get(name)
    text = text.split(" [while running")[0]
    if ours or is_remote(folders[0]):
        return (ours or BuildError)(text)
    free, folder = min((_free_in(folder), folder) for folder in folders if not is_remote(folder))
    left = "is gone" if free < 0 else f"has {free / 1e6:,.0f} MB free"
    return BuildError(f"{text}, writing to {folder}, which {left}. Fix that, then run the same command again.")


def _free_in(folder: str) -> int:
    """Free bytes of the disk that a folder is on; -1 if there is no such folder."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return -1
