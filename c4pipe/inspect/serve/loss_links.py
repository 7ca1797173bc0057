"""Where the numbers of losses lead: to the lists of pages that they count."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from c4pipe.facts.losses import LossRow, rule_name
from c4pipe.facts.table_losses import LossPlaces
from c4pipe.inspect.serve.selection import ANY_REASON, Known
from c4pipe.page import Unit
from c4pipe.rules.exclusion import NotExcluded
from c4pipe.rules.robots import RobotsAllow

WITHHELD = {NotExcluded.reason.code, RobotsAllow.reason.code}  # whose texts are kept nowhere
Group = tuple[str, str | int | None]  # what a row is of, such as "language", and which; ("", "") of all pages


def rows_pages(
    row: LossRow, group: Group, has: Known, as_read: bool = True, places: LossPlaces | None = None
) -> list[tuple[str, str]]:
    """The addresses of the pages that a row counts, each with what they are called: those that a rule took (""), or the
    "kept" and the "rejected" ones that it took parts of; of a row of all rules those that any of them took. Those are
    left out that no filter tells apart: of kept pages nobody knows the length they were read with, and of rejected ones
    only where their texts stand `as_read`; and those of which the table has none, by `places`."""
    by, key = group
    if key is None or (row.cell is None and not by):
        return []
    found = []
    for words, name, asked, kept in _wanted(row, has):
        withheld = row.cell is not None and row.cell.reason in WITHHELD
        chosen = _group_asked(by, key, has, kept, as_read and not withheld)
        if chosen is not None and (places is None or places.has(name, kept, key)):
            found.append((words, f"/?{urlencode(asked | chosen)}"))
    return found


def _wanted(row: LossRow, has: Known) -> list[tuple[str, str, dict[str, str], bool]]:
    """The lists that a row counts: what they are called, what they lost to, what asks for them, and whether of kept
    pages."""
    if row.cell is None:
        return [("rejected", "", {"outcome": ANY_REASON}, False)] if has.outcomes else []
    if row.cell.unit == Unit.PAGE.value:
        name = rule_name(row.cell)
        return [("", name, {"outcome": name}, False)] if name in has.outcomes else []
    code = row.cell.reason
    asked = [("kept", code, {"lost": code}, True), ("rejected", code, {"outcome": ANY_REASON, "lost": code}, False)]
    return asked if code in has.lost else []


def _group_asked(by: str, key: str | int, has: Known, kept: bool, as_read: bool) -> dict[str, Any] | None:
    """What an address says of a group; None where no filter tells its pages apart."""
    if by == "length" and as_read and not kept:
        size = int(key)
        return {"min": (1 << size) if size else 0, "max": (2 << size) - 1}
    if (by == "domain" and key) or (by == "language" and key and has.tells_language(kept)):
        return {by: key}
    return None if by else {}
