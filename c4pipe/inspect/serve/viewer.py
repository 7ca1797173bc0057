"""What each address of the viewer answers. Questions to the corpus run in threads, and end when nobody waits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import duckdb
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from c4pipe.errors import AssetError, C4Error, ConfigError, unknown
from c4pipe.facts.corpus import Corpus, connect
from c4pipe.facts.verdict import CorpusVerdict
from c4pipe.inspect.gone import said_of_removals
from c4pipe.inspect.rule_pages import rule_page, rule_page_path
from c4pipe.inspect.seen import SeenPages, met_words
from c4pipe.inspect.serve import export, finding, records
from c4pipe.inspect.serve.asking import Question, TooLongError, place, question
from c4pipe.inspect.serve.counting import Counts, count_pages, total
from c4pipe.inspect.serve.finding import Place
from c4pipe.inspect.serve.judging import Judges
from c4pipe.inspect.serve.patience import watched_answer
from c4pipe.inspect.serve.records import Record
from c4pipe.inspect.serve.rendering import environment
from c4pipe.inspect.serve.selection import Selection, ShardEntry, known, parse, parts_of, whole_number
from c4pipe.inspect.serve.viewing import judged, view
from c4pipe.inspect.standing import falls_as_a_whole
from c4pipe.page import Page
from c4pipe.shards import Seen
from c4pipe.text.urls import as_read
from c4pipe.textindex.least import LEAST

PAGES_HELD = 50  # shown that hold a text
VIEWER_MEMORY = "1GB"  # of DuckDB, whatever the size of the corpus
_REMEMBERED = 200  # selections of which something is remembered
_UNWATCHED = 499  # nobody reads this answer
T = TypeVar("T")


class Viewer:
    """A corpus, a connection to it, and the templates that show it."""

    def __init__(
        self,
        corpus: Corpus,
        given: Sequence[Path] = (),
        seen: SeenPages | None = None,
        compared: CorpusVerdict | None = None,
    ):
        """`given` are files that rules read, beside those that the corpus keeps; `seen` is what a training has read,
        and `compared` a verdict on this corpus, which is A, and another."""
        self._seen = seen
        self._corpus, self._has, self._judges = corpus, known(corpus), Judges(corpus, given)
        self._connection = connect(corpus, memory=VIEWER_MEMORY)
        finding.teach(self._connection)
        self._words = self._judges.words()
        self._counted: OrderedDict[Selection, Counts] = OrderedDict()
        self._barren: OrderedDict[Selection, frozenset[str]] = OrderedDict()  # files that a search need not read again
        self._templates = environment()
        self._templates.globals |= {"corpus": corpus, "has": self._has, "words": self._words, "judges": self._judges}
        self._templates.globals["shards_rows"] = sum(shard["rows"] for shard in corpus.shards())
        self._templates.globals |= {"least": LEAST, "met_words": self._met_words, "run_note": self._run_note}
        self._templates.globals["compared"] = compared
        self._templates.globals["in_build"] = _in_build(corpus)
        self._templates.globals["said_of_removals"] = said_of_removals

    async def pages(self, request: Request) -> Response:
        """The list."""
        selection, parts = self._selection(request)
        asked = {name: request.query_params[name] for name in ("after", "before") if name in request.query_params}
        if len(asked) > 1:
            raise ConfigError("after and before are both given; one is expected.")
        start, stop = (place(name, asked[name], parts) if name in asked else None for name in ("after", "before"))
        if stop is not None:
            found = await self.ask(request, finding.find_back, self._corpus, selection, stop)
        else:
            found = await self.ask(request, finding.find, self._corpus, selection, start or Place(0, 0))
            _remember(self._barren, selection.rows, self._barren.get(selection.rows, frozenset()) | found.barren)
        counts = await self._count(request, selection) if "counts" in request.query_params else None
        numbers = {part["path"]: i for i, part in enumerate(parts)}
        return self.html(
            "list.html",
            selection=selection,
            found=found,
            asked=asked,
            counts=counts,
            total=total(self._corpus, selection),
            held=await self.ask(request, finding.pages_held, selection.outcome)
            if selection.outcome in self._words
            else 0,
            numbers=numbers,
        )

    async def counts(self, request: Request) -> Response:
        """The filters with their counts, for the script of the list."""
        selection, _ = self._selection(request)
        counts = await self._count(request, selection)
        return self.html("filters.html", selection=selection, counts=counts, total=counts.total)

    async def page(self, request: Request) -> Response:
        """One page."""
        selection, parts = self._selection(request)
        record = await self.record(request)
        found = await self.ask(request, view, self._corpus, self._judges, record)
        place_in = next((i for i, part in enumerate(parts) if part["path"] == record.path), None)
        at = "" if place_in is None else f"{place_in}:{record.row}"
        back = {name: value for name, value in request.query_params.items() if name in ("after", "before")}
        fell = falls_as_a_whole(record._asdict())
        seen = "" if record.reason else await self.ask(request, self._seen_at, record)
        values: dict[str, Any] = {"view": found, "record": record, "at": at, "back": back, "fell": fell, "seen": seen}
        return self.html("page.html", selection=selection, **values)

    async def step(self, request: Request) -> Response:
        """On to the next page of the selection, or back to the one before."""
        selection, parts = self._selection(request)
        at, way = place("at", request.query_params.get("at", ""), parts), request.query_params.get("way", "next")
        if way not in ("next", "previous"):
            raise unknown("way,", way, ("next", "previous"))
        hit = await self.ask(request, finding.step, self._corpus, selection, at, way == "previous")
        if hit is None:
            end = "last" if way == "next" else "first"
            return self.message(
                404,
                f"That was the {end} page",
                f"The list has no page {'behind' if way == 'next' else 'in front of'} it.",
                selection,
            )
        return RedirectResponse(f"/page/{quote(hit.path)}/{hit.row}?{selection.query()}", 303)

    async def text(self, request: Request) -> Response:
        """The text of a row as it is in the file, and nothing else."""
        record = await self.record(request)
        return PlainTextResponse(record.page.text)

    async def why(self, request: Request) -> Response:
        """The verdict of every rule on a text or URL that somebody asks about."""
        asked = Question(request.query_params.get("preset", ""), request.query_params.get("url", "").strip(), "")
        if request.method == "POST":
            asked = await question(request)
        asked = asked._replace(preset=asked.preset or self._judges.names[0])
        page, raw, here = as_read(Page(asked.url, asked.text, "")), True, list[Record]()
        if asked.url and not asked.text:
            here = await self.ask(request, records.by_url, asked.url)
            if here:
                page, raw = await self.ask(request, records.rawest, self._corpus, here[0])
        found, problem = None, ""
        if asked.text or here:
            try:
                found = judged(await run_in_threadpool(self._judges.explain, asked.preset, page))
            except AssetError as error:
                problem = str(error)
        template = "verdict.html" if request.query_params.get("part") == "verdict" else "why.html"
        values: dict[str, Any] = {"asked": asked, "records": here, "view": found, "raw": raw, "problem": problem}
        return self.html(template, selection=Selection(), **values)

    async def rule(self, request: Request) -> Response:
        """The page of a reason."""
        code = request.path_params["code"]
        text = rule_page(code)
        if not text:
            return self.message(404, "No page of this reason", f"{code} is no reason of c4pipe's own rules.")
        return self.html("rule.html", code=code, path=rule_page_path(code), text=text)

    async def export(self, request: Request) -> Response:
        """The selection as a file."""
        selection, _ = self._selection(request)
        kind = request.query_params.get("format", "")
        if kind not in export.MEDIA_TYPES:
            raise unknown("format,", kind, export.MEDIA_TYPES)
        write = export.parquet if kind == "parquet" else export.comma_separated
        body = self._written(write, selection)
        first = await run_in_threadpool(next, body)  # a damaged file is told before anything is sent
        headers = {"Content-Disposition": f'attachment; filename="selection.{kind}"'}
        return StreamingResponse(_joined(first, body), headers=headers, media_type=export.MEDIA_TYPES[kind])

    def _written(self, write: Callable[..., Iterator[bytes]], selection: Selection) -> Iterator[bytes]:
        self._corpus.check()
        with self._connection.cursor() as cursor:
            yield from write(export.batches(cursor, self._corpus, selection), export.schema_of(self._corpus, selection))

    async def refused(self, request: Request, error: HTTPException) -> Response:
        """No such URL or method."""
        words = {404: "No page of the viewer has this address.", 405: "This address takes another kind of request."}
        return self.message(error.status_code, "Not here", words.get(error.status_code, error.detail))

    async def wrong(self, request: Request, error: C4Error) -> Response:
        """A question that cannot be answered, in words."""
        status = 413 if isinstance(error, TooLongError) else 400 if isinstance(error, ConfigError) else 500
        return self.message(status, "That cannot be shown", str(error))

    async def unreadable(self, request: Request, error: duckdb.Error) -> Response:
        """DuckDB could not read the files, or not in the memory it has."""
        if isinstance(error, duckdb.InterruptException):
            return Response(status_code=_UNWATCHED)
        if isinstance(error, duckdb.OutOfMemoryException):
            return self.message(
                503,
                "Too much to count",
                f"This takes more than the {VIEWER_MEMORY} of memory that the viewer takes. Narrow the selection.",
            )
        words = f"A file of the corpus cannot be read. Copy or build the corpus again. DuckDB says: {error}"
        return self.message(500, "A damaged file", words)

    def _seen_at(self, _: duckdb.DuckDBPyConnection, record: Record) -> str:
        return self._met_words(self._seen.of(record.path, [record.row])[record.row]) if self._seen else ""

    def _met_words(self, seen: Seen | None) -> str:
        return met_words(seen, self._seen.step) if self._seen else ""

    def _run_note(self) -> str:
        return self._seen.note if self._seen else ""

    def _selection(self, request: Request) -> tuple[Selection, list[ShardEntry]]:
        selection = parse(request.query_params.multi_items(), self._has)
        return selection, parts_of(self._corpus, selection)

    async def record(self, request: Request) -> Record:
        """The page at the address."""
        path, row = request.path_params["path"], whole_number("row", request.path_params["row"])
        record = await self.ask(request, records.record_at, self._corpus, path, row)
        if record is None:
            raise HTTPException(404)
        return record

    async def _count(self, request: Request, selection: Selection) -> Counts:
        if selection not in self._counted:
            barren = self._barren.get(selection.widest, frozenset())
            counts = await self.ask(request, count_pages, self._corpus, selection, self._has, barren)
            _remember(self._counted, selection, counts)
        return self._counted[selection]

    async def ask(self, request: Request, work: Callable[..., T], *arguments: Any) -> T:
        """What `work` answers with a cursor of its own; interrupted when the client has gone."""
        return await watched_answer(self._connection, request, partial(self._checked, work), *arguments)

    def _checked(self, work: Callable[..., T], *arguments: Any) -> T:
        """What `work` answers of files that are what the manifest says: those that changed are looked at again."""
        self._corpus.check()
        return work(*arguments)

    def share(self, **values: Any) -> None:
        """Gives all templates these values."""
        self._templates.globals |= values

    def html(self, template: str, status: int = 200, **values: Any) -> Response:
        """A template with these values."""
        return HTMLResponse(self._templates.get_template(template).render(values), status)

    def message(self, status: int, title: str, says: str, selection: Selection | None = None) -> Response:
        """A page that says why something cannot be shown."""
        return self.html("message.html", status, title=title, says=says, selection=selection or Selection())


def _remember(memory: OrderedDict[Selection, T], selection: Selection, value: T) -> None:
    memory[selection] = value
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _in_build(corpus: Corpus) -> dict[str, int]:
    """ "stage/reason" -> pages that the build rejected for it, of which the rejected table may hold a sample."""
    stages = corpus.manifest.get("ledger", {}).get("stages", [])
    return {f"{stage['stage']}/{reason}": pages for stage in stages for reason, pages in stage["rejected"].items()}
