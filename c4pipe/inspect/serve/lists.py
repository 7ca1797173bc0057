"""The viewer's lists: the pages of a selection, their counts, the next page, and files to save."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import TypeVar

import pyarrow as pa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from c4pipe.errors import ConfigError, unknown
from c4pipe.inspect.quoted import Quote
from c4pipe.inspect.serve import export, finding
from c4pipe.inspect.serve.asking import place
from c4pipe.inspect.serve.counting import Counts, count_on, told_at_once, total
from c4pipe.inspect.serve.cut_lines import cut_lines_of
from c4pipe.inspect.serve.elsewhere import find_elsewhere
from c4pipe.inspect.serve.excerpts import quotes_of
from c4pipe.inspect.serve.hits import Hit
from c4pipe.inspect.serve.lasting import PageLink
from c4pipe.inspect.serve.saving import sample_words, saved_headers, told_in_file
from c4pipe.inspect.serve.selection import Selection
from c4pipe.inspect.serve.streamed import StreamedFile
from c4pipe.inspect.serve.tally import SelectionTally
from c4pipe.inspect.serve.viewer import Viewer

COUNT_STEP = 1.0  # for which a request counts; then it reports its progress, and the next one continues
_REMEMBERED = 200  # selections with cached results
_COUNTED_AT_ONCE = 8  # whose counting can continue where it stopped
T = TypeVar("T")


class Lists:
    """The viewer's addresses that show and export selections."""

    def __init__(self, viewer: Viewer):
        self._viewer = viewer
        self._counted: OrderedDict[Selection, Counts] = OrderedDict()
        self._tallies: OrderedDict[Selection, SelectionTally] = OrderedDict()
        self._barren: OrderedDict[Selection, frozenset[str]] = OrderedDict()  # files that a search need not read again

    async def pages(self, request: Request) -> Response:
        """The list."""
        selection, parts = await self._viewer.selected(request)
        asked = {name: request.query_params[name] for name in ("after", "before") if name in request.query_params}
        if len(asked) > 1:
            raise ConfigError("after and before are both given; one is expected.")
        start, stop = (place(name, asked[name], parts) if name in asked else None for name in ("after", "before"))
        if stop is not None:
            found = await self._viewer.ask(request, finding.find_back, self._viewer.corpus, selection, stop)
        else:
            found = await self._viewer.ask(request, finding.find, self._viewer.corpus, selection, start)
            _remember(self._barren, selection.rows, self._barren.get(selection.rows, frozenset()) | found.barren)
        counts = await self._count(request, selection) if "counts" in request.query_params else None
        numbers = {part["path"]: i for i, part in enumerate(parts)}
        empty, viewer = not (found.hits or asked) and (selection.q or selection.domain), self._viewer
        quotes = {} if selection.q or selection.kept else await self._quotes(request, found.hits)
        cuts = await viewer.ask(request, cut_lines_of, viewer.corpus, selection, found.hits)
        return self._viewer.html(
            "list.html",
            selection=selection,
            found=found,
            asked=asked,
            counts=counts,
            total=total(self._viewer.corpus, selection),
            told=told_at_once(viewer.corpus, selection),
            held=0 if selection.kept else await viewer.ask(request, finding.pages_held, selection.outcome),
            numbers=numbers,
            elsewhere=await viewer.ask(request, find_elsewhere, self._viewer.corpus, selection) if empty else None,
            quotes=quotes,
            cuts=cuts,
            most_ordered=export.MOST_ORDERED,
        )

    async def _quotes(self, request: Request, hits: list[Hit]) -> dict[tuple[str, int], Quote]:
        """The quoted text for which pages of a list were dropped."""
        return await self._viewer.ask(request, quotes_of, self._viewer.corpus, hits, self._viewer.judges.quoting)

    async def counts(self, request: Request) -> Response:
        """The filters with their counts, for the script of the list."""
        selection, _ = await self._viewer.selected(request)
        counts = await self._count(request, selection)
        return self._viewer.html("filters.html", selection=selection, counts=counts, total=counts.total, told={})

    async def step(self, request: Request) -> Response:
        """Redirects to the next page of the selection, or to the previous one."""
        selection, parts = await self._viewer.selected(request)
        at, way = place("at", request.query_params.get("at", ""), parts), request.query_params.get("way", "next")
        if way not in ("next", "previous"):
            raise unknown("way,", way, ("next", "previous"))
        hit = await self._viewer.ask(request, finding.step, self._viewer.corpus, selection, at, way == "previous")
        if hit is None:
            end = "last" if way == "next" else "first"
            return self._viewer.message(
                404,
                f"That was the {end} page",
                f"The list has no page {'after' if way == 'next' else 'before'} it.",
                selection,
            )
        asked = {name: value for name, value in request.query_params.items() if name in ("after", "before", "build")}
        return RedirectResponse(f"/page?{PageLink.of(hit).query(selection.query(**asked))}", 303)

    async def export(self, request: Request) -> Response:
        """The selection as a file."""
        selection, _ = await self._viewer.selected(request)
        kind = request.query_params.get("format", "")
        if kind not in export.MEDIA_TYPES:
            raise unknown("format,", kind, export.MEDIA_TYPES)
        write = export.parquet if kind == "parquet" else export.comma_separated
        viewer, filters = self._viewer, selection.parameters()
        sample = await viewer.ask(request, sample_words, viewer.corpus, selection, viewer.has)
        schema = told_in_file(export.schema_of(viewer.corpus, selection), viewer.corpus, viewer.digest, filters, sample)
        body = self._written(write, selection, schema)
        first = await run_in_threadpool(next, body)  # a damaged file is reported before anything is sent
        headers = saved_headers(viewer.corpus, viewer.digest, filters, kind, bool(sample))
        return StreamedFile(_joined(first, body), headers=headers, media_type=export.MEDIA_TYPES[kind])

    def _written(
        self, write: Callable[..., Iterator[bytes]], selection: Selection, schema: pa.Schema
    ) -> Iterator[bytes]:
        corpus = self._viewer.corpus
        corpus.check()
        with self._viewer.cursor() as cursor:
            for piece in write(export.batches(cursor, corpus, selection), schema):
                corpus.check()  # aborts if a build has replaced the corpus: the rest would be of another one
                yield piece

    async def _count(self, request: Request, selection: Selection) -> Counts:
        if selection not in self._counted:
            viewer, tally = self._viewer, self._tallies.get(selection)
            if tally is None:
                barren = self._barren.get(selection.widest, frozenset())
                tally = SelectionTally(viewer.corpus, selection, viewer.has, barren)
                _remember(self._tallies, selection, tally, _COUNTED_AT_ONCE)
            counts = await viewer.ask(request, count_on, tally, COUNT_STEP)
            if not counts.whole:
                return counts
            _remember(self._counted, selection, counts)
            self._tallies.pop(selection, None)
        return self._counted[selection]


def _remember(memory: OrderedDict[Selection, T], selection: Selection, value: T, most: int = _REMEMBERED) -> None:
    memory[selection] = value
    if len(memory) > most:
        memory.popitem(last=False)


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
