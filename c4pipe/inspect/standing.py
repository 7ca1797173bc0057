"""The page that replaces a dropped one (that *stands for* it): where it is, how similar the two are, and how they
differ.

A page is dropped so by a dedup that links pages, as a near duplicate, or because an earlier corpus has its URL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, NamedTuple

import duckdb

from c4pipe.corpus.plan import Plan
from c4pipe.dedup import NearLevel, UrlLevel
from c4pipe.errors import C4Error
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.diff import MOST_TEXT, WordedLine, diff_words
from c4pipe.inspect.ancestry import Ancestry, OwnerPage, linked_owner
from c4pipe.inspect.explain import Recorded, explain
from c4pipe.inspect.query import database
from c4pipe.inspect.rebuild import preset_of
from c4pipe.page import Dropped, Page
from c4pipe.text.urls import as_read

AS_READ = "Both texts as they were read."
AS_COMPARED = "Both texts as they were compared: what other rules had left of them."
ONE_IS_CUT = (
    "For the page that replaces it, only the kept text is available; for this page, the text before comparison: a "
    "line that was cut as repeated shows as a difference."
)
NOBODY: Mapping[str, OwnerPage] = {}
MOST_THROUGH = 10  # pages in between


class StandsFor(NamedTuple):
    """The page that replaces another one."""

    owner: str  # its code; "" if the URL identifies it
    likeness: str  # how similar the two are, in words; "" if they are compared by URL
    through: list[str]  # URLs of the pages dropped in turn, beginning with the one that both are linked to
    page: OwnerPage | None  # None if no corpus has it
    says: str  # its outcome; where it would be, if no corpus has it
    shown: str  # which texts are compared, in words; "" if none are
    lines: list[WordedLine]  # the differences: "-" the dropped page, "+" the one that replaces it
    same: bool  # whether the compared texts are the same


def falls_as_a_whole(row: Mapping[str, Any]) -> bool:
    """Whether another page replaces this row of the rejected table."""
    return bool(linked_owner(row["reason"], row["dropped"])) or row["reason"] == UrlLevel.KNOWN.code


def stands_for(
    ancestry: Ancestry,
    views: duckdb.DuckDBPyConnection,
    row: Mapping[str, Any],
    known: Mapping[str, OwnerPage] = NOBODY,
) -> StandsFor | None:
    """The page that replaces a row of the rejected table of the corpus with these views; None if there is none.

    `known` are owners that were looked up before, for many rows at once.
    """
    if not falls_as_a_whole(row):
        return None
    owner = linked_owner(row["reason"], row["dropped"])
    through: list[OwnerPage] = []
    page = known.get(owner) or ancestry.owners(views, [owner]).get(owner)
    if not owner:
        page = ancestry.earlier_copy(row["url"])
    while page is not None and page.owner and len(through) < MOST_THROUGH:
        further = ancestry.owners(views, [page.owner]).get(page.owner)
        if further is None or further in through:
            break
        through.append(page)
        page = further
    shown, lines, same = _compared(ancestry, views, row, page)
    likeness = _likeness(ancestry, row) if owner else ""
    says = _nowhere(ancestry, owner) if page is None else _became(page)
    return StandsFor(owner, likeness, [one.url or one.source for one in through], page, says, shown, lines, same)


def _compared(
    ancestry: Ancestry, views: duckdb.DuckDBPyConnection, row: Mapping[str, Any], page: OwnerPage | None
) -> tuple[str, list[WordedLine], bool]:
    """Which texts are compared, and their differences: for linked pages as the dedup saw them, for two copies of a URL
    as read, if both are available."""
    if page is None:
        return "", [], False
    with database(page.corpus) if page.earlier else nullcontext(views) as theirs:
        record, raw = page.record(theirs), page.as_read(theirs)
    linked = bool(linked_owner(row["reason"], row["dropped"]))
    if not linked and raw is not None:
        shown, other, mine = AS_READ, raw, row["text"]
    else:
        other = record["text"] if page.kept else _left(ancestry, page.corpus, record)
        shown, mine = AS_COMPARED if linked else ONE_IS_CUT, _left(ancestry, ancestry.corpus, row)
    other, mine = other[:MOST_TEXT], mine[:MOST_TEXT]
    return shown, diff_words(mine, other), mine == other


def _left(ancestry: Ancestry, corpus: Corpus, row: Mapping[str, Any]) -> str:
    """What was left of a rejected page when it was dropped; for one dropped by its URL what its rules would keep. The
    text as read if the rules cannot be run again."""
    page = as_read(Page(row["url"], row["text"], row["timestamp"], row["source"]))
    with ancestry.lock:
        plan = ancestry.plan(corpus)
        if plan is None:
            return page.text
        try:
            return explain(page, plan, *_recorded(plan, row)).text
        except C4Error:
            return page.text


def _recorded(plan: Plan, row: Mapping[str, Any]) -> tuple[list[Dropped], Recorded | None]:
    if row["stage"] == plan.names()[plan.url_index]:
        return [], None
    dropped = [Dropped(drop["reason"], drop["line"], drop["owner"] or "") for drop in row["dropped"]]
    return dropped, Recorded(row["stage"], row["reason"], row["detail"])


def _likeness(ancestry: Ancestry, row: Mapping[str, Any]) -> str:
    """How similar they are, in words."""
    if not re.fullmatch(r"[01]\.\d+", row["detail"]):
        return "Their similarity was not estimated: they are linked only through other pages."
    share = float(row["detail"])
    level = _level(ancestry.corpus, row["stage"])
    if not isinstance(level, NearLevel):
        return f"Their similarity is estimated as {share:.2f}."
    said = (
        f"Of all word {level.shingle}-grams in either text, about {100 * share:.0f} % are in both (estimated from "
        f"{_by_what(ancestry, level)})."
    )
    if share < level.threshold:
        said += " They may be linked through other pages, each similar to the next."
    return said


def _by_what(ancestry: Ancestry, level: NearLevel) -> str:
    minima = f"{level.bands * level.rows} of them"
    return f"{minima}, or of a page of an earlier corpus from {level.bands} keys" if ancestry.earlier else minima


def _level(corpus: Corpus, stage: str) -> Any:
    try:
        stages = preset_of(corpus)[0].stages
    except C4Error:
        return None
    return next((getattr(one, "level", None) for one in stages if one.name == stage), None)


def _became(page: OwnerPage) -> str:
    where = f"of the earlier corpus {page.corpus.folder}" if page.earlier else "of this corpus"
    if page.kept:
        return f"It is a kept page {where}."
    further = " Which page replaces it in turn is not recorded." if page.owner else ""
    return f"It is a page {where}, and was itself rejected there: {page.stage}/{page.reason}.{further}"


def _nowhere(ancestry: Ancestry, owner: str) -> str:
    """Where the page is, if no available corpus has it."""
    absent = [one for one in ancestry.earlier if one.corpus is None]
    told = "; ".join(f"{one.path}, sha256 of its manifest {one.sha256[:16]}…: {one.lacks}" for one in absent)
    code = f" Only the first digits of the MD5 of its URL are known: {owner}." if owner else ""
    if absent and not owner:
        return f"It is a page of an earlier corpus that was not found ({told})."
    had = "" if owner else " It was rejected there."
    which = "the corpora" if ancestry.earlier else "the corpus"
    other = f" Or it is a page of an earlier corpus that was not found ({told})." if absent else ""
    also = ancestry.not_among_lost
    neither = "neither" if "nor in" in also else "not"
    return f"It is {neither} among the kept pages of {which}{also}.{had}{other}{code}"


def as_facts(found: StandsFor | None) -> dict[str, Any] | None:
    """As printed by `--json`."""
    if found is None:
        return None
    page = found.page
    place = None
    if page is not None:
        place = {"corpus": str(page.corpus.folder), "earlier": page.earlier, "path": page.path, "row": page.row}
        place |= {name: getattr(page, name) for name in ("url", "source", "stage", "reason", "detail")}
    told = {name: getattr(found, name) for name in ("owner", "likeness", "through", "says", "shown", "same")}
    lines = [
        {"mark": mark, "pieces": [{"text": text, "differs": differs} for text, differs in pieces]}
        for mark, pieces in found.lines
    ]
    return {**told, "page": place, "lines": lines}
