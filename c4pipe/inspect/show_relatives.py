"""Clusters of linked pages, and what earlier corpora had, as lines of a terminal."""

from __future__ import annotations

from typing import Any

from c4pipe.corpus.telling import COMPARED
from c4pipe.inspect.terminal import Screen, StyledText, bar
from c4pipe.text import many, percent

RELATIVE_ROWS = 10  # of months and domains; --json has all of them


def show_relatives(screen: Screen, facts: dict[str, Any]) -> None:
    """Prints nothing for a corpus that has neither."""
    for found in facts["clusters"]:
        _clusters(screen, found)
    if facts["earlier"]:
        _earlier(screen, facts["earlier"])


def _clusters(screen: Screen, found: dict[str, Any]) -> None:
    screen.head("Clusters", f"linked pages at stage {found['stage']}; one of each group stays")
    rows = [("1", found["alone"], found["alone"])] if found["alone"] is not None else []
    rows += [(_size(row["from"], row["to"]), row["clusters"], row["pages"]) for row in found["sizes"]]
    total = sum(pages for _, _, pages in rows) or 1
    table: list[list[StyledText]] = [[(name, "dim") for name in ("pages", "clusters", "share of pages", "")]]
    table += [[size, f"{count:,}", percent(pages, total), (bar(pages / total), "green")] for size, count, pages in rows]
    screen.table(table, ">>><")
    if shown := found.get("shown"):
        part = "" if found["complete"] else ", of a sample"
        screen.say(
            (
                f"  the largest{part}: the page that stays, how many were dropped for it, and its code as their owner",
                "dim",
            )
        )
        screen.table([[row["url"] or "(no kept page here)", f"{row['fell']:,}", row["owner"]] for row in shown], "<><")
        members = f"select url from rejected where list_contains([d.owner for d in dropped], '{shown[0]['owner']}')"
        screen.say((f'  which ones, if the table has them: --sql "{members}"', "dim"))


def _size(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _earlier(screen: Screen, found: dict[str, Any]) -> None:
    screen.head("In earlier corpora", f"{found['old']:,} of {many(found['came'], 'page')} ({percent(found['share'])})")
    screen.say((f"  of the pages {COMPARED}", "dim"))
    for row in found["corpora"]:
        screen.say(f"  {row['path']}", (f"  {row['preset']}, {row['keys']}, {row['sha256'][:16]}…", "dim"))
    rows: list[list[StyledText]] = [[row["stage"], f"{row['pages']:,}", "pages"] for row in found["pages"]]
    rows += [[row["stage"], f"{row['parts']:,}", "parts of text of other pages"] for row in found["parts"]]
    screen.table(rows, "<><")
    months = {row["month"] for row in sorted(found["months"], key=lambda row: -row["came"])[:RELATIVE_ROWS]}
    _shares(screen, [row for row in found["months"] if row["month"] in months], "month", len(found["months"]))
    domains = [row for row in found["domains"] if row["old"]]
    _shares(screen, domains[:RELATIVE_ROWS], "domain", len(domains))


def _shares(screen: Screen, rows: list[dict[str, Any]], what: str, total: int) -> None:
    table: list[list[StyledText]] = [
        [
            row[what] or f"no {'date' if what == 'month' else 'URL'}",
            f"{row['old']:,}",
            f"of {row['came']:,}",
            percent(row["share"]),
            (bar(row["share"]), "blue"),
        ]
        for row in rows
    ]
    screen.table(table, "<>>><")
    if total > len(rows):
        screen.say((f"  ... and {total - len(rows):,} more; --json has all", "dim"))
