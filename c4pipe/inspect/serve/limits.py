"""Time limits for queries to the corpus: they end with a message, and do not hang."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

import duckdb

from c4pipe.errors import ConfigError


@contextmanager
def within(cursor: duckdb.DuckDBPyConnection, seconds: float, words: str) -> Iterator[None]:
    """Interrupts a cursor after so many seconds. ConfigError with these words if that happened."""
    ended = False

    def end() -> None:
        nonlocal ended
        ended = True
        cursor.interrupt()

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except duckdb.InterruptException:
        if ended:
            raise ConfigError(words) from None
        raise
    finally:
        timer.cancel()
