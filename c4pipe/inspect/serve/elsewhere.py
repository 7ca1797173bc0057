"""Hints for an empty list: the pages of that URL or domain that other filters would show, and those on the other side,
kept or rejected, that contain the search text."""

from __future__ import annotations

from typing import NamedTuple

import duckdb

from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.addressed import PagesAt, pages_addressed
from c4pipe.inspect.serve.finding import find
from c4pipe.inspect.serve.selection import ANY_REASON, Selection


class Elsewhere(NamedTuple):
    """Pages outside the list."""

    at: PagesAt  # those with the search text as their URL
    domain: int  # those of the domain on the other side: kept ones if the list is of rejected pages
    other: Selection  # which shows the latter
    matching: int  # pages on the other side that contain the search text, as many as one list shows
    further: bool  # whether there may be more of these
    across: Selection  # which shows them

    @property
    def said(self) -> list[tuple[int, str]]:
        """How many of them are kept, and rejected."""
        pairs = ((len(self.at.kept), "kept"), (len(self.at.lost), "rejected"))
        return [pair for pair in pairs if pair[0]]


def find_elsewhere(views: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection) -> Elsewhere:
    """The hints for a selection without pages."""
    asked = selection.q.strip() if selection.field in ("any", "url") and _may_be_address(selection.q) else ""
    outcome = ANY_REASON if selection.kept else ""
    other = Selection(domain=selection.domain, outcome=outcome)
    domain = _of_domain(views, other) if selection.domain else 0
    across, at = selection.but(outcome=outcome, order="", seed=""), pages_addressed(views, asked)
    matching, further = 0, False
    if selection.q and not at.number and selection.field != "detail" and (across.kept or corpus.rejected):
        found = find(views, corpus, across, None)
        matching, further = len(found.hits), found.on is not None
    return Elsewhere(at, domain, other, matching, further, across)


def _may_be_address(text: str) -> bool:
    return len(text.split()) == 1 and any(mark in text for mark in ".:/#")


def _of_domain(views: duckdb.DuckDBPyConnection, selection: Selection) -> int:
    table = "pages" if selection.kept else "(FROM rejected WHERE stage != '')"
    sql = f"SELECT count(*) FROM {table} WHERE CASE WHEN contains(url, $1) THEN registered(url) = $2 ELSE false END"
    label = selection.domain.partition(".")[0]  # in the URL unchanged, which excludes most rows quickly
    ((count,),) = views.execute(sql, [label, selection.domain]).fetchall()
    return int(count)
