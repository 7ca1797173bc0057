"""Processes that make rows ahead of the trainer, each for lanes of its own. Without torch, they start soon."""

from __future__ import annotations

import atexit
import multiprocessing
import multiprocessing.process
import os
import queue
import signal
import threading
import traceback
from collections.abc import Mapping
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

from model.errors import C4Error, TrainError
from model.lane import Cursor
from model.stream import LaneKey, Recipe, Share, Stream, StreamSlice

AHEAD = 4  # parts that wait in a worker: they even out that documents are tokenised in batches

# Fork would copy the threads and the CUDA state of the trainer, and neither works in a copy.
_CONTEXT = multiprocessing.get_context("spawn")


class Worker:
    """One process that makes its share of batch after batch of `batch` rows, from row `start` on.

    The two sides hold one end of a pipe each, so that each notices at once when the other is no more.
    """

    def __init__(self, recipe: Recipe, share: Share, cursors: Mapping[LaneKey, Cursor], start: int, batch: int) -> None:
        self._parts, parts = _CONTEXT.Pipe(duplex=False)
        arguments = recipe, share, dict(cursors), start, batch, parts
        name = f"data worker {share.worker} of {share.workers}"
        self._process = _CONTEXT.Process(target=_work, args=arguments, name=name, daemon=True)
        self._process.start()
        parts.close()
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
        self._process.close()
        self._parts.close()


def _ending(code: int | None) -> str:
    if code == -signal.SIGKILL:
        return "was killed, likely for lack of memory. Take fewer workers, or a machine with more memory."
    return f"ended with exit code {code} and no word. Its own output, above, may say why."


def _work(
    recipe: Recipe, share: Share, cursors: Mapping[LaneKey, Cursor], start: int, batch: int, parts: Connection[Any, Any]
) -> None:
    """The worker's life: ends when it is killed, after an error, and when the trainer is no more."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # they go to the whole group; the trainer may want to finish its step
    ready: queue.Queue[StreamSlice | Exception] = queue.Queue(AHEAD)
    threading.Thread(target=_send, args=(ready, parts)).start()
    try:
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
