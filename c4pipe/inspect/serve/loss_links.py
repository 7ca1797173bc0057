"""Links from the numbers of losses to the lists of pages that they count."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from c4pipe.facts.losses import LossRow, rule_name
from c4pipe.facts.table_losses import LossPlaces
from c4pipe.inspect.serve.selection import ANY_REASON, Known
from c4pipe.page import Unit
from c4pipe.rules.exclusion import NotExcluded
from c4pipe.rules.robots import RobotsAllow

WITHHELD = {NotExcluded.reason.code, RobotsAllow.reason.code}  # whose texts are not stored
Group = tuple[str, str | int | None]  # the kind of a group, such as "language", and its value; ("", "") for all pages


def rows_pages(
    row: LossRow, group: Group, has: Known, as_read: bool = True, places: LossPlaces | None = None
) -> list[tuple[str, str]]:
    """The addresses of the pages that a row counts, each with a label: those that a rule dropped (""), or the "kept"
    and the "rejected" ones that it cut; for a row of all rules, pages lost to any of them. Lists that no filter can
    select are left out: for kept pages the length as read is unknown, and for rejected ones unless their texts are
    `as_read`. So are lists without pages in the table, by `places`."""
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
    """The lists that a row counts: their label, what they lost to, the parameters, and whether of kept pages."""
    if row.cell is None:
        return [("rejected", "", {"outcome": ANY_REASON}, False)] if has.outcomes else []
    if row.cell.unit == Unit.PAGE.value:
        name = rule_name(row.cell)
        return [("", name, {"outcome": name}, False)] if name in has.outcomes else []
    code = row.cell.reason
    asked = [("kept", code, {"lost": code}, True), ("rejected", code, {"outcome": ANY_REASON, "lost": code}, False)]
    return asked if code in has.lost else []


def _group_asked(by: str, key: str | int, has: Known, kept: bool, as_read: bool) -> dict[str, Any] | None:
    """The parameters for a group; None if no filter selects its pages."""
    if by == "length" and as_read and not kept:
        size = int(key)
        return {"min": (1 << size) if size else 0, "max": (2 << size) - 1}
    if (by == "domain" and key) or (by == "language" and key and has.tells_language(kept)):
        return {by: key}
    return None if by else {}
