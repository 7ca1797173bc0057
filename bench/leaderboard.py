"""The leaderboard: what each bench measured, when and at which commit, with all earlier measurements.

    python -m bench.leaderboard [--write] [RESULTS.json...]    # default: those in bench/results/

Without `--write` it prints the new docs/reference/leaderboard.md. That file is the only record: its rows stay,
including manual ones, and a measurement of the same metric at the same commit on the same day replaces the earlier one.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.competitors import OURS
from bench.outside import ROOT

LEADERBOARD = ROOT / "docs" / "reference" / "leaderboard.md"
HEAD = """\
# The leaderboard

What `make bench` and its like measured, the latest first in each metric; nothing is taken out. Absolute times are those
of the machine and of the hour: machines here are shared, and the same commit may be a third slower an hour later.
Ratios were measured in one run, alternately. What was tried and dropped is in
[what did not pay](../explanation/what-did-not-pay.md).

`python -m bench.leaderboard --write` adds what lies in `bench/results/`. Rows of before 30 November 2026 were put in by
hand, with the commit that wrote their numbers down.

"""
BUILDS = re.compile(rf"{OURS} (reader|[\w.]+(, \d+ workers)?)")


class Entry(NamedTuple):
    """A row of the table."""

    metric: str
    value: str
    date: str  # YYYY-MM-DD
    commit: str
    command: str
    on: str  # the input
    machine: str

    @property
    def same(self) -> tuple[str, ...]:
        """The key by which a later measurement replaces this one."""
        return self.metric, self.date, self.commit, self.on, self.machine

    def row(self) -> str:
        return f"| {' | '.join(cell.replace('|', '/') for cell in self)} |"


COLUMNS = Entry("metric", "value", "date", "commit", "command", "input", "machine")


# --- from results ---------------------------------------------------------------------------------------------------


def of_builds(results: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(metric, value) of `bench.build`."""
    for name, cost in results["costs"].items():
        if BUILDS.fullmatch(name):
            if cost["net_ms_per_page"] is not None:
                yield f"{name}, CPU ms a page, net", f"{cost['net_ms_per_page']:.3f}"
            yield f"{name}, CPU ms a page, all in", f"{cost['ms_per_page']:.3f}"
            yield f"{name}, start-up, CPU s", f"{cost['start']:.1f}"
            yield f"{name}, peak MiB", f"{cost['rss']:.0f}"
    for rival, against in results["ratios"].items():
        for name, times in against.items():
            if times["net"] is not None:
                yield f"{rival}, times the CPU of {name}, net", f"{times['net']:.2f}"


def of_ways(results: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The same for `bench.parts` and `bench.compiled`: the time of ours, and the speed of each other way relative to a
    part's first way.
    """
    firsts: dict[str, str] = {}
    for row in results["rows"]:
        first = firsts.setdefault(row["part"], row["way"])
        if row["way"].startswith(OURS):
            yield f"{row['part']}: {row['way']}, CPU µs each", f"{row['micros']:.1f}"
        if row["way"] != first:
            yield f"{row['part']}: {row['way']}, times the speed of {first}", f"{row['times']:.2f}"


SOURCES: dict[str, tuple[str, Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]]]] = {
    "bench.json": ("python -m bench.build", of_builds),
    "compiled.json": ("python -m bench.compiled", of_ways),
    "parts.json": ("python -m bench.parts", of_ways),
}


def entries(path: Path) -> list[Entry]:
    """The entries of a file of results. Exits on one that no bench here writes, or that has no date."""
    if path.name not in SOURCES:
        raise SystemExit(f"leaderboard: {path}: named like none of {', '.join(SOURCES)}, whose numbers are known here.")
    results = json.loads(path.read_bytes())
    if "date" not in results:
        raise SystemExit(f"leaderboard: {path}: says no date, so an older bench wrote it. Measure again.")
    command, metrics = SOURCES[path.name]
    machine = results["machine"]
    pages = results["inputs"]["pages"] if "inputs" in results else results["pages"]
    where = f"{machine['cores']} cores, {machine['cpu']}"
    return [
        Entry(metric, value, results["date"], results["commit"], f"`{command}`", f"{pages:,} pages", where)
        for metric, value in metrics(results)
    ]


# --- the file -------------------------------------------------------------------------------------------------------


def recorded(text: str) -> list[Entry]:
    """The rows of a leaderboard. Exits on a malformed one."""
    found = []
    for line in text.splitlines():
        if line.startswith("|") and line not in (COLUMNS.row(), RULE):
            cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
            if len(cells) != len(COLUMNS):
                raise SystemExit(f"leaderboard: {len(cells)} cells where {len(COLUMNS)} belong: {line[:100]}")
            found.append(Entry(*cells))
    return found


RULE = f"|{'|'.join([' --- '] * len(COLUMNS))}|"


def merged(old: Sequence[Entry], new: Sequence[Entry]) -> list[Entry]:
    """All entries by metric, in order of first appearance, the latest day first."""
    by_what = {entry.same: entry for entry in [*old, *new]}
    metrics = [*dict.fromkeys(entry.metric for entry in [*old, *new])]
    latest = sorted(by_what.values(), key=lambda entry: entry.date, reverse=True)
    return sorted(latest, key=lambda entry: metrics.index(entry.metric))


def page(rows: Sequence[Entry]) -> str:
    """The whole file."""
    return HEAD + "\n".join([COLUMNS.row(), RULE, *(entry.row() for entry in rows)]) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the leaderboard with the new measurements, or writes it."""
    parser = argparse.ArgumentParser(prog="python -m bench.leaderboard", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("results", nargs="*", type=Path, metavar="RESULTS.json", help="default: all in bench/results/")
    parser.add_argument("--write", action="store_true", help=f"into {LEADERBOARD.relative_to(ROOT)}")
    parser.add_argument("--file", type=Path, default=LEADERBOARD, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    paths = args.results or [path for name in SOURCES if (path := ROOT / "bench" / "results" / name).exists()]
    if missing := [str(path) for path in paths if not path.is_file()]:
        parser.error(f"no such file: {', '.join(missing)}")
    old = recorded(args.file.read_text(encoding="utf-8")) if args.file.exists() else []
    text = page(merged(old, [entry for path in paths for entry in entries(path)]))
    if args.write:
        args.file.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
