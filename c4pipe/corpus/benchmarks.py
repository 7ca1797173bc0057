"""How much of each benchmark occurs in a corpus, for stats.json, summaries, cards and reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from c4pipe.benchmarks import ROLES
from c4pipe.corpus.stats import Stats
from c4pipe.text import many, percent

TASKS_TOLD = 10  # most tasks that a summary names


def items_found(stats: Stats, totals: Mapping[str, tuple[int, int]]) -> dict[str, dict[str, int]]:
    """By task: its `items`, those that could be `searched` for, those `found` (each counted once over all pages), how
    many of these by role, and the `pages` that hold any. `totals` are the first two numbers.

    >>> stats = Stats()
    >>> stats.tasks["rte"], stats.items["rte question 7"] = 3, 3
    >>> items_found(stats, {"rte": (10, 9)})
    {'rte': {'items': 10, 'searched': 9, 'found': 1, 'question': 1, 'answer': 0, 'passage': 0, 'pages': 3}}
    """
    lines: dict[tuple[str, str], set[str]] = {}
    for key in stats.items:
        task, role, line = key.split(" ")
        lines.setdefault((task, role), set()).add(line)
    return {
        task: {
            "items": items,
            "searched": searched,
            "found": len(set().union(*(lines.get((task, role), ()) for role in ROLES))),
            **{role: len(lines.get((task, role), ())) for role in ROLES},
            "pages": stats.tasks[task],
        }
        for task, (items, searched) in totals.items()
    }


def by_share(found: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """The same as rows with `task` and `share`, of all items: the largest share first."""
    rows = [{"task": task, **row, "share": row["found"] / row["items"]} for task, row in found.items()]
    return sorted(rows, key=lambda row: (-row["share"], row["task"]))


def items_told(stats: Mapping[str, Any]) -> Iterator[str]:
    """A line on the benchmarks that a corpus was searched for, from stats.json; none if it was not searched."""
    rows = by_share(stats.get("benchmarks") or {})
    if not rows:
        return
    found = [row for row in rows if row["found"]]
    told = [
        f"{row['task']} {row['found']:,} of {row['items']:,} ({percent(row['share'])}) in {many(row['pages'], 'page')}"
        for row in found[:TASKS_TOLD]
    ]
    more = [f"and {len(found) - TASKS_TOLD:,} more"] if len(found) > TASKS_TOLD else []
    none = [f"none of {many(len(rows) - len(found), 'other benchmark' if found else 'benchmark')}"]
    yield "test items: " + ", ".join([*told, *more, *(none if len(found) < len(rows) else [])])
