"""The common base of the viewer's addresses: a corpus, queries to it, its display, and errors.

Queries to the corpus run in threads, and end when nobody waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import duckdb
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    Response,
)

from c4pipe.command import as_called
from c4pipe.errors import C4Error, ConfigError
from c4pipe.facts.corpus import Corpus, connect
from c4pipe.facts.verdict import CorpusVerdict
from c4pipe.inspect.gone import said_of_removals
from c4pipe.inspect.seen import SeenPages, met_words
from c4pipe.inspect.serve import finding
from c4pipe.inspect.serve.aside import lost_lines_name, lost_lines_table
from c4pipe.inspect.serve.asking import TooLongError
from c4pipe.inspect.serve.builds import BUILD_DIGITS, page_builds
from c4pipe.inspect.serve.citing import cited_view
from c4pipe.inspect.serve.judging import Judges
from c4pipe.inspect.serve.knowing import doubted_pages
from c4pipe.inspect.serve.lasting import PageLink, found_pages
from c4pipe.inspect.serve.later import AnswerStillMadeError, LaterAnswers
from c4pipe.inspect.serve.lone_words import ListedWords
from c4pipe.inspect.serve.patience import watched_answer
from c4pipe.inspect.serve.records import Record
from c4pipe.inspect.serve.rendering import environment
from c4pipe.inspect.serve.selection import Selection, ShardEntry, known, parse, parts_of, with_preset
from c4pipe.shards import Seen
from c4pipe.textindex.least import LEAST

VIEWER_MEMORY = "1GB"  # of DuckDB, whatever the size of the corpus
_UNWATCHED = 499  # for an answer that nobody reads
T = TypeVar("T")


class Viewer:
    """A corpus, a connection to it, and the templates that show it."""

    def __init__(
        self,
        corpus: Corpus,
        given: Sequence[Path] = (),
        seen: SeenPages | None = None,
        compared: CorpusVerdict | None = None,
        digest: str = "",
    ):
        """`given` are further files that rules read, besides those that the corpus keeps; `seen` is what a training run
        has read, `compared` a verdict on this corpus, which is A, and another, and `digest` the sha256 of its manifest.
        """
        self.digest = digest or corpus.digest
        self.seen, self.corpus, self.judges = seen, corpus, Judges(corpus, given)
        self.has = with_preset(known(corpus), corpus, self.judges.preset)
        self._connection = connect(corpus, memory=VIEWER_MEMORY)
        self.answers = LaterAnswers()
        finding.teach(self._connection)
        self.words = self.judges.words()
        self.listed = ListedWords(corpus, self.judges)
        self.withheld = self.judges.withheld
        self._templates = environment()
        self._templates.globals |= {"corpus": corpus, "has": self.has, "words": self.words, "judges": self.judges}
        self._templates.globals |= {"withheld": self.withheld}
        self._templates.globals["shards_rows"] = sum(shard["rows"] for shard in corpus.shards())
        self._templates.globals |= {"least": LEAST, "met_words": self.met_words, "run_note": self._run_note}
        self._templates.globals["compared"] = compared
        self._templates.globals |= {"in_build": _in_build(corpus), "no_pages": _no_pages(corpus)}
        self._templates.globals |= {
            "page_builds": page_builds,
            "build": self.digest[:BUILD_DIGITS],
            "cited_view": self._cited,
            "link": PageLink.telling,
        }
        self._templates.globals["doubted"] = doubted_pages(corpus)
        self._templates.globals["said_of_removals"] = said_of_removals

    async def refused(self, request: Request, error: HTTPException) -> Response:
        """No such URL or method."""
        words = {404: "No page of the viewer has this address.", 405: "This address needs another request method."}
        return self.message(error.status_code, "Not here", words.get(error.status_code, error.detail))

    async def wrong(self, request: Request, error: C4Error) -> Response:
        """A question without an answer, in words. A value that an older build may have had is said to be gone."""
        if type(error) is ConfigError and page_builds().older:
            return self.html("other_build.html", 404, asked=page_builds().fields, says=as_called(str(error)))
        status = 413 if isinstance(error, TooLongError) else 400 if isinstance(error, ConfigError) else 500
        return self.message(status, "That cannot be shown", as_called(str(error)))

    async def unreadable(self, request: Request, error: duckdb.Error) -> Response:
        """DuckDB could not read the files, or not within its memory."""
        if isinstance(error, duckdb.InterruptException):
            return Response(status_code=_UNWATCHED)
        if isinstance(error, duckdb.OutOfMemoryException):
            return self.message(
                503,
                "Too much to count",
                f"This needs more than the {VIEWER_MEMORY} of memory that the viewer may use. Narrow the selection.",
            )
        words = f"A file of the corpus cannot be read. Copy or build the corpus again. DuckDB says: {error}"
        return self.message(500, "A damaged file", words)

    def met_words(self, seen: Seen | None) -> str:
        """When the training run read a page, in words; "" without a run."""
        return met_words(seen, self.seen.step) if self.seen else ""

    def _cited(self) -> str:
        builds = page_builds()
        return cited_view(self.corpus, self.digest, builds.link, builds.compared)

    def _run_note(self) -> str:
        return self.seen.note if self.seen else ""

    def selection(self, request: Request) -> tuple[Selection, list[ShardEntry]]:
        """The selection in the address, and the files that hold it."""
        selection = parse(request.query_params.multi_items(), self.has)
        return selection, parts_of(self.corpus, selection)

    async def selected(self, request: Request) -> tuple[Selection, list[ShardEntry]]:
        """The same, for an answer that examines its pages: with what only the rules know about these."""
        selection, parts = self.selection(request)
        if selection.alone:
            await self.ask(request, self.listed.set_aside)
        if selection.q and selection.field == "lost":
            name, words = lost_lines_name(selection), "Searching all lines and sentences that were cut from pages."
            await self.later(name, words, lost_lines_table, self.corpus, selection)
        return selection, parts

    async def record(self, request: Request) -> Record:
        """The page at the address, the first of several."""
        found = await self.ask(request, found_pages, self.corpus, PageLink.asked(request.query_params))
        if not found.records:
            raise HTTPException(404)
        return found.records[0]

    async def ask(self, request: Request, work: Callable[..., T], *arguments: Any) -> T:
        """The result of `work` with its own cursor; interrupted when the client has left."""
        return await watched_answer(self._connection, request, partial(self._checked, work), *arguments)

    async def later(self, name: str, words: str, work: Callable[..., T], *arguments: Any) -> T:
        """The result of `work` with its own cursor, independent of any client: it is called once.

        AnswerStillMadeError with these words until it is ready.
        """

        def made() -> T:
            with self._connection.cursor() as cursor:
                return self._checked(work, cursor, *arguments)

        return await self.answers.answer(name, words, made)

    async def still_made(self, request: Request, error: AnswerStillMadeError) -> Response:
        """The message until such an answer is ready."""
        return self.html("later.html", 202, says=str(error), selection=Selection())

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor for an answer that is sent while it is read."""
        return self._connection.cursor()

    def _checked(self, work: Callable[..., T], *arguments: Any) -> T:
        """The result of `work` on verified files: those that changed are verified again."""
        self.corpus.check()
        return work(*arguments)

    def share(self, **values: Any) -> None:
        """Makes these values available to all templates."""
        self._templates.globals |= values

    def html(self, template: str, status: int = 200, **values: Any) -> Response:
        """A template with these values."""
        return HTMLResponse(self._templates.get_template(template).render(values), status)

    def message(self, status: int, title: str, says: str, selection: Selection | None = None) -> Response:
        """A page that says why something cannot be shown."""
        return self.html("message.html", status, title=title, says=says, selection=selection or Selection())


def _in_build(corpus: Corpus) -> dict[str, int]:
    """ "stage/reason" -> pages that the build rejected for it, of which the rejected table may have a sample."""
    stages = corpus.manifest.get("ledger", {}).get("stages", [])
    return {f"{stage['stage']}/{reason}": pages for stage in stages for reason, pages in stage["rejected"].items()}


def _no_pages(corpus: Corpus) -> int:
    """Records that gave no page: they count as rejected, but not as pages that were read."""
    stages = corpus.manifest.get("ledger", {}).get("stages", [])
    return sum(stages[0]["rejected"].values()) if stages else 0
