"""Progress as people see it: a thread that looks again and again at a job while it runs, and how often it does."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from contextlib import AbstractContextManager
from typing import Self

LIVE = 0.5  # seconds between two looks on a terminal
PLAIN = 10.0  # seconds between two lines elsewhere


class ProgressReporter(AbstractContextManager["ProgressReporter"]):
    """Something that shows how far a job is, in a thread of its own, as long as it is entered."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.show, daemon=True)
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def waited(self, seconds: float) -> bool:
        """True when that long is over, False as soon as the job is."""
        return not self._stop.wait(seconds)

    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._started

    @abstractmethod
    def show(self) -> None:
        """Shows it, again and again while it has `waited`."""
