"""The viewer's answers about pages that a user asks for, and about reasons."""

from __future__ import annotations

from typing import Any

import duckdb
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from c4pipe.errors import AssetError
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.addressed import pages_addressed
from c4pipe.inspect.rule_pages import rule_page, rule_page_path
from c4pipe.inspect.serve.asking import Question, question
from c4pipe.inspect.serve.lasting import FoundPages, addressed_records
from c4pipe.inspect.serve.records import rawest
from c4pipe.inspect.serve.same_text import same_text
from c4pipe.inspect.serve.selection import Selection
from c4pipe.inspect.serve.taken import taken_here
from c4pipe.inspect.serve.viewer import Viewer
from c4pipe.inspect.serve.viewing import judged
from c4pipe.page import Page
from c4pipe.text.urls import as_read


class WhyNot:
    """The viewer's addresses that judge pages and explain reasons."""

    def __init__(self, viewer: Viewer):
        self._viewer = viewer

    async def why(self, request: Request) -> Response:
        """The verdict of every rule on a user's text or URL."""
        asked = Question(request.query_params.get("preset", ""), request.query_params.get("url", "").strip(), "")
        if request.method == "POST":
            asked = await question(request)
        if pasted := asked.pasted_url:
            asked = asked._replace(url=pasted, text="")
        asked = asked._replace(preset=asked.preset or self._viewer.judges.names[0])
        page, raw, here = as_read(Page(asked.url, asked.text, "")), True, FoundPages([], 0)
        if asked.url and not asked.text:
            here = await self._viewer.ask(request, _looked_up, self._viewer.corpus, asked.url)
            if here.records:
                page, raw = await self._viewer.ask(request, rawest, self._viewer.corpus, here.records[0])
        same = None
        if asked.text:
            same = await self._viewer.ask(request, same_text, self._viewer.corpus, asked.text)
        found, problem = None, ""
        if asked.text or here.records:
            try:
                found = judged(await run_in_threadpool(self._viewer.judges.explain, asked.preset, page))
            except AssetError as error:
                problem = str(error)
        template = "verdict.html" if request.query_params.get("part") == "verdict" else "why.html"
        values: dict[str, Any] = {
            "asked": asked,
            "pasted": pasted,
            "here": here,
            "same": same,
            "view": found,
            "raw": raw,
            "problem": problem,
        }
        return self._viewer.html(template, selection=Selection(), **values)

    async def rule(self, request: Request) -> Response:
        """The page of a reason."""
        code = request.path_params["code"]
        text = rule_page(code)
        if not text:
            return self._viewer.message(404, "No page of this reason", f"{code} is not a reason of c4pipe's own rules.")
        taken = taken_here(self._viewer.corpus.manifest, code)
        return self._viewer.html("rule.html", code=code, path=rule_page_path(code), text=text, taken=taken)


def _looked_up(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, address: str) -> FoundPages:
    return addressed_records(cursor, corpus, pages_addressed(cursor, address))
