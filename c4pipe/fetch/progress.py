"""Progress output while files are fetched: a live line on a terminal, a plain one now and then elsewhere."""

from __future__ import annotations

import sys
import threading
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from c4pipe.progress import LIVE, PLAIN, ProgressReporter
from c4pipe.text import duration


class FetchProgress(ProgressReporter):
    """Counts files and bytes, from any thread, and displays them on `out` while it is open."""

    def __init__(self, out: TextIO | None = None, plain: float = PLAIN) -> None:
        self._console = Console(file=out or sys.stderr)
        self._plain = plain
        self._lock = threading.Lock()
        self.total = self.done = self.errors = 0  # files
        self.come = 0  # bytes received over the network
        self._sized = self._sizes = 0  # files whose size is known, and their sum
        super().__init__()

    def expect(self, files: int) -> None:
        """Announces so many files."""
        self.total = files

    def received(self, count: int) -> None:
        """Counts received bytes."""
        with self._lock:
            self.come += count

    def finished(self, size: int, fetched: bool) -> None:
        """Counts a finished file."""
        with self._lock:
            self.done += 1
            self._sized += fetched
            self._sizes += size if fetched else 0

    def failed(self) -> None:
        """Counts a failed file."""
        with self._lock:
            self.errors += 1

    def note(self, line: str) -> None:
        """Prints a permanent line."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def line(self) -> str:
        """The progress in one line.

        >>> FetchProgress().line()
        'waiting for the list of files'
        """
        with self._lock:
            if not self.total:
                return "waiting for the list of files"
            seconds = max(0.001, self.seconds())
            rate = self.come / seconds
            left = self.total - self.done - self.errors
            known = self._sizes / self._sized * left - max(0, self.come - self._sizes) if self._sized else None
            eta = "-" if known is None or not rate else duration(max(0.0, known) / rate)
            errors = f"{self.errors} error{'' if self.errors == 1 else 's'}"
            return (
                f"{self.done}/{self.total} files  {self.come / 1e6:,.1f} MB  {rate / 1e6:,.1f} MB/s  "
                f"ETA {eta}  {errors}"
            )

    def show(self) -> None:
        if self._console.is_terminal:
            with Live(console=self._console, transient=True, auto_refresh=False) as live:
                while self.waited(LIVE):
                    live.update(Text(self.line(), no_wrap=True, overflow="ellipsis"), refresh=True)
            return
        while self.waited(self._plain):
            self.note(self.line())
