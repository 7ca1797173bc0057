"""What domains lost of each language, as a separate table and file: the build counts only each by itself."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode

import pyarrow as pa
from starlette.requests import Request

from c4pipe.errors import unknown
from c4pipe.facts.domain_languages import (
    ORDERS_WITHIN,
    DomainLanguageLoss,
    DomainLanguageLosses,
    domain_language_losses,
    ordered_within,
)
from c4pipe.inspect.serve.selection import ANY_REASON, Known
from c4pipe.inspect.serve.viewer import Viewer

WITHIN = "language,domain"  # the table's name in an address
_KEPT_RULES = 8  # whose numbers are cached
WITHIN_SCHEMA = pa.schema(
    [("rule", pa.string()), ("language", pa.string()), ("domain", pa.string()), ("pages_kept", pa.int64())]
    + [("pages_lost_in_table", pa.int64())]
    + [(f"pages_lost{end}", pa.float64()) for end in ("", "_low", "_high")]
    + [("share_lost", pa.float64()), ("share_low", pa.float64()), ("share_high", pa.float64())]
    + [("more_than_all", pa.int8())]
)


class PagesOfPair(NamedTuple):
    """Where the pages of a row are: addresses by label, or why there is none."""

    links: list[tuple[str, str]]
    why: str = ""


class LossesWithin:
    """The counts for combinations of languages and domains, by rule; computed on first use."""

    def __init__(self, viewer: Viewer):
        self._viewer, self._found = viewer, OrderedDict[str, DomainLanguageLosses]()

    async def found(self, request: Request, rule: str) -> DomainLanguageLosses:
        """Those of a rule, "" for all. Errors of `domain_language_losses`."""
        if rule not in self._found:
            found = await self._viewer.ask(request, domain_language_losses, self._viewer.corpus, rule)
            self._found[rule] = found
            while len(self._found) > _KEPT_RULES:
                self._found.popitem(last=False)
        return self._found[rule]


def order_within(sort: str) -> str:
    """The order in an address, if it is a column of this table; else by pages lost."""
    return sort if sort in ORDERS_WITHIN else "lost"


def check_within(found: DomainLanguageLosses, language: str | None, domain: str | None) -> None:
    """ConfigError for a language or a domain without pages."""
    rows = found.within(None, None)
    for name, asked, known in (
        ("language", language, {row.language for row in rows}),
        ("domain", domain, {row.domain for row in rows}),
    ):
        if asked is not None and asked not in known:
            raise unknown(name, asked, sorted(filter(None, known)))


def rows_within(
    found: DomainLanguageLosses, language: str | None, domain: str | None, sort: str, rising: bool
) -> list[DomainLanguageLoss]:
    """The rows of one language, or of one domain, or all, in an order."""
    return ordered_within(found.within(language, domain), order_within(sort), rising)


def pages_of_pair(row: DomainLanguageLoss, rule: str, has: Known) -> PagesOfPair:
    """The lists of pages that a row counts. No filter selects pages without a language or without a domain."""
    if not row.language or not row.domain:
        return PagesOfPair([], "no URL" if not row.domain else "language not known")
    of = {"language": row.language, "domain": row.domain}
    links = []
    if row.held:
        links.append(("rejected", f"/?{urlencode({'outcome': rule or ANY_REASON} | of)}"))
    if row.kept and has.tells_language(True):
        links.append(("kept", f"/?{urlencode(of)}"))
    return PagesOfPair(links, "" if links else "none in the table")


def table_within(rows: list[DomainLanguageLoss], rule: str) -> Iterator[pa.Table]:
    """The rows as in a file."""
    cells = [
        (
            rule,
            row.language,
            row.domain,
            row.kept,
            row.held,
            *row.lost,
            row.share,
            *(row.interval or (None, None)),
            row.more,
        )
        for row in rows
    ]
    yield pa.Table.from_pylist([dict(zip(WITHIN_SCHEMA.names, row, strict=True)) for row in cells], WITHIN_SCHEMA)
