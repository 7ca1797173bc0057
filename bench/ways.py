"""Several ways to one result, alternating: the cost of each, and whether the results agree.

Part --run--> a Row for each way --table--> lines to print
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Way = Callable[[], Any]  # one pass over the pages of a part; what it returns is its result


class Timed(NamedTuple):
    """A result with its time, measured elsewhere."""

    cpu: float  # seconds
    result: Any


class Part(NamedTuple):
    """Ways to one result. The first one is the baseline."""

    name: str
    n: int  # pages or texts in a pass
    ways: dict[str, Way]
    judges: bool = False  # whether the later ways may have other results


class Row(NamedTuple):
    """The measurements of one way."""

    part: str
    way: str
    n: int
    micros: float  # CPU microseconds per page or text, the median of the rounds
    times: float  # speed relative to the first way: the median of the rounds' ratios
    agrees: float  # share of results equal to the first way's


def run(part: Part, rounds: int) -> list[Row]:
    """Every way in each round, in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in part.ways}
    agrees = {}
    for _ in range(rounds):
        expected = None
        for name, way in part.ways.items():
            started = time.process_time()
            result = way()
            cpu = time.process_time() - started
            if isinstance(result, Timed):
                cpu, result = result
            seconds[name].append(cpu)
            expected = result if expected is None else expected
            agrees[name] = agreement(expected, result)
    [first, *_] = seconds.values()
    return [
        Row(
            part.name,
            name,
            part.n,
            statistics.median(mine) / part.n * 1e6,
            statistics.median(a / b for a, b in zip(first, mine, strict=True)),
            agrees[name],
        )
        for name, mine in seconds.items()
    ]


def agreement(expected: Any, result: Any) -> float:
    """1 if equal; for lists of equal length, the share of equal entries."""
    if expected == result or not isinstance(result, list) or len(result) != len(expected):
        return float(expected == result)
    return float(sum(a == b for a, b in zip(expected, result, strict=True)) / len(result))


def table(rows: Sequence[Row], header: bool) -> str:
    """One line per way."""
    text = [f"{'part':<24} {'way':<24} {'n':>7} {'µs each':>10} {'times':>7} {'same':>7}"] if header else []
    for row in rows:
        text.append(
            f"{row.part:<24} {row.way:<24} {row.n:>7,} {row.micros:>10,.1f} {row.times:>7.1f} {row.agrees:>7.1%}"
        )
    return "\n".join(text)
