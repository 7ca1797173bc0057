"""What is to be said where a list is empty: the pages of that URL, or of that domain, that other filters would show."""

from __future__ import annotations

from typing import NamedTuple

import duckdb

from c4pipe.inspect.addressed import PagesAt, pages_addressed
from c4pipe.inspect.serve.selection import ANY_REASON, Selection


class Elsewhere(NamedTuple):
    """Pages that the list leaves out."""

    at: PagesAt  # those that what was searched for is the URL of
    domain: int  # those of the domain on the other side: of the kept ones where rejected ones are looked at
    other: Selection  # which shows the latter

    @property
    def said(self) -> list[tuple[int, str]]:
        """How many of them are kept, and rejected."""
        pairs = ((len(self.at.kept), "kept"), (len(self.at.lost), "rejected"))
        return [pair for pair in pairs if pair[0]]


def find_elsewhere(views: duckdb.DuckDBPyConnection, selection: Selection) -> Elsewhere:
    """For a selection that shows nothing."""
    asked = selection.q.strip() if selection.field in ("any", "url") and _may_be_address(selection.q) else ""
    other = Selection(domain=selection.domain, outcome=ANY_REASON if selection.kept else "")
    return Elsewhere(pages_addressed(views, asked), _of_domain(views, other) if selection.domain else 0, other)


def _may_be_address(text: str) -> bool:
    return len(text.split()) == 1 and any(mark in text for mark in ".:/#")


def _of_domain(views: duckdb.DuckDBPyConnection, selection: Selection) -> int:
    table = "pages" if selection.kept else "(FROM rejected WHERE stage != '')"
    sql = f"SELECT count(*) FROM {table} WHERE CASE WHEN contains(url, $1) THEN registered(url) = $2 ELSE false END"
    label = selection.domain.partition(".")[0]  # stands in the URL as it is, which tells quickly for most
    ((count,),) = views.execute(sql, [label, selection.domain]).fetchall()
    return int(count)
