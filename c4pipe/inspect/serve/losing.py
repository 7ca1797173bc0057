"""The page of losses: which rule dropped most, and which pages lost it; and the same as a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

import duckdb
import pyarrow as pa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from c4pipe.errors import ConfigError, unknown
from c4pipe.facts.domain_languages import ORDERS_WITHIN
from c4pipe.facts.fallen import FallenLanguages, fallen_languages
from c4pipe.facts.ledger_losses import ledger_losses
from c4pipe.facts.losses import (
    LEAST_PAGES,
    LOSS_MEASURES,
    ORDER_OF_STAGES,
    WAYS_TO_SPLIT,
    CorpusLosses,
    LossRow,
    no_losses,
    read_losses,
    rule_name,
    sorted_losses,
)
from c4pipe.facts.table_losses import LossPlaces, TableLosses, loss_places, stands_as_read, table_losses
from c4pipe.inspect.serve import export
from c4pipe.inspect.serve.later import AnswerStillMadeError
from c4pipe.inspect.serve.losing_within import (
    WITHIN,
    WITHIN_SCHEMA,
    LossesWithin,
    check_within,
    order_within,
    pages_of_pair,
    rows_within,
    table_within,
)
from c4pipe.inspect.serve.loss_links import Group, rows_pages
from c4pipe.inspect.serve.saving import saved_headers
from c4pipe.inspect.serve.viewer import Viewer

SHOWN_ROWS = 200  # per table; the file has all
_TABLES = (*WAYS_TO_SPLIT, WITHIN)
_ORDERS = (*ORDERS_WITHIN, "key", *LOSS_MEASURES, *(f"share of {name}" for name in LOSS_MEASURES))
_SCHEMA = pa.schema(
    [("by", pa.string()), ("of", pa.string()), ("unit", pa.string()), ("rule", pa.string())]
    + [(f"{name}_{what}", pa.int64()) for name in LOSS_MEASURES for what in ("lost", "came")]
    + [
        (f"pages_{what}_with_never_asked{end}", pa.float64())
        for what in ("lost", "came")
        for end in ("", "_low", "_high")
    ]
    + [("pages_share_low", pa.float64()), ("pages_share_high", pa.float64()), ("more_than_all", pa.int8())]
    + [("characters_cut_from_kept_pages", pa.int64()), ("characters_of_pages_as_read", pa.int64())]
)


class LossQuestion(NamedTuple):
    """The question of a table; its fields are those of the address."""

    by: str = "rule"
    rule: str = ""  # for what a group lost; "" all of them
    language: str | None = None  # for what rules dropped: from these pages; for domains: their pages of this language
    domain: str | None = None
    bin: str | None = None
    sort: str = ""  # "" for the default: a distribution over lengths by length, others by characters
    rising: str = ""

    def link(self, path: str = "/losses", **changes: Any) -> str:
        """The address of the same table with other fields."""
        asked = {k: v for k, v in self._replace(**changes)._asdict().items() if v is not None and v != _PLAIN[k]}
        return f"{path}?{urlencode(asked)}" if asked else path

    def sorted_by(self, order: str) -> str:
        """The address of the table in this order, or reversed if it is in this order already."""
        return self.link(sort=order, rising="1" if self.order == order and not self.rising else "")

    @property
    def order(self) -> str:
        """The column by which its rows are sorted."""
        return self.sort or ("key" if self.by == "length" else "characters")

    @property
    def within(self) -> bool:
        """Whether it is about combinations of languages and domains."""
        return (
            self.by == WITHIN
            or (self.by == "domain" and self.language is not None)
            or (self.by == "language" and self.domain is not None)
        )

    @property
    def group(self) -> tuple[str, str | int | None] | None:
        """The group for which rules are listed."""
        if self.language is not None:
            return "language", self.language
        if self.domain is not None:
            return "domain", self.domain
        return ("length", int(self.bin)) if self.bin is not None else None

    @property
    def of_all(self) -> bool:
        """Whether it is about what rules dropped from all pages."""
        return self.by == "rule" and self.group is None

    def group_of(self, row: LossRow) -> Group:
        """The group of pages of a row of its table."""
        return (self.group or ("", "")) if self.by == "rule" else (self.by, row.key)


_PLAIN = LossQuestion()._asdict()
_READ = "The table of rejected pages is being read. Save the file again in a moment."
_NO_PLACES = LossPlaces(frozenset())


def asked(request: Request) -> LossQuestion:
    """The question in an address. ConfigError for one without an answer."""
    given = dict(request.query_params.items())
    for name in given:
        if name not in LossQuestion._fields and name != "build":
            raise unknown("part of the address", name, LossQuestion._fields)
    question = LossQuestion(**{name: value for name, value in given.items() if name in LossQuestion._fields})
    for value, known in ((question.by, _TABLES), (question.order, _ORDERS)):
        if value not in known:
            raise unknown("table", value, known)
    if question.bin is not None and not (question.bin.isascii() and question.bin.isdigit() and len(question.bin) < 3):
        raise ConfigError(f"bin takes a power of two, such as 10, got {question.bin[:20]!r}.")
    groups = [name for name in ("language", "domain", "bin") if getattr(question, name) is not None]
    if question.bin is not None and question.by == WITHIN:
        raise ConfigError("bin selects lengths, which the table of languages and domains does not have. Leave it out.")
    if len(groups) > 1 and (question.by == "rule" or "bin" in groups):
        raise ConfigError(f"{' and '.join(groups)} do not go together: ask for one of them at a time.")
    return question


class LossPages:
    """The viewer's addresses for losses."""

    def __init__(self, viewer: Viewer):
        self._viewer, self._found = viewer, list[CorpusLosses]()
        self._within = LossesWithin(viewer)

    @property
    def routes(self) -> list[Route]:
        """The page, and its file."""
        return [Route("/losses", self.page), Route("/losses.csv", self.file)]

    async def page(self, request: Request) -> Response:
        """The table, or a message why there is none."""
        question = asked(request)
        if (losses := await run_in_threadpool(self._losses)) is None:
            if (by_ledger := ledger_losses(self._viewer.corpus)) is None:
                return self._viewer.message(404, "No table of losses", str(no_losses(self._viewer.corpus)))
            _check_rule({row.key for row in by_ledger.rows}, question)
            return self._viewer.html("ledger_losses.html", losses=by_ledger)
        if question.within:
            return await self._page_within(request, losses, question)
        rows = self._rows(losses, question)
        fallen = await self._viewer.ask(request, self._fallen, losses, question)
        by_table, places, reading = None, _NO_PLACES, False
        try:
            places = await self._places(question)
            by_table = await self._by_table(losses, question)
        except AnswerStillMadeError:  # the numbers of all pages do not wait for it
            reading = True
        has, as_read = self._viewer.has, stands_as_read(self._viewer.corpus)
        return self._viewer.html(
            "losses.html",
            losses=losses, ask=question, by_table=by_table, order=ORDER_OF_STAGES,
            rows=rows[:SHOWN_ROWS], hidden=max(0, len(rows) - SHOWN_ROWS),
            top=losses.most()[:1], fallen=fallen, ways=_TABLES, measures=LOSS_MEASURES, least_pages=LEAST_PAGES,
            within=WITHIN,
            reading=reading,
            effect=losses.effect(losses.rules.get(question.rule)),
            pages_of=lambda row: rows_pages(row, question.group_of(row), has, as_read, places),
        )  # fmt: skip

    async def _page_within(self, request: Request, losses: CorpusLosses, question: LossQuestion) -> Response:
        """The table of combinations of languages and domains."""
        _check_rule(losses.rules, question)
        found = await self._within.found(request, question.rule)
        check_within(found, question.language, question.domain)
        rows = rows_within(found, question.language, question.domain, question.order, bool(question.rising))
        has = self._viewer.has
        return self._viewer.html(
            "losses_within.html",
            ask=question, rows=rows[:SHOWN_ROWS], hidden=max(0, len(rows) - SHOWN_ROWS), found=found, ways=_TABLES,
            order=order_within(question.order), least_pages=LEAST_PAGES,
            within=WITHIN,
            pages_of=lambda row: pages_of_pair(row, question.rule, has),
        )  # fmt: skip

    async def file(self, request: Request) -> Response:
        """All rows of the table as CSV."""
        question = asked(request)
        if (losses := await run_in_threadpool(self._losses)) is None:
            raise no_losses(self._viewer.corpus)
        if question.within:
            _check_rule(losses.rules, question)
            within = await self._within.found(request, question.rule)
            check_within(within, question.language, question.domain)
            rows = rows_within(within, question.language, question.domain, question.order, bool(question.rising))
            return self._saved(question, table_within(rows, question.rule), WITHIN_SCHEMA, within.sampled)
        by_table = await self._by_table(losses, question)
        table = _table(self._rows(losses, question), question, by_table)
        return self._saved(question, iter([table]), _SCHEMA)

    def _saved(
        self, question: LossQuestion, tables: Iterator[pa.Table], schema: pa.Schema, sampled: bool = False
    ) -> Response:
        body: Iterator[bytes] = export.comma_separated(tables, schema)
        told = question._replace(sort=question.order)._asdict()
        filters = [("losses", told.pop("by")), *((name, value or "") for name, value in told.items())]
        headers = saved_headers(self._viewer.corpus, self._viewer.digest, filters, "csv", sampled)
        return StreamingResponse(body, headers=headers, media_type=export.MEDIA_TYPES["csv"])

    def _losses(self) -> CorpusLosses | None:
        if not self._found and (found := read_losses(self._viewer.corpus)) is not None:
            self._found.append(found)
        return self._found[0] if self._found else None

    def _rows(self, losses: CorpusLosses, question: LossQuestion) -> list[LossRow]:
        _check_known(losses, question)
        if question.by == "rule":
            rows = losses.by_rule(question.group)
        else:
            rows = losses.by_group(question.by, question.rule)
        return sorted_losses(rows, question.order, bool(question.rising))

    def _fallen(
        self, cursor: duckdb.DuckDBPyConnection, losses: CorpusLosses, question: LossQuestion
    ) -> FallenLanguages | None:
        if question.by == "language" and (cell := losses.rules.get(question.rule)) is not None:
            return fallen_languages(cursor, self._viewer.corpus, cell.stage, cell.reason)
        return None

    async def _by_table(self, losses: CorpusLosses, question: LossQuestion) -> TableLosses | None:
        """What the rejected table adds to the counts of rules."""
        if not question.of_all:
            return None
        return await self._viewer.later("losses by table", _READ, table_losses, self._viewer.corpus, losses)

    async def _places(self, question: LossQuestion) -> LossPlaces:
        by = question.group[0] if question.by == "rule" and question.group else question.by
        return await self._viewer.later(f"places by {by}", _READ, loss_places, self._viewer.corpus, by)


def _check_rule(known: Collection[str], question: LossQuestion) -> None:
    """ConfigError for a rule that dropped nothing."""
    if question.rule and question.rule not in known:
        raise unknown("rule", question.rule, known)


def _check_known(losses: CorpusLosses, question: LossQuestion) -> None:
    """ConfigError for a rule that dropped nothing, and for a group without pages."""
    _check_rule(losses.rules, question)
    if question.group is None:
        return
    by, key = question.group
    keys = {row.key for row in losses.by_group(by)}
    if key in keys:
        return
    if by == "length":
        bins = sorted(each for each in keys if isinstance(each, int))
        near = min(bins, key=lambda each: abs(each - int(str(key))), default=0)
        raise ConfigError(f"unknown bin {key}. Did you mean {near}? Known: {', '.join(map(str, bins))}.")
    raise unknown(by, str(key), sorted(str(each) for each in keys if each not in (None, "")))


def _table(rows: list[LossRow], question: LossQuestion, by_table: TableLosses | None) -> pa.Table:
    columns = list(zip(*(_cells(row, question, by_table) for row in rows), strict=True)) or [()] * len(_SCHEMA)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, _SCHEMA, strict=True)], schema=_SCHEMA)


def _cells(row: LossRow, question: LossQuestion, by_table: TableLosses | None) -> tuple[Any, ...]:
    numbers = [getattr(amount, name) for name in LOSS_MEASURES for amount in (row.lost, row.came)]
    rule = rule_name(row.cell) if row.cell is not None else ""
    of = "(all others)" if row.key is None else str(row.key)
    interval = row.interval or (None, None)
    whole = (None,) * 6 if row.whole is None else (*row.whole.lost, *row.whole.came)
    ends = (by_table.from_kept.get(rule), by_table.as_read.get(rule)) if by_table else (None, None)
    return question.by, of, row.cell.unit if row.cell else "", rule, *numbers, *whole, *interval, row.more, *ends
