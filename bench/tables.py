"""The tables of `make bench`, from its JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.inputs import Inputs
from bench.runs import Cost, Run, Times


def table(rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as their widest cell: the first left, the others right."""
    kept = list(rows)
    widths = [max(len(row[i]) for row in kept) for i in range(len(kept[0]))]
    lines = []
    for row in kept:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def cost_table(title: str, costs: Mapping[str, Cost], long: Inputs, short: Inputs) -> str:
    """One row per competitor: the cost of the whole process, and per page without start-up."""
    rows = [(title, "wall s", "CPU s", "pages/s", "text MB/s", "gz MB/s", "ms/page", "start s", "net ms/page", "MiB")]
    for name, cost in costs.items():
        rows.append(
            (
                name,
                f"{cost.wall:.1f}",
                f"{cost.cpu:.1f}",
                f"{long.pages / cost.wall:,.0f}",
                f"{long.text / cost.wall / 1e6:.1f}",
                f"{long.packed / cost.wall / 1e6:.1f}",
                f"{1000 * cost.cpu / long.pages:.3f}",
                f"{cost.start:.1f}",
                number(net_per_page(cost, long, short), 3),
                f"{cost.rss:,.0f}",
            )
        )
    return table(rows)


def number(value: float | None, digits: int) -> str:
    """A number, or a dash if there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def net_per_page(cost: Cost, long: Inputs, short: Inputs) -> float | None:
    """CPU milliseconds per page, for the pages that only the long run had."""
    return None if cost.net_cpu is None else 1000 * cost.net_cpu / (long.pages - short.pages)


def ratio_table(ratios: Mapping[str, Mapping[str, Times]]) -> str:
    """{rival: {ours: times}}: how many times our CPU seconds a rival needs."""
    ours = list(next(iter(ratios.values())))
    rows: list[Sequence[str]] = [("times the CPU of", *(f"{name}{net}" for name in ours for net in ("", ", net")))]
    for rival, against in ratios.items():
        rows.append((rival, *(number(value, 2) for name in ours for value in against[name])))
    return table(rows)


def skipped_lines(skipped: Mapping[str, str]) -> str:
    """The competitors that did not run, and why."""
    return "\n".join(f"skipped: {name}: {reason}" for name, reason in skipped.items())


def stage_table(stages: Mapping[str, Mapping[str, Any]]) -> str:
    """{build: {"ms_per_page": of the whole process, "shares": {stage: share}}} as shares and milliseconds a page."""
    names = dict.fromkeys(name for build in stages.values() for name in build["shares"])
    head = ["stage", *(cell for name in stages for cell in (name, "ms/page"))]
    rows: list[Sequence[str]] = [head]
    for stage in names:
        row = [stage]
        for build in stages.values():
            share = build["shares"].get(stage, 0.0)
            row += [f"{share:.1%}", f"{share * build['ms_per_page']:.3f}"]
        rows.append(row)
    return table(rows)


def growth_table(grown: Mapping[int, Run], lines: Mapping[int, int], apart: Mapping[int, float]) -> str:
    """One row per size: time, memory, the spread of two runs, and the memory per additional kept line since the size
    before.
    """
    head = ("c4pipe en, pages", "wall s", "CPU s", "ms/page", "kept lines", "MiB", "apart", "bytes a line more")
    rows: list[Sequence[str]] = [head]
    before: int | None = None
    for pages, run in grown.items():
        more = "" if before is None else f"{bytes_a_line(grown, lines, before, pages):,.0f}"
        cells = (f"{run.wall:.1f}", f"{run.cpu:.1f}", f"{1000 * run.cpu / pages:.3f}", f"{lines[pages]:,}")
        rows.append((f"{pages:,}", *cells, f"{run.rss:,.0f}", f"{apart[pages]:.1%}", more))
        before = pages
    return table(rows)


def workers_table(grown: Mapping[int, Run], pages: int) -> str:
    """One row per number of workers: time, memory, and memory per additional worker."""
    rows: list[Sequence[str]] = [(f"workers, {pages:,} pages", "wall s", "CPU s", "MiB", "MiB a worker more")]
    before: tuple[int, Run] | None = None
    for number, run in grown.items():
        more = "" if before is None else f"{(run.rss - before[1].rss) / (number - before[0]):,.0f}"
        rows.append((str(number), f"{run.wall:.1f}", f"{run.cpu:.1f}", f"{run.rss:,.0f}", more))
        before = number, run
    return table(rows)


def bytes_a_line(grown: Mapping[int, Run], lines: Mapping[int, int], small: int, large: int) -> float:
    """Bytes of peak memory per additional kept line of the larger build."""
    return (grown[large].rss - grown[small].rss) * 2**20 / (lines[large] - lines[small])
