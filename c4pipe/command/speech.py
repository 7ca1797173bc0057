"""What a command prints, on streams that never fail: success must not depend on whether anybody reads the output."""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO


class _Pipe(io.FileIO):
    """A descriptor that accepts everything: what a closed pipe or full disk refuses is lost, and `lost` says why."""

    lost: OSError | None = None

    def write(self, data: Any, /) -> int:
        while True:
            try:
                count = super().write(data)
            except OSError as error:
                self.lost = self.lost or error
                return memoryview(data).nbytes
            if count is not None:
                return count
            select.select([], [self], [])  # others that share the pipe must not block on it; we may


class Speech(io.TextIOWrapper):
    """Text to a descriptor, as `like` writes it. Characters missing from its encoding are written as escapes."""

    def __init__(self, descriptor: int, like: TextIO | None, closefd: bool = False) -> None:
        self._pipe = _Pipe(descriptor, "w", closefd=closefd)
        super().__init__(
            io.BufferedWriter(self._pipe),
            encoding=like.encoding if like else "utf-8",
            errors="backslashreplace",
            line_buffering=getattr(like, "line_buffering", True),
            write_through=getattr(like, "write_through", False),
        )

    @property
    def lost(self) -> OSError | None:
        """Why something that was printed is lost; None if nothing is."""
        return self._pipe.lost


@contextmanager
def heard() -> Iterator[None]:
    """Inside the block, stdout and stderr are `Speech`; a test's own replacement stays."""
    _fill()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(_speech, before)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _fill() -> None:
    """Opens the standard descriptors that are closed: otherwise the next file opened would receive all output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # gets the lowest free number


def _speech(stream: TextIO | None) -> TextIO:
    if stream is None:  # it was closed when Python began
        return Speech(os.open(os.devnull, os.O_WRONLY), None, closefd=True)
    with suppress(OSError):
        stream.flush()
    try:
        return Speech(stream.fileno(), stream)
    except (OSError, ValueError):  # text in memory
        return stream
