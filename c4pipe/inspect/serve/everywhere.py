"""One page in several presets: its outcome in the corpora of a folder, and the current verdict of their rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import duckdb
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from c4pipe.command import as_called
from c4pipe.errors import C4Error
from c4pipe.facts.corpus import Corpus, connect, open_corpus
from c4pipe.inspect.addressed import pages_addressed
from c4pipe.inspect.serve import records
from c4pipe.inspect.serve.asking import Question, question
from c4pipe.inspect.serve.judging import Judges
from c4pipe.inspect.serve.patience import watched_answer
from c4pipe.inspect.serve.records import Record
from c4pipe.inspect.serve.same_text import SameText, same_text
from c4pipe.inspect.serve.selection import LONGEST_QUERY
from c4pipe.inspect.serve.viewer import Viewer
from c4pipe.inspect.serve.viewing import View, judged
from c4pipe.page import Page, Unit
from c4pipe.shards import MANIFEST
from c4pipe.stages.explaining import NOT_JUDGED
from c4pipe.text import many
from c4pipe.text.urls import as_read

MOST_MEMBERS = 20  # corpora of a folder that are opened
MEMBER_MEMORY = "250MB"  # of DuckDB, for each of them


class PresetCorpus(NamedTuple):
    """A corpus of the folder, with its preset ready to judge."""

    name: str
    corpus: Corpus
    judges: Judges
    connection: duckdb.DuckDBPyConnection


class PresetVerdict(NamedTuple):
    """A preset's verdict on a page."""

    name: str  # of the folder of its corpus; "" for a preset without one
    preset: str
    record: Record | None  # the build's record
    recorded: str  # the same in words; "" for a preset without a corpus, and for a text that no corpus has
    view: View | None  # the current verdict of its rules on the page alone
    problem: str  # why there is no such verdict


class EveryPreset:
    """The address /why/presets."""

    def __init__(self, viewer: Viewer, given: Sequence[Path], others: Sequence[Corpus]):
        """`given` are further files that rules read, besides those that corpora keep; `others` are corpora given by
        name."""
        self._viewer, self._given, self._others = viewer, given, others
        viewer.share(cut_words=cut_words)
        self._lock, self._members, self._notes = Lock(), list[PresetCorpus](), list[str]()

    @property
    def routes(self) -> list[Route]:
        """The page only."""
        return [Route("/why/presets", self.presets, methods=["GET", "POST"])]

    async def presets(self, request: Request) -> Response:
        """The table for a URL or a text."""
        asked = Question("", request.query_params.get("url", "").strip()[:LONGEST_QUERY], "")
        if request.method == "POST":
            asked = await question(request)
            asked = asked._replace(url=asked.pasted_url, text="") if asked.pasted_url else asked
        every = "all" in request.query_params
        found, page, raw = list[PresetVerdict](), as_read(Page(asked.url, asked.text, "")), True
        members = await run_in_threadpool(self._opened)
        known: list[tuple[Record | None, Page | None, bool]] = []
        if asked.url and not asked.text:
            known = [await watched_answer(one.connection, request, _look_up, one.corpus, asked.url) for one in members]
            pages = [(read, as_it_was) for _, read, as_it_was in known if read is not None]
            if pages:
                page, raw = next((pair for pair in pages if pair[1]), pages[0])
        texts = list[SameText]()
        if asked.text:
            texts = [
                await watched_answer(one.connection, request, same_text, one.corpus, asked.text) for one in members
            ]
            if any(same.found.records for same in texts):
                known = [(next(iter(same.found.records), None), None, True) for same in texts]
        if asked.text or any(record for record, *_ in known):
            rows = list(zip(members, known or [(None, None, True)] * len(members), strict=True))
            absent = [same.absent for same in texts] or [_absent(one.corpus) for one in members]
            found = [
                await run_in_threadpool(_verdict, one, of, page, nothing if known else "")
                for (one, of), nothing in zip(rows, absent, strict=True)
            ]
            if every:
                found += await run_in_threadpool(self._without_corpus, {one.preset for one in found}, page)
        values: dict[str, Any] = {"asked": asked, "found": found, "raw": raw, "page": page, "every": every}
        return self._viewer.html("presets.html", members=members, known=known, texts=texts, notes=self._notes, **values)

    def _opened(self) -> list[PresetCorpus]:
        """The viewer's corpus, the named ones, and those next to it that were built from the same inputs."""
        with self._lock:
            if not self._members:
                corpora, notes = _together(self._viewer.corpus, self._others)
                self._members = [
                    PresetCorpus(one.folder.name, one, Judges(one, self._given), connect(one, MEMBER_MEMORY))
                    for one in corpora
                ]
                self._notes = notes
            return self._members

    def _without_corpus(self, had: set[str], page: Page) -> list[PresetVerdict]:
        """The verdicts of c4pipe's presets for which there is no corpus here."""
        judges = self._viewer.judges
        names = [name for name in judges.names if name not in had]
        return [PresetVerdict("", name, None, "", *_judged(judges, name, page)) for name in names]


def _together(corpus: Corpus, others: Sequence[Corpus]) -> tuple[list[Corpus], list[str]]:
    """The corpora to query together, and notices about those that cannot be opened."""
    found, notes = [corpus, *(one for one in others if not one.released)], list[str]()
    seen = {one.folder.resolve() for one in found}
    beside = sorted(path.parent for path in corpus.folder.resolve().parent.glob(f"*/{MANIFEST}"))
    for folder in beside:
        if folder in seen:
            continue
        if len(found) == MOST_MEMBERS:
            notes.append(f"Of the corpora in {folder.parent} the first {MOST_MEMBERS} are searched.")
            break
        try:
            one = open_corpus(folder)
        except C4Error as error:
            notes.append(f"Left out: {error}")
            continue
        if _inputs(one) and _inputs(one) == _inputs(corpus):
            found.append(one)
    return found, notes


def _inputs(corpus: Corpus) -> set[tuple[str, int]]:
    return {(str(item.get("path", "")), int(item.get("bytes", 0))) for item in corpus.manifest.get("inputs", [])}


def _look_up(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, url: str) -> tuple[Record | None, Page | None, bool]:
    """The first page of an address, as read if available, and whether it is."""
    corpus.check()
    places = pages_addressed(cursor, url)
    for place in (*places.kept, *places.lost):
        record = records.record_at(cursor, corpus, place.path, place.row)
        if record is not None:
            return record, *records.rawest(cursor, corpus, record)
    return None, None, False


def _verdict(one: PresetCorpus, of: tuple[Record | None, Page | None, bool], page: Page, absent: str) -> PresetVerdict:
    """`absent` is shown if the corpus has no such page; "" for a text without a lookup."""
    record, _, _ = of
    recorded = absent
    if absent and record:
        recorded = "rejected" if record.reason else "kept"
    return PresetVerdict(one.name, one.judges.own, record, recorded, *_judged(one.judges, one.judges.own, page))


def _absent(corpus: Corpus) -> str:
    if corpus.complete:
        return "not in its input"
    return "neither kept nor in the table of rejected pages, which is incomplete"


def _judged(judges: Judges, name: str, page: Page) -> tuple[View | None, str]:
    """A preset's verdict on a page alone, or why there is none."""
    if not name:
        return None, "; ".join(judges.differences)
    try:
        return judged(judges.explain(name, page)), ""
    except C4Error as error:
        return None, as_called(str(error))


def cut_words(view: View) -> str:
    """How many lines were cut, completely or in part, by which rules, and which rules may cut more when pages are
    compared; for an edit, which has no code, its effect.

    The lines are those that a page view would draw.
    """
    cut = [line for line in view.lines if any(piece.code and not piece.quoted for piece in line.pieces)]
    rules = view.explanation.tried if view.explanation else []
    unasked = [rule.code for rule in rules if rule.outcome == NOT_JUDGED and rule.unit != Unit.PAGE.value]
    unjudged = f"; not judged: {', '.join(dict.fromkeys(unasked))}" if unasked else ""
    if not cut:
        return f"nothing cut{unjudged}"
    codes = dict.fromkeys(piece.code for line in cut for piece in line.pieces if piece.code and not piece.quoted)
    tried = [rule for rule in rules if not rule.code.islower()]
    edits = {rule.code: f"an edit (each line {rule.words.replace('`', '')})" for rule in tried}
    return f"{many(len(cut), 'line')} cut: {', '.join(edits.get(code, code) for code in codes)}{unjudged}"
