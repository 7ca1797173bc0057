"""Answers that may take longer than a view: each is made once, by a thread of its own, and kept.

Whoever asks waits for a moment. If it is not there by then an `AnswerStillMadeError` says so, and it is made on: who
asks again gets it when it is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Any, TypeVar

PATIENT_SECONDS = 1.2  # that a view waits
T = TypeVar("T")


class AnswerStillMadeError(Exception):
    """An answer is not there yet; the words say what is done for it."""


class LaterAnswers:
    """Answers by name."""

    def __init__(self) -> None:
        self._lock, self._made = Lock(), dict[str, Future[Any]]()

    async def answer(self, name: str, words: str, work: Callable[[], T], seconds: float | None = None) -> T:
        """What `work` answers, which is asked once; what it raises is raised once, and then it is asked anew.

        AnswerStillMadeError with `words` where it is not there after `seconds`, by default `PATIENT_SECONDS`.
        """
        future = self._future(name, work)
        waited = asyncio.wrap_future(future)
        done, _ = await asyncio.wait({waited}, timeout=PATIENT_SECONDS if seconds is None else seconds)
        if not done:
            waited.add_done_callback(lambda made: made.cancelled() or made.exception())  # which nobody else asks for
            raise AnswerStillMadeError(words)
        if future.exception() is not None:
            with self._lock:
                self._made.pop(name, None)
        return waited.result()

    def _future(self, name: str, work: Callable[[], T]) -> Future[T]:
        with self._lock:
            if name not in self._made:
                future = self._made[name] = Future()
                Thread(target=_make, args=(future, work), name=f"later {name}", daemon=True).start()
            return self._made[name]


def _make(future: Future[T], work: Callable[[], T]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # whoever asks raises it
        future.set_exception(error)
