"""The page on domains: pages, characters and tokens of each, as a table and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from c4pipe.errors import ConfigError, unknown
from c4pipe.facts.domain_sizes import DomainSize, TokenRate, domain_sizes, pages_for_rate, token_rate
from c4pipe.inspect.serve import export
from c4pipe.inspect.serve.saving import saved_headers, told_in_file
from c4pipe.inspect.serve.selection import LONGEST_QUERY
from c4pipe.inspect.serve.viewer import Viewer
from c4pipe.inspect.token_counts import TokenCounting
from c4pipe.tokenizer import NamedTokenizer

SHOWN_SIZES = 200  # rows of the table; the file has all
ORDERS_OF_SIZES = ("domain", "pages", "characters", "tokens")


class SizeRow(NamedTuple):
    """A domain with its tokens: exact if low and high are equal, None without a tokenizer."""

    domain: str
    pages: int
    characters: int
    tokens: int | None = None
    low: int | None = None
    high: int | None = None

    @property
    def exact(self) -> bool:
        """Whether the tokens are counted, not estimated."""
        return self.low == self.high


class DomainPages:
    """The viewer's addresses for the sizes of domains."""

    def __init__(self, viewer: Viewer, tokenizer: NamedTokenizer | None = None):
        self._viewer = viewer
        self._sizes, self._rate = list[list[DomainSize]](), list[TokenRate | None]()
        self._counting = None if tokenizer is None else TokenCounting(viewer.corpus, viewer.digest, tokenizer)

    @property
    def routes(self) -> list[Route]:
        """The table, and its file."""
        return [Route("/domains", self.page), Route("/domains/export", self.export)]

    def tokens(self) -> Mapping[str, int]:
        """The tokens of each domain, if counted; otherwise this starts the count."""
        if self._counting is None:
            return {}
        self._counting.begin()
        return self._counting.counts or {}

    async def page(self, request: Request) -> Response:
        """The largest domains, or those whose names contain the search text."""
        asked, rising = _order(request), request.query_params.get("rising", "")
        named = request.query_params.get("q", "").strip().lower()
        if len(named) > LONGEST_QUERY:
            raise ConfigError(f"q is longer than {LONGEST_QUERY:,} characters. Search for less.")
        found, whole = await self._found(request)
        rows = [row for row in found if named in row.domain]
        if named:
            whole = None
        values: dict[str, Any] = {"counting": self._counting, "rate": self._rate[0] if self._rate else None}
        return self._viewer.html(
            "domains.html",
            rows=_sorted(rows, asked, bool(rising))[:SHOWN_SIZES], number=len(rows), whole=whole, q=named,
            sort=asked, rising=rising, most=SHOWN_SIZES, orders=ORDERS_OF_SIZES, **values,
        )  # fmt: skip

    async def export(self, request: Request) -> Response:
        """All domains as a file."""
        kind = request.query_params.get("format", "")
        if kind not in export.MEDIA_TYPES:
            raise unknown("format,", kind, export.MEDIA_TYPES)
        found, _ = await self._found(request)
        corpus, digest, counting = self._viewer.corpus, self._viewer.digest, self._counting
        filters = [("domains", "all"), ("tokenizer", counting.tokenizer.digest[:16] if counting else "")]
        estimated = "tokens are estimates from a sample of pages" if counting and counting.counts is None else ""
        schema = told_in_file(_schema(counting is not None), corpus, digest, filters, estimated)
        rows = [dict(zip(schema.names, row, strict=False)) for row in _sorted(found, _order(request), False)]
        write = export.parquet if kind == "parquet" else export.comma_separated
        body = b"".join(write(iter([pa.Table.from_pylist(rows, schema)]), schema))
        headers = saved_headers(corpus, digest, filters, kind, bool(estimated))
        return Response(body, headers=headers, media_type=export.MEDIA_TYPES[kind])

    async def _found(self, request: Request) -> tuple[list[SizeRow], SizeRow | None]:
        """Every domain, and their total."""
        if not self._sizes:
            self._sizes.append(await self._viewer.ask(request, domain_sizes))
        counting, sizes = self._counting, self._sizes[0]
        pages, characters = sum(size.pages for size in sizes), sum(size.characters for size in sizes)
        if counting is None:
            return [SizeRow(*size) for size in sizes], SizeRow("", pages, characters)
        counting.begin()
        if counting.counts is None and not self._rate:
            self._rate.append(await self._viewer.ask(request, self._sampled, counting.tokenizer))
        counts = counting.counts  # which may be complete by now
        if counts is not None:
            whole = sum(counts.values())
            rows = [SizeRow(*size, *[counts.get(size.domain, 0)] * 3) for size in sizes]
            return rows, SizeRow("", pages, characters, whole, whole, whole)
        rate = self._rate[0]
        if rate is None:  # for a corpus without any character
            return [SizeRow(*size, 0, 0, 0) for size in sizes], SizeRow("", pages, characters, 0, 0, 0)
        rows = [SizeRow(*size, *rate.of_domain(size.characters)) for size in sizes]
        return rows, SizeRow("", pages, characters, *rate.of_all(characters))

    def _sampled(self, cursor: duckdb.DuckDBPyConnection, tokenizer: NamedTokenizer) -> TokenRate | None:
        pages = pages_for_rate(cursor, self._viewer.corpus)
        tokens = tokenizer.count([text for _, text in pages])
        return token_rate((domain, len(text), count) for (domain, text), count in zip(pages, tokens, strict=True))


def _order(request: Request) -> str:
    asked = request.query_params.get("sort", "pages")
    if asked not in ORDERS_OF_SIZES:
        raise unknown("value of sort,", asked, ORDERS_OF_SIZES)
    return asked


def _sorted(rows: list[SizeRow], by: str, rising: bool) -> list[SizeRow]:
    if by == "domain":
        return sorted(rows, key=lambda row: row.domain, reverse=not rising)
    ranked = sorted(rows, key=lambda row: row.domain)
    return sorted(ranked, key=lambda row: getattr(row, by) or 0, reverse=not rising)


def _schema(tokens: bool) -> pa.Schema:
    names = ["pages", "characters", *(["tokens", "tokens_low", "tokens_high"] if tokens else [])]
    return pa.schema([("domain", pa.string()), *((name, pa.int64()) for name in names)])
