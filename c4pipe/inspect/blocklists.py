"""The lists that filtered a corpus, and the effect of each entry: found by running the rules again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import duckdb

from c4pipe.corpus.ledger import LOST_AS
from c4pipe.corpus.stats import registered
from c4pipe.errors import C4Error
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.listed import (
    PAGES_ASKED,
    ROWS_ASKED,
    EntryOnPage,
    NamedPages,
    WordList,
    in_context,
    named_by_detail,
    words_listed,
)
from c4pipe.facts.views import files_sql
from c4pipe.inspect.explain import Recorded, explain
from c4pipe.inspect.rebuild import plan_of, preset_of
from c4pipe.page import Dropped, Page, Unit
from c4pipe.part import Told
from c4pipe.rules import LineRule, PageRule
from c4pipe.stages import Preset

Plans = Callable[[], Any]  # the plan that built the corpus; C4Error if it is not available


class _Row(NamedTuple):
    """A page of the rejected table."""

    url: str
    timestamp: str
    stage: str
    reason: str
    detail: str
    text: str
    dropped: list[dict[str, str]]
    source: str
    part: str
    row: int
    language: str


def word_lists(db: duckdb.DuckDBPyConnection, corpus: Corpus, plan: Plans | None = None) -> list[WordList]:
    """Every list of the preset that cost anything, in the order of the stages; [] if no rule uses a list, if the corpus
    has no rejected table, or if its preset is unknown here.

    `plan` returns the plan that built it, if available.
    """
    try:
        preset = preset_of(corpus)[0]
    except C4Error:
        return []
    if not corpus.rejected:
        return []
    asked = _Asked(db, corpus, preset, plan or (lambda: plan_of(corpus)))
    counted = {stage["stage"]: stage for stage in corpus.manifest.get("ledger", {}).get("stages", [])}
    found = []
    for stage, told in _lists(preset):
        built = counted.get(stage, {}).get(LOST_AS[told.unit], {}).get(told.code, 0)
        if built:
            found.append(asked.of_lines(stage, told, built) if told.unit is Unit.LINE else asked.of(stage, told, built))
    return found


def _lists(preset: Preset) -> Iterator[tuple[str, Told]]:
    """The rules of a preset that use a list, with their stages."""
    for stage in preset.stages:
        yield from ((stage.name, told) for told in stage.told() if getattr(told.owner, "lists", False))


class _Asked:
    """The rules of a corpus, run again on pages of its rejected table."""

    def __init__(self, db: duckdb.DuckDBPyConnection, corpus: Corpus, preset: Preset, plan: Plans):
        self._db, self._corpus, self._preset, self._plan = db, corpus, preset, plan
        described = db.execute(f"DESCRIBE SELECT * FROM {files_sql(corpus, corpus.rejected[:1])}").fetchall()
        self._language = "coalesce(language, '')" if "language" in [name for name, *_ in described] else "''"

    def of(self, stage: str, told: Told, built: int) -> WordList:
        """A list whose entries cost pages. For a withheld reason there is no text to examine."""
        named = named_by_detail(self._db, stage, told.code, self._spoken(stage))
        seen, looked, note = list[EntryOnPage](), 0, ""
        if told.reason is not None and told.reason.withheld:
            note = "The text of its pages is withheld: what is known is which entry named them."
        else:
            try:
                seen, looked = self._sightings(stage, told)
            except C4Error as error:
                note = f"The rule cannot be run again: {error}"
        words = words_listed(named, seen)
        total = sum(counts.total() for counts in named.places.values())
        return WordList(stage, told.code, "page", told.words, told.source, built, total, looked, note, words)

    def of_lines(self, stage: str, told: Told, built: int) -> WordList:
        """A list whose entries cost lines, which are recorded; for the first `ROWS_ASKED` pages of the table."""
        assert isinstance(told.owner, LineRule)
        places, lines = dict[str, Counter[tuple[str, str, bool]]](), Counter[str]()
        seen, looked, named = list[EntryOnPage](), 0, 0
        for url, source, language, part, row, kept, cut in self._lines(told.code):
            looked += 1
            named += len(cut)
            met: dict[str, EntryOnPage] = {}
            for line in cut:
                for hit in told.owner.hits(line):
                    context = in_context(line, hit.start, hit.end, url, part, row)
                    lines[hit.entry] += 1
                    met.setdefault(hit.entry, EntryOnPage(hit.entry, source, language, context, kept, url))
            seen += met.values()
            for entry in met:
                places.setdefault(entry, Counter())[registered(url), language, kept] += 1
        words = words_listed(NamedPages(places, lines), seen)
        return WordList(stage, told.code, "line", told.words, told.source, built, named, looked, "", words)

    def _sightings(self, stage: str, told: Told) -> tuple[list[EntryOnPage], int]:
        """The rule's matches on the pages that it dropped, and the number of pages."""
        plan = self._plan()
        rule: PageRule = plan.bound(told.owner)
        rows = list(self._rows(stage, told.code))
        only, found = self._only_language(stage), []
        for row in rows:
            language = row.language or only
            page = Page(row.url, row.text, row.timestamp, row.source, language=language)
            # If the raw text has at most one entry, the page need not be processed up to the stage.
            hits = rule.hits(page) if language else []
            text = page.text
            if len(hits) != 1 or _in_what_fell(row, hits[0].start, hits[0].end):
                dropped = [Dropped(cut["reason"], cut["line"], cut["owner"] or "") for cut in row.dropped]
                seen = explain(page, plan, dropped, Recorded(row.stage, row.reason, row.detail))
                text, language = seen.text, seen.language or language
                hits = rule.hits(page._replace(text=text, language=language))
            for hit in hits:
                context = in_context(text, hit.start, hit.end, row.url, row.part, row.row)
                found.append(EntryOnPage(hit.entry, row.source, language, context, url=row.url))
        return found, len(rows)

    def _only_language(self, stage: str) -> str:
        """The only language of pages that reach a stage, if earlier stages keep one; else ""."""
        index = [one.name for one in self._preset.stages].index(stage)
        kept = {each for one in self._preset.stages[:index] for each in one.kept_languages()}
        return next(iter(kept)) if len(kept) == 1 else ""

    def _spoken(self, stage: str) -> str:
        """The language of a row dropped at a stage, in SQL."""
        only = self._only_language(stage).replace("'", "''")
        return f"coalesce(nullif({self._language}, ''), '{only}')"

    def _rows(self, stage: str, code: str) -> Iterator[_Row]:
        """The first pages of a reason. Their places are found first, so that only their texts are read."""
        sql = f"SELECT part, row FROM rejected WHERE stage = $1 AND reason = $2 LIMIT {PAGES_ASKED}"
        places = self._db.execute(sql, [stage, code]).fetchall()
        for part in dict.fromkeys(part for part, _ in places):
            rows = ", ".join(str(row) for name, row in places if name == part)
            sql = (
                f"SELECT url, timestamp, stage, reason, detail, text, dropped, source, $1, file_row_number, "
                f"{self._language} FROM {files_sql(self._corpus, [{'path': part}])} WHERE file_row_number IN ({rows}) "
                "ORDER BY file_row_number"
            )
            yield from (_Row(*row) for row in self._db.execute(sql, [part]).fetchall())

    def _lines(self, code: str) -> Iterator[tuple[str, str, str, str, int, bool, list[str]]]:
        """The first pages of the table, including kept ones, with the lines that they lost for a reason. Records that
        gave no page have lost none."""
        cut = "list_transform(list_filter(dropped, lambda d: d.reason = $1), lambda d: d.line)"
        left = ROWS_ASKED
        for part in self._corpus.rejected:
            sql = (
                f"SELECT url, source, {self._language}, $2, file_row_number, stage = '', {cut} FROM "
                f"{files_sql(self._corpus, [part])} WHERE file_row_number < {left} AND stage != $3 "
                "ORDER BY file_row_number"
            )
            yield from self._db.execute(sql, [code, part["path"], self._preset.stages[0].name]).fetchall()
            left -= part["rows"]
            if left <= 0:
                return


def _in_what_fell(row: _Row, start: int, end: int) -> bool:
    """Whether the line around text[start:end] was cut, or has a piece that was."""
    first, last = row.text.rfind("\n", 0, start) + 1, row.text.find("\n", end)
    line = row.text[first : last if last >= 0 else len(row.text)]
    return any(cut["line"] in line for cut in row.dropped)
