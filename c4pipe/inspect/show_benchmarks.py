"""Benchmark items as lines of a terminal: how many of each benchmark a corpus contains, and which are in a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from c4pipe.benchmarks import ROLES
from c4pipe.inspect.terminal import Screen, StyledText, bar, shorten
from c4pipe.text import many, percent

BENCHMARK_ROWS = 20  # of a corpus; --json has all


def show_benchmarks(screen: Screen, rows: Sequence[dict[str, Any]]) -> None:
    """Prints nothing for a corpus that was not searched for any."""
    if not rows:
        return
    screen.head("Test items of benchmarks", "an item counts once, however many pages contain it")
    table: list[list[StyledText]] = [
        [(name, "dim") for name in ("task", "items", "found", "share", "", "pages", *(f"{role}s" for role in ROLES))]
    ]
    for row in rows[:BENCHMARK_ROWS]:
        counts = (f"{row[role]:,}" for role in ROLES)
        found: list[StyledText] = [f"{row['found']:,}", percent(row["share"]), (bar(row["share"]), "yellow")]
        table.append([row["task"], f"{row['items']:,}", *found, f"{row['pages']:,}", *counts])
    screen.table(table, "<>>><>>>>")
    if (left := len(rows) - BENCHMARK_ROWS) > 0:
        screen.say((f"  ... and {left:,} more; --json has all", "dim"))
    if short := sum(row["items"] - row["searched"] for row in rows):
        screen.say((f"  {many(short, 'item')} had no text long enough to search for", "dim"))


def show_items(screen: Screen, items: Sequence[dict[str, Any]]) -> None:
    """Those of one page, each with the words in which it was found."""
    if not items:
        return
    screen.head("Test items", "line of the benchmark's file, and the words of the page that are its own")
    rows: list[list[StyledText]] = [
        [
            f"{item['task']} {item['item']:,}",
            item["role"],
            percent(item["share"]),
            (shorten(item["words"], screen.width), "yellow"),
        ]
        for item in items
    ]
    screen.table(rows, "<<><")
