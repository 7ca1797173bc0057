"""The page on repeated texts: the lines, sentences and passages cut most, and their owners."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlencode

import duckdb
from starlette.requests import Request
from starlette.responses import Response

from c4pipe.corpus.plan import KEPT
from c4pipe.errors import unknown
from c4pipe.facts.repeated import (
    ORDERS_OF_REPEATS,
    REPEATED_IN_PAGE,
    OwnedCuts,
    Repeat,
    owned_cuts,
    repeats,
)
from c4pipe.inspect.serve.selection import ANY_REASON
from c4pipe.inspect.serve.viewer import Viewer
from c4pipe.text import many

SHOWN_REPEATS = 100  # per reason
_WORDS = "Reading all lines and sentences that were cut from pages, and counting repeated ones."
_SEARCHED = 200  # characters of a text that a link searches for


class RepeatsOfReason(NamedTuple):
    """What was cut for one reason."""

    code: str
    rows: list[Repeat]
    owned: OwnedCuts | None  # None if no owner is recorded for any of it
    taken: str  # the build's cuts for it in all pages, such as "9 lines"

    @property
    def in_page(self) -> bool:
        """Whether it is repetition within a page, where each occurrence counts."""
        return self.code == REPEATED_IN_PAGE


class RepeatPages:
    """The viewer's address for the most repeated texts."""

    def __init__(self, viewer: Viewer):
        self._viewer = viewer

    async def repeated(self, request: Request) -> Response:
        """All cuts, or those from kept pages, in an order of `ORDERS_OF_REPEATS`."""
        by, of = (request.query_params.get(name, "") for name in ("by", "of"))
        by = by or "once"
        if by not in ORDERS_OF_REPEATS:
            raise unknown("order", by, ORDERS_OF_REPEATS)
        if of not in ("", KEPT):
            raise unknown("value of of,", of, [KEPT])
        found = await self._viewer.later(f"repeated by {by} {of}", _WORDS, self._counted, by, of == KEPT)
        values: dict[str, Any] = {"found": found, "by": by, "of": of, "most": SHOWN_REPEATS}
        return self._viewer.html(
            "repeated.html", orders=ORDERS_OF_REPEATS, lists_of=_lists_of, owner_link=_owner_link, **values
        )

    def _counted(self, cursor: duckdb.DuckDBPyConnection, by: str, kept: bool) -> list[RepeatsOfReason]:
        """Reads everything that was cut."""
        corpus, rows = self._viewer.corpus, dict[str, list[Repeat]]()
        owned = owned_cuts(cursor, corpus)
        for row in repeats(cursor, corpus, SHOWN_REPEATS, by, kept):
            rows.setdefault(row.reason, []).append(row)
        taken = {cut.code: many(cut.taken, cut.unit) for cut in self._viewer.has.cuts}
        return [RepeatsOfReason(code, found, owned.get(code), taken.get(code, "")) for code, found in rows.items()]


def _lists_of(row: Repeat) -> list[tuple[str, str]]:
    """The lists of pages from which a text was cut, each with its label."""
    searched = {"lost": row.reason, "in": "lost", "q": row.line[:_SEARCHED]}
    asked = [("kept", row.kept, searched), ("rejected", row.pages - row.kept, searched | {"outcome": ANY_REASON})]
    return [(words, f"/?{urlencode(fields)}") for words, pages, fields in asked if pages]


def _owner_link(row: Repeat) -> str:
    """The link to the page that owns a text, with the text marked there."""
    return f"/owner/{row.code}?{urlencode({'mark': row.line[:_SEARCHED]})}" if row.code else ""
