"""Runs other people's queries in a separate process, with memory limited by the system, which can be killed at any
time.

DuckDB's own limit counts its tables and not the intermediate values of an expression: `repeat('x', 20000000)` of a
thousand rows takes what it takes. Nor does it check for an interrupt during one. The system enforces both.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.forkserver import ensure_running
from threading import Event
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from c4pipe.errors import C4Error, ConfigError
from c4pipe.facts.corpus import said

QUERY_MEMORY = "1GB"  # bytes of data, as RLIMIT_DATA counts them: DuckDB's, and results made of its values
PROCESS_MEMORY = 1_200_000_000  # bytes of data, as RLIMIT_DATA counts them: DuckDB's, and what is made of its values
_STACK = 8 << 20  # bytes that the system reserves for each of DuckDB's threads, most of them unused
_LOOK = 0.05  # seconds between two checks whether the caller still waits
_PIECE = 4 << 20  # bytes of a file that are passed on at a time
_READY, _PART, _REFUSED, _DAMAGED, _END = "ready", "part", "refused", "damaged", "end"

ConfinedWork = Callable[..., Iterator[Any]]  # its results are passed on


class Caller:
    """The caller of a query, who may leave before the answer."""

    def __init__(self) -> None:
        self._gone = Event()

    def interrupt(self) -> None:
        """Nobody waits any more."""
        self._gone.set()

    @property
    def gone(self) -> bool:
        """Whether nobody waits."""
        return self._gone.is_set()


class _Task(NamedTuple):
    work: ConfinedWork
    arguments: tuple[Any, ...]


def get_ready(work: ConfinedWork) -> ForkServerContext:
    """Starts the process from which those of queries are forked, if there is none. Without this call the first query
    waits for its imports."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, work.__module__, "c4pipe.inspect.forked"])
    ensure_running()
    return context


def confined(caller: Caller, seconds: float, work: ConfinedWork, *arguments: Any) -> Iterator[Any]:
    """The results of `work(*arguments)`, from a separate process. All of them are pickled.

    ConfigError if DuckDB rejects the query, or if it takes too much time or memory; BuildError for a damaged file;
    InterruptException if the caller has left.
    """
    context = get_ready(work)
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, _Task(work, arguments)), daemon=True)
    process.start()
    theirs.close()
    deadline = math.inf
    try:
        while True:
            kind, value = _received(ours, caller, deadline, seconds)
            if kind == _READY:
                deadline = time.monotonic() + seconds
                continue
            if kind == _END:
                return
            if kind == _REFUSED:
                raise ConfigError(value)
            if kind == _DAMAGED:
                raise value
            yield value
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()


def _received(pipe: Connection, caller: Caller, deadline: float, seconds: float) -> tuple[str, Any]:
    while not pipe.poll(_LOOK):
        if caller.gone:
            raise duckdb.InterruptException("the client has left")
        if time.monotonic() > deadline:
            raise ConfigError(
                f"the query was ended after {seconds:,} seconds. Ask for less: fewer pages, or columns other than text."
            )
    try:
        kind, value = pipe.recv()
    except (EOFError, OSError):  # the system has killed it
        return _REFUSED, _too_much()
    return kind, value


def _too_much() -> str:
    return f"the query takes more than {QUERY_MEMORY} of memory. Ask for fewer pages or columns, or for numbers."


def _run(pipe: Connection, task: _Task) -> None:
    """In the process: sets the limits, and does the work."""
    _bound()
    pipe.send((_READY, None))
    try:
        for value in task.work(*task.arguments):
            for piece in _pieces(value):
                pipe.send((_PART, piece))
        pipe.send((_END, None))
    except (MemoryError, duckdb.OutOfMemoryException, pa.ArrowMemoryError):
        pipe.send((_REFUSED, _too_much()))
    except ConfigError as error:
        pipe.send((_REFUSED, str(error)))
    except C4Error as error:
        pipe.send((_DAMAGED, error))
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        words = said(error) if isinstance(error, duckdb.Error) else str(error).partition("\n")[0]
        short = "MemoryError" in words or "bad_alloc" in words or "llocat" in words
        pipe.send((_REFUSED, _too_much() if short else f"DuckDB refuses the query: {words}"))


def _bound() -> None:
    """Limits the memory of this process, which prints nothing on the terminal."""
    import resource

    most = PROCESS_MEMORY + _STACK * (os.cpu_count() or 1)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # DuckDB draws its progress if it sees no program
        os.dup2(nowhere, stream)


def _pieces(value: Any) -> Iterator[Any]:
    """Bytes in pieces, so that the reader holds a few."""
    if not isinstance(value, bytes):
        yield value
        return
    for start in range(0, max(1, len(value)), _PIECE):
        yield value[start : start + _PIECE]
