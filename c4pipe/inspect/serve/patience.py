"""Database queries that run in a thread, and end when the client has left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import duckdb
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

T = TypeVar("T")


async def watched_answer(
    connection: duckdb.DuckDBPyConnection, request: Request, work: Callable[..., T], *arguments: Any
) -> T:
    """The result of `work` with its own cursor; interrupted when the client has left."""
    with connection.cursor() as cursor:
        return await asked_of(cursor, request, work, cursor, *arguments)


class Interrupted(Protocol):
    """Anything that can be interrupted when nobody waits any more."""

    def interrupt(self) -> None: ...


async def asked_of(cursor: Interrupted, request: Request, work: Callable[..., T], *arguments: Any) -> T:
    """The result of `work`, which uses this cursor; interrupted when the client has left."""
    answer = asyncio.ensure_future(run_in_threadpool(work, *arguments))
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
        while not answer.done():  # between two queries there is nothing to interrupt
            cursor.interrupt()
            await asyncio.wait({answer}, timeout=0.05)
        return await answer
    finally:
        gone.cancel()


async def _gone(request: Request) -> None:
    if request.method != "GET":  # the body of a form is already read; the work is short
        await asyncio.Event().wait()
    while (await request.receive())["type"] != "http.disconnect":
        pass
