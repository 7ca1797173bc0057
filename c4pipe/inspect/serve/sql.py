"""The viewer's SQL page: its address contains the query; it shows a table and a chart, and exports files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

import pyarrow as pa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from c4pipe.errors import ConfigError, unknown
from c4pipe.inspect.confined import Caller
from c4pipe.inspect.serve import export
from c4pipe.inspect.serve.bars import bar_chart
from c4pipe.inspect.serve.patience import asked_of, watched_answer
from c4pipe.inspect.serve.ready import ready_queries
from c4pipe.inspect.serve.saving import NAME_DIGITS, saved_headers, told_in_file
from c4pipe.inspect.serve.streamed import StreamedFile
from c4pipe.inspect.serve.typed import (
    LONGEST_SQL,
    QUERY_SECONDS,
    SchemaTold,
    TypedQueries,
    WriteTables,
    asks_sample,
    checked_query,
)
from c4pipe.inspect.serve.viewer import Viewer

_SAMPLE = "of rejected pages, and of kept ones as they were read"
OF_SAMPLE = ", in the sample of rejected pages"  # follows numbers counted there
_LIMITED = re.compile(r"\bLIMIT\s+([0-9]{1,9})[\s;]*\Z", re.IGNORECASE)
_ELSEWHERE = ("cross-site", "same-site")  # Sec-Fetch-Site of a request that came from another site


class SqlPage:
    """The addresses below /sql."""

    def __init__(self, viewer: Viewer, tokens: Callable[[], Mapping[str, int]] = dict):
        """`tokens` returns those of domains, if available."""
        self._viewer, self._queries = viewer, TypedQueries(viewer.corpus, tokens)

    @property
    def routes(self) -> list[Route]:
        """The page, and its files."""
        return [Route("/sql", self.page), Route("/sql/export", self.export)]

    async def page(self, request: Request) -> Response:
        """The box, and the result of the query, if any. A query that another site linked to is shown and not run."""
        sql = request.query_params.get("q", "").strip()
        await run_in_threadpool(self._queries.expect)
        connection = await run_in_threadpool(self._queries.connection)
        found, problem, held, of = None, "", bool(sql) and _from_elsewhere(request), ""
        if sql and not held:
            try:
                found = await asked_of(caller := Caller(), request, self._queries.answer, caller, sql)
                sampled = await watched_answer(connection, request, asks_sample, self._viewer.corpus, sql)
                of = OF_SAMPLE if sampled else ""
            except ConfigError as error:
                problem = str(error)
        values: dict[str, Any] = {"sql": sql[:LONGEST_SQL], "found": found, "problem": problem, "held": held}
        return self._viewer.html(
            "sql.html",
            400 if problem else 200,
            chart=found and bar_chart(found.columns, found.rows, found.more, of),
            of=of,
            limit=_limit_met(sql, len(found.rows)) if found and not found.more else 0,
            ready=ready_queries(self._viewer.corpus),
            views=await watched_answer(connection, request, self._queries.columns),
            seconds=QUERY_SECONDS,
            **values,
        )

    async def export(self, request: Request) -> Response:
        """All rows of the result as a file."""
        sql, kind = (request.query_params.get(name, "") for name in ("q", "format"))
        if kind not in export.MEDIA_TYPES:
            raise unknown("format,", kind, export.MEDIA_TYPES)
        if _from_elsewhere(request):
            raise ConfigError("another site linked here. Open the query in the viewer and save its answer from there.")
        corpus, digest, caller = self._viewer.corpus, self._viewer.digest, Caller()
        connection = await run_in_threadpool(self._queries.connection)
        await watched_answer(connection, request, checked_query, sql)
        sampled = await watched_answer(connection, request, asks_sample, corpus, sql)
        filters = [("sql", hashlib.sha256(sql.encode()).hexdigest()[:NAME_DIGITS])]
        headers = saved_headers(corpus, digest, filters, kind, sampled)
        told = told_in_file(pa.schema([]), corpus, digest, [("sql", sql)], _SAMPLE if sampled else "").metadata
        write = export.parquet if kind == "parquet" else export.comma_separated
        body = self._written(caller, sql, write, told)
        first = await asked_of(caller, request, next, body)  # errors are reported before anything is sent
        return StreamedFile(chain([first], body), headers=headers, media_type=export.MEDIA_TYPES[kind])

    def _written(self, caller: Caller, sql: str, write: WriteTables, told: SchemaTold) -> Iterator[bytes]:
        yield from self._queries.written(caller, sql, write, told)


def _limit_met(sql: str, rows: int) -> int:
    """The LIMIT at the end of a query, if its result has as many rows; else 0."""
    found = _LIMITED.search(sql)
    return rows if found and int(found[1]) == rows else 0


def _from_elsewhere(request: Request) -> bool:
    return request.headers.get("sec-fetch-site") in _ELSEWHERE
