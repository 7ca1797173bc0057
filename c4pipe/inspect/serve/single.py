"""The viewer's addresses of single pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import duckdb
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from c4pipe.errors import ConfigError
from c4pipe.inspect.gone import said_of_absence, said_of_removals
from c4pipe.inspect.serve.builds import BUILD_DIGITS
from c4pipe.inspect.serve.citing import citation
from c4pipe.inspect.serve.lasting import FoundPages, PageLink, found_pages, kept_record
from c4pipe.inspect.serve.records import Record, record_at
from c4pipe.inspect.serve.selection import Selection, ShardEntry, whole_number
from c4pipe.inspect.serve.viewer import Viewer
from c4pipe.inspect.serve.viewing import view
from c4pipe.inspect.standing import falls_as_a_whole

_OURS = PageLink._fields


class SinglePages:
    """The viewer's addresses that show one page of a corpus."""

    def __init__(self, viewer: Viewer):
        self._viewer = viewer

    async def page(self, request: Request) -> Response:
        """One page. For an ambiguous address, a list of its pages; for one without any, what is known about it."""
        selection, parts = self._viewer.selection(request)
        link = PageLink.asked(request.query_params)
        if not link.names:
            raise ConfigError("no page is named. Expected id= (a record ID or source) or url=.")
        found = await self._viewer.ask(request, found_pages, self._viewer.corpus, link)
        if not found.records:
            return self._absent(link, selection)
        if found.number > 1:
            return self._viewer.html("offered.html", selection=selection, found=found, asked=link)
        record = await self._viewer.ask(request, kept_record, found.records[0])
        own = PageLink.of(record)
        if not found.by_url and link.id != own.id and (link.id or link.row):  # linked from a list, or by row
            return self._on_to(request, "page", own._replace(was=link.was))
        return await self._shown(request, record, selection, parts, found)

    async def _shown(
        self, request: Request, record: Record, selection: Selection, parts: list[ShardEntry], found: FoundPages
    ) -> Response:
        asked, viewer = request.query_params, self._viewer
        mark = asked.get("mark", "")
        drawn = await viewer.ask(request, view, viewer.corpus, viewer.judges, record, mark)
        place_in = next((i for i, part in enumerate(parts) if part["path"] == record.path), None)
        seen = "" if record.reason else await viewer.ask(request, self._seen_at, record)
        own, told = PageLink.of(record), PageLink.telling(record)
        lasting = f"{request.base_url}page?{told.lasting.query(f'build={viewer.digest[:BUILD_DIGITS]}')}"
        values: dict[str, Any] = {
            "view": drawn,
            "record": record,
            "own": own,
            "asked": PageLink.asked(asked),
            "then": PageLink.asked(asked).then(told.was),
            "found": found,
            "at": "" if place_in is None else f"{place_in}:{record.row}",
            "back": {name: asked[name] for name in ("after", "before") if name in asked},
            "fell": falls_as_a_whole(record._asdict()),
            "seen": seen,
            "mark": mark,
            "lasting": lasting,
            "cited": citation(viewer.corpus, viewer.digest, record, lasting, drawn.says, viewer.words),
        }
        return viewer.html("page.html", selection=selection, **values)

    def _absent(self, link: PageLink, selection: Selection) -> Response:
        corpus = self._viewer.corpus
        said = [said_of_absence(corpus), said_of_removals(corpus, link.url) if link.url else ""]
        return self._viewer.html("absent.html", 404, selection=selection, asked=link, said=[*filter(None, said)])

    async def text(self, request: Request) -> Response:
        """The text of a page as in the file, and nothing else."""
        record = await self._viewer.record(request)
        if not record.page.text and f"{record.stage}/{record.reason}" in self._viewer.withheld:
            words = "This page was excluded by its address, and the build keeps no text of such pages."
            return self._viewer.message(404, "Its text is withheld", words)
        return PlainTextResponse(record.page.text)

    async def moved(self, request: Request) -> Response:
        """Redirects a former address by row to the permanent one."""
        path, row = request.path_params["path"], whole_number("row", request.path_params["row"])
        record = await self._viewer.ask(request, record_at, self._viewer.corpus, path, row)
        if record is None:
            raise HTTPException(404)
        kind = request.url.path.split("/")[1]
        if kind == "page":
            record = await self._viewer.ask(request, kept_record, record)
        return self._on_to(request, kind, PageLink.of(record))

    def _on_to(self, request: Request, kind: str, link: PageLink) -> Response:
        rest = urlencode([(name, value) for name, value in request.query_params.multi_items() if name not in _OURS])
        return RedirectResponse(f"/{kind}?{link.query(rest)}", 303)

    def _seen_at(self, _: duckdb.DuckDBPyConnection, record: Record) -> str:
        seen = self._viewer.seen
        return self._viewer.met_words(seen.of(record.path, [record.row])[record.row]) if seen else ""
