"""The page of losses: which rule took most, and whose pages lost it; and the same as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

import duckdb
import pyarrow as pa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from c4pipe.errors import ConfigError, unknown
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.fallen import FallenLanguages, fallen_languages
from c4pipe.facts.ledger_losses import ledger_losses
from c4pipe.facts.losses import (
    LEAST_PAGES,
    LOSS_MEASURES,
    WAYS_TO_SPLIT,
    CorpusLosses,
    LossRow,
    no_losses,
    read_losses,
    rule_name,
    sorted_losses,
)
from c4pipe.inspect.serve import export
from c4pipe.inspect.serve.saving import saved_headers
from c4pipe.inspect.serve.selection import ANY_REASON, Known
from c4pipe.inspect.serve.viewer import Viewer
from c4pipe.page import Unit
from c4pipe.rules.exclusion import NotExcluded
from c4pipe.rules.robots import RobotsAllow
from c4pipe.stages.personal import MaskPersonal

_WITHHELD = {NotExcluded.reason.code, RobotsAllow.reason.code}  # whose texts are kept nowhere
SHOWN_ROWS = 200  # of a table; the file has all
_ORDERS = ("key", *LOSS_MEASURES, *(f"share of {name}" for name in LOSS_MEASURES))
_ENDS = ("", "_low", "_high")  # of what is estimated
_SCHEMA = pa.schema(
    [("by", pa.string()), ("of", pa.string()), ("unit", pa.string()), ("rule", pa.string())]
    + [(f"{name}_{what}", pa.int64()) for name in LOSS_MEASURES for what in ("lost", "came")]
    + [
        (f"pages_{what}_with_never_asked{end}", pa.float64())
        for what in ("lost", "came")
        for end in ("", "_low", "_high")
    ]
    + [("pages_share_low", pa.float64()), ("pages_share_high", pa.float64()), ("more_than_all", pa.int8())]
)


class LossQuestion(NamedTuple):
    """What a table is asked for; fields are those of the address."""

    by: str = "rule"
    rule: str = ""  # of what a group lost; "" all of them
    language: str | None = None  # of what rules took: from these pages alone
    domain: str | None = None
    bin: str | None = None
    sort: str = "characters"
    rising: str = ""

    def link(self, path: str = "/losses", **changes: Any) -> str:
        """The address of the same table with other fields."""
        asked = {k: v for k, v in self._replace(**changes)._asdict().items() if v is not None and v != _PLAIN[k]}
        return f"{path}?{urlencode(asked)}" if asked else path

    def sorted_by(self, order: str) -> str:
        """The address of the table in an order, or the other way round where it is in this one."""
        return self.link(sort=order, rising="1" if self.sort == order and not self.rising else "")

    @property
    def group(self) -> tuple[str, str | int | None] | None:
        """The group that rules are told of."""
        if self.language is not None:
            return "language", self.language
        if self.domain is not None:
            return "domain", self.domain
        return ("length", int(self.bin)) if self.bin is not None else None


_PLAIN = LossQuestion()._asdict()


def asked(request: Request) -> LossQuestion:
    """The question at an address. ConfigError for one that nobody can answer."""
    given = dict(request.query_params.items())
    for name in given:
        if name not in LossQuestion._fields and name != "build":
            raise unknown("part of the address", name, LossQuestion._fields)
    question = LossQuestion(**{name: value for name, value in given.items() if name in LossQuestion._fields})
    for value, known in ((question.by, WAYS_TO_SPLIT), (question.sort, _ORDERS)):
        if value not in known:
            raise unknown("table", value, known)
    if question.bin is not None and not (question.bin.isascii() and question.bin.isdigit() and len(question.bin) < 3):
        raise ConfigError(f"bin takes a power of two, such as 10, got {question.bin[:20]!r}.")
    return question


class LossPages:
    """The addresses of losses."""

    def __init__(self, viewer: Viewer):
        self._viewer, self._found = viewer, list[CorpusLosses]()

    @property
    def routes(self) -> list[Route]:
        """The page, and its file."""
        return [Route("/losses", self.page), Route("/losses.csv", self.file)]

    async def page(self, request: Request) -> Response:
        """The table; in words why there is none."""
        question = asked(request)
        if (losses := await run_in_threadpool(self._losses)) is None:
            if (by_ledger := ledger_losses(self._viewer.corpus)) is None:
                return self._viewer.message(404, "No table of losses", str(no_losses(self._viewer.corpus)))
            return self._viewer.html("ledger_losses.html", losses=by_ledger)
        rows = self._rows(losses, question)
        fallen = await self._viewer.ask(request, self._fallen, losses, question)
        return self._viewer.html(
            "losses.html",
            losses=losses, ask=question, rows=rows[:SHOWN_ROWS], hidden=max(0, len(rows) - SHOWN_ROWS),
            top=losses.most()[:1], fallen=fallen, ways=WAYS_TO_SPLIT, measures=LOSS_MEASURES, least_pages=LEAST_PAGES,
            effect=losses.effect(losses.rules.get(question.rule)), pages_of=self._pages_of(question),
        )  # fmt: skip

    async def file(self, request: Request) -> Response:
        """All rows of the table as CSV."""
        question = asked(request)
        if (losses := await run_in_threadpool(self._losses)) is None:
            raise no_losses(self._viewer.corpus)
        table = _table(self._rows(losses, question), question)
        body: Iterator[bytes] = export.comma_separated(iter([table]), _SCHEMA)
        filters = [
            ("losses", question.by),
            *((name, value or "") for name, value in list(question._asdict().items())[1:]),
        ]
        headers = saved_headers(self._viewer.corpus, self._viewer.digest, filters, "csv")
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
        return sorted_losses(rows, question.sort, bool(question.rising))

    def _fallen(
        self, cursor: duckdb.DuckDBPyConnection, losses: CorpusLosses, question: LossQuestion
    ) -> FallenLanguages | None:
        cell = losses.rules.get(question.rule) if question.by == "language" else None
        return None if cell is None else fallen_languages(cursor, self._viewer.corpus, cell.stage, cell.reason)

    def _pages_of(self, question: LossQuestion) -> Any:
        as_read = _stands_as_read(self._viewer.corpus)
        return lambda row: rows_pages(row, question, self._viewer.has, as_read)


def _check_known(losses: CorpusLosses, question: LossQuestion) -> None:
    """ConfigError for a rule that took nothing, and for a group that no page is of."""
    if question.rule and question.rule not in losses.rules:
        raise unknown("rule", question.rule, losses.rules)
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


def rows_pages(row: LossRow, question: LossQuestion, has: Known, as_read: bool = True) -> list[tuple[str, str]]:
    """The addresses of the pages that a row counts, each with what they are called: those that a rule took (""), or the
    "kept" and the "rejected" ones that it took parts of. Those are left out that no filter tells apart: of kept pages
    nobody knows the length they were read with, and of rejected ones only where their texts stand `as_read`."""
    cell = row.cell
    by, key = (question.group or ("", "")) if question.by == "rule" else (question.by, row.key)
    if cell is None or key is None:
        return []
    if cell.unit == Unit.PAGE.value:
        as_read = as_read and cell.reason not in _WITHHELD
        known, wanted = rule_name(cell) in has.outcomes, [("", {"outcome": rule_name(cell)}, False)]
    else:
        known = cell.reason in has.lost
        wanted = [("kept", {}, True), ("rejected", {"outcome": ANY_REASON}, False)]
        wanted = [(words, asked | {"lost": cell.reason}, kept) for words, asked, kept in wanted]
    found = []
    for words, asked, kept in wanted if known else ():
        group = _group_asked(by, key, has, kept, as_read)
        if group is not None:
            found.append((words, f"/?{urlencode(asked | group)}"))
    return found


def _group_asked(by: str, key: str | int, has: Known, kept: bool, as_read: bool) -> dict[str, Any] | None:
    """What an address says of a group; None where no filter tells its pages apart."""
    if by == "length" and as_read and not kept:
        size = int(key)
        return {"min": (1 << size) if size else 0, "max": (2 << size) - 1}
    if (by == "domain" and key) or (by == "language" and key and has.tells_language(kept)):
        return {by: key}
    return None if by else {}


def _stands_as_read(corpus: Corpus) -> bool:
    """Whether rejected texts have the length that they were read with: nothing in them is masked."""
    stages = corpus.manifest.get("preset", {}).get("stages", [])
    return all(stage.get("kind") != MaskPersonal.__name__ for stage in stages)


def _table(rows: list[LossRow], question: LossQuestion) -> pa.Table:
    columns = list(zip(*(_cells(row, question) for row in rows), strict=True)) or [()] * len(_SCHEMA)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, _SCHEMA, strict=True)], schema=_SCHEMA)


def _cells(row: LossRow, question: LossQuestion) -> tuple[Any, ...]:
    numbers = [getattr(amount, name) for name in LOSS_MEASURES for amount in (row.lost, row.came)]
    rule = rule_name(row.cell) if row.cell is not None else ""
    of = "(all others)" if row.key is None else str(row.key)
    interval = row.interval or (None, None)
    whole = (None,) * 6 if row.whole is None else (*row.whole.lost, *row.whole.came)
    return question.by, of, row.cell.unit if row.cell else "", rule, *numbers, *whole, *interval, row.more
