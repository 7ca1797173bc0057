"""Processes that make rows ahead of the trainer, each for lanes of its own.

They do without torch, which would take 300 MB and seconds of work in each: nothing that this module imports imports it,
and they do not load the module that the trainer was started as. So what a recipe is made of must lie in modules that
can be imported by name, and not in a script.
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

AHEAD = 4  # parts that wait in a worker: they even out that documents are tokenised in batches

# Fork would copy the threads and the CUDA state of the trainer, and neither works in a copy.
_CONTEXT = multiprocessing.get_context("spawn")


class Worker:
    """One process that makes its share of batch after batch of `batch` rows, from row `start` on.

    The two sides hold one end of a pipe each, so that each notices at once when the other is no more. What the process
    is to do is handed over by a thread, through another one: it is read once all is imported, and whoever makes several
    workers waits for none of them.
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
        atexit.register(self.close)  # before multiprocessing's own, which asks politely and waits for ever

    @property
    def pid(self) -> int | None:
        """The id of the process."""
        return self._process.pid

    def part(self) -> StreamSlice:
        """The next part. What went wrong in the worker is raised here; TrainError if it was killed."""
        try:
            found = self._parts.recv()
        except (EOFError, OSError):
            self._process.join()
            raise TrainError(f"{self._process.name} {_ending(self._process.exitcode)}") from None
        if isinstance(found, Exception):
            raise found
        return found  # type: ignore[no-any-return]

    def close(self) -> None:
        """Ends the process, whatever it does: it holds nothing that cannot be made again."""
        atexit.unregister(self.close)
        self._process.kill()
        self._process.join()
        self._handing.join()  # nobody reads any more, so that it has ended
        self._process.close()
        self._parts.close()


def _ending(code: int | None) -> str:
    if code == -signal.SIGKILL:
        return "was killed, probably for lack of memory. Use fewer workers, or a machine with more memory."
    return f"ended with exit code {code} and no message. Its own output, above, may say why."


@contextmanager
def _nameless_main() -> Iterator[None]:
    """While it holds, a process that is started does not import the main module of this one, as it would by itself."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _hand_over(outbox: Connection[Any, Any], work: bytes) -> None:
    with outbox, suppress(OSError):  # it ended before; whoever waits for a part is told
        outbox.send_bytes(work)


def _work(inbox: Connection[Any, Any], parts: Connection[Any, Any]) -> None:
    """The worker's life: ends when it is killed, after an error, and when the trainer is no more."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # they go to the whole group; the trainer may want to finish its step
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
    """Hands over what is ready; an error is the last."""
    item: StreamSlice | Exception | None = None
    while not isinstance(item, Exception):
        item = ready.get()
        try:
            parts.send(item)
        except OSError:
            os._exit(1)  # the trainer was killed
