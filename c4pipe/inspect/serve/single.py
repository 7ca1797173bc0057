"""What the addresses of single pages answer."""

from __future__ import annotations

from typing import Any

import duckdb
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from c4pipe.inspect.serve.records import Record
from c4pipe.inspect.serve.viewer import Viewer
from c4pipe.inspect.serve.viewing import view
from c4pipe.inspect.standing import falls_as_a_whole


class SinglePages:
    """The addresses of a viewer that show one page of a corpus."""

    def __init__(self, viewer: Viewer):
        self._viewer = viewer

    async def page(self, request: Request) -> Response:
        """One page."""
        selection, parts = self._viewer.selection(request)
        record = await self._viewer.record(request)
        found = await self._viewer.ask(request, view, self._viewer.corpus, self._viewer.judges, record)
        place_in = next((i for i, part in enumerate(parts) if part["path"] == record.path), None)
        at = "" if place_in is None else f"{place_in}:{record.row}"
        back = {name: value for name, value in request.query_params.items() if name in ("after", "before")}
        fell = falls_as_a_whole(record._asdict())
        seen = "" if record.reason else await self._viewer.ask(request, self._seen_at, record)
        values: dict[str, Any] = {"view": found, "record": record, "at": at, "back": back, "fell": fell, "seen": seen}
        return self._viewer.html("page.html", selection=selection, **values)

    async def text(self, request: Request) -> Response:
        """The text of a row as it is in the file, and nothing else."""
        record = await self._viewer.record(request)
        return PlainTextResponse(record.page.text)

    def _seen_at(self, _: duckdb.DuckDBPyConnection, record: Record) -> str:
        seen = self._viewer.seen
        return self._viewer.met_words(seen.of(record.path, [record.row])[record.row]) if seen else ""
