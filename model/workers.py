"""Processes that make rows ahead of the trainer, each for its own lanes.

They do not load torch, which would take 300 MB and seconds in each: nothing that this module imports imports torch, and
workers do not load the trainer's main module. So everything a recipe consists of must be in importable modules, not in
a script.
"""

from __future__ import annotations

import atexit
import multiprocessing
import multiprocessing.process
import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any

from model.errors import C4Error, TrainError
from model.lane import Cursor
from model.stream import LaneKey, Recipe, Share, Stream, StreamSlice

AHEAD = 4  # parts queued in a worker: evens out the tokenising of documents in batches

# Fork would copy the threads and the CUDA state of the trainer, and neither works in a copy.
_CONTEXT = multiprocessing.get_context("spawn")


class Worker:
    """One process that makes its share of consecutive batches of `batch` rows, starting at row `start`.

    Each side holds one end of a pipe, so that each notices at once when the other ends. A thread sends the work through
    another pipe: it is read once everything is imported, so that starting several workers does not wait for each.
    """

    def __init__(self, recipe: Recipe, share: Share, cursors: Mapping[LaneKey, Cursor], start: int, batch: int) -> None:
        self._parts, parts = _CONTEXT.Pipe(duplex=False)
        inbox, outbox = _CONTEXT.Pipe(duplex=False)
        work = pickle.dumps((recipe, share, dict(cursors), start, batch))
        name = f"data worker {share.worker} of {share.workers}"
        self._process = _CONTEXT.Process(target=_work, args=(inbox, parts), name=name, daemon=True)
        with _nameless_main():
            self._process.start()
        inbox.close()
        parts.close()
        self._handing = threading.Thread(target=_hand_over, args=(outbox, work), name="work for a worker", daemon=True)
        self._handing.start()
        atexit.register(self.close)  # before multiprocessing's own handler, which waits forever

    @property
    def pid(self) -> int | None:
        """The id of the process."""
        return self._process.pid

    def part(self) -> StreamSlice:
        """The next part. Errors of the worker are raised here; TrainError if it was killed."""
        try:
            found = self._parts.recv()
        except (EOFError, OSError):
            self._process.join()
            raise TrainError(f"{self._process.name} {_ending(self._process.exitcode)}") from None
        if isinstance(found, Exception):
            raise found
        return found  # type: ignore[no-any-return]

    def close(self) -> None:
        """Kills the process at any time: it holds nothing that cannot be made again."""
        atexit.unregister(self.close)
        self._process.kill()
        self._process.join()
        self._handing.join()  # the pipe has no reader now, so the thread ends
        self._process.close()
        self._parts.close()


def _ending(code: int | None) -> str:
    if code == -signal.SIGKILL:
        return "was killed, probably for lack of memory. Use fewer workers, or a machine with more memory."
    return f"ended with exit code {code} and no message. Its own output, above, may say why."


@contextmanager
def _nameless_main() -> Iterator[None]:
    """Inside the block, new processes do not import this one's main module, as they otherwise would."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _hand_over(outbox: Connection[Any, Any], work: bytes) -> None:
    with outbox, suppress(OSError):  # it ended before; the reader of parts gets the error
        outbox.send_bytes(work)


def _work(inbox: Connection[Any, Any], parts: Connection[Any, Any]) -> None:
    """Runs the worker: it ends when killed, after an error, and when the trainer is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # they reach the whole group, but the trainer may finish its step
    ready: queue.Queue[StreamSlice | Exception] = queue.Queue(AHEAD)
    try:
        work = inbox.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)  # the trainer was killed
    threading.Thread(target=_send, args=(ready, parts)).start()
    try:
        recipe, share, cursors, start, batch = pickle.loads(work)
        stream = Stream(recipe, share, cursors)
        for first in count(start, batch):
            ready.put(stream.part(first, first + batch))
    except C4Error as error:
        ready.put(error)
    except Exception:
        name = multiprocessing.process.current_process().name
        ready.put(TrainError(f"{name} failed. This is a bug; its traceback:\n{traceback.format_exc()}"))


def _send(ready: queue.Queue[StreamSlice | Exception], parts: Connection[Any, Any]) -> None:
    """Sends finished parts; an error is the last item."""
    item: StreamSlice | Exception | None = None
    while not isinstance(item, Exception):
        item = ready.get()
        try:
            parts.send(item)
        except OSError:
            os._exit(1)  # the trainer was killed
