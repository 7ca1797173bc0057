"""Shares of reproduced passages, by their number of occurrences in the crawl and by how often they were read."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from math import sqrt
from typing import NamedTuple

from c4pipe.shards.passages import BUCKETS_A_DOUBLING, bucket_of

Z95 = 1.959964  # quantile of the normal distribution at 97.5 %
BY = ("copies", "readings")


class AskedPassage(NamedTuple):
    """The result of a run for a passage: a row of asked.csv."""

    run: str
    key: int
    copies: int  # in the crawl or the first corpus; 0 if in no corpus
    here: int  # in the run's own corpus
    readings: int  # how often the run began to read a page with it; -1 if unknown
    asked: int  # tokens
    right: int
    whole: int  # 1 if all were reproduced


class CurvePoint(NamedTuple):
    """A row of curve.csv."""

    run: str
    by: str  # of BY
    low: int  # the smallest value of the bucket, 0 for passages in no corpus
    high: int  # the largest
    passages: int
    whole: int
    share: float
    share_low: float  # the bounds of a 95 % interval, see `wilson`
    share_high: float
    tokens: float  # share of tokens reproduced


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """Bounds of the 95 % interval of a share by Wilson's score, which holds for few trials and for shares of 0 and 1.

    >>> [round(bound, 3) for bound in wilson(0, 10)], [round(bound, 3) for bound in wilson(5, 10)]
    ([0.0, 0.278], [0.237, 0.763])
    """
    if not trials:
        return 0.0, 1.0
    share, weight = hits / trials, Z95**2 / trials
    middle = share + weight / 2
    spread = Z95 * sqrt(share * (1 - share) / trials + weight / (4 * trials))
    return max(0.0, (middle - spread) / (1 + weight)), min(1.0, (middle + spread) / (1 + weight))


def points(rows: Iterable[AskedPassage]) -> list[CurvePoint]:
    """The curves of all runs: one point per bucket with passages."""
    found: dict[tuple[str, str, int], list[AskedPassage]] = defaultdict(list)
    order: dict[str, int] = {}
    for row in rows:
        order.setdefault(row.run, len(order))
        for by in BY:
            value = getattr(row, by)
            if value >= 0:
                found[row.run, by, bucket_of(value) if value else -1].append(row)
    keys = sorted(found, key=lambda key: (order[key[0]], BY.index(key[1]), key[2]))
    return [_point(run, by, bucket, found[run, by, bucket]) for run, by, bucket in keys]


def _point(run: str, by: str, bucket: int, rows: Sequence[AskedPassage]) -> CurvePoint:
    whole, asked = sum(row.whole for row in rows), sum(row.asked for row in rows)
    bounds = wilson(whole, len(rows))
    tokens = sum(row.right for row in rows) / asked if asked else 0.0
    return CurvePoint(run, by, *_limits(bucket), len(rows), whole, whole / len(rows), *bounds, tokens)


def _limits(bucket: int) -> tuple[int, int]:
    """The smallest and largest integer of a bucket."""
    if bucket < 0:
        return 0, 0
    low = round(2 ** (bucket / BUCKETS_A_DOUBLING))
    while bucket_of(low) < bucket:
        low += 1
    high = low
    while bucket_of(high + 1) == bucket:
        high += 1
    return low, high


def csv_table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table with its header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([f"{value:.6g}" if isinstance(value, float) else value for value in row] for row in rows)
    return out.getvalue().encode()


def curve_markdown(found: Sequence[CurvePoint], by: str, named: Callable[[str], str] = str) -> str:
    """A table with one row per bucket and one column per run: reproduced passages, all passages, and the interval."""
    mine = [point for point in found if point.by == by]
    runs = list(dict.fromkeys(point.run for point in mine))
    at = {(point.run, point.low): point for point in mine}
    lines = [f"| {by} | {' | '.join(map(named, runs))} |", f"| --- |{' --- |' * len(runs)}"]
    for low, high in sorted({(point.low, point.high) for point in mine}):
        cells = [_cell(at.get((run, low))) for run in runs]
        label = "none" if not low else f"{low:,}" if low == high else f"{low:,} to {high:,}"
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(point: CurvePoint | None) -> str:
    if point is None:
        return ""
    return (
        f"{point.whole:,} of {point.passages:,}, {point.share:.1%} ({point.share_low:.1%} to {point.share_high:.1%}); "
        f"{point.tokens:.0%} of tokens"
    )
