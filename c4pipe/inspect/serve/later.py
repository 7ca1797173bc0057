"""Answers that may take longer than a view: each is computed once, in its own thread, and kept.

A request waits for a moment. If the answer is not ready by then, an `AnswerStillMadeError` says so, and the computation
continues: a later request gets the answer.
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
    """An answer is not ready yet; the message says what is being done for it."""


class LaterAnswers:
    """Answers by name."""

    def __init__(self) -> None:
        self._lock, self._made = Lock(), dict[str, Future[Any]]()

    async def answer(self, name: str, words: str, work: Callable[[], T], seconds: float | None = None) -> T:
        """The result of `work`, which is called once; an error is raised once, and then it is called again.

        AnswerStillMadeError with `words` if it is not ready after `seconds`, by default `PATIENT_SECONDS`.
        """
        future = self._future(name, work)
        waited = asyncio.wrap_future(future)
        done, _ = await asyncio.wait({waited}, timeout=PATIENT_SECONDS if seconds is None else seconds)
        if not done:
            waited.add_done_callback(lambda made: made.cancelled() or made.exception())  # nobody else reads it
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
    except BaseException as error:  # raised for the caller
        future.set_exception(error)
