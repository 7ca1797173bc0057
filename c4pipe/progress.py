"""Progress output: a thread that checks a job at intervals while it runs."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from contextlib import AbstractContextManager
from typing import Self

LIVE = 0.5  # seconds between two updates on a terminal
PLAIN = 10.0  # seconds between two lines elsewhere


class ProgressReporter(AbstractContextManager["ProgressReporter"]):
    """Shows the progress of a job, in its own thread, while it is entered."""

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
        """True after that time, False as soon as the job ends."""
        return not self._stop.wait(seconds)

    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._started

    @abstractmethod
    def show(self) -> None:
        """Displays it repeatedly while it has `waited`."""
