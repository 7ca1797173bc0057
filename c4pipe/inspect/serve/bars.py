"""A bar chart of a query result that has one text and up to `MOST_AMOUNTS` numbers per row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Any, NamedTuple

from c4pipe.text import printable

MOST_BARS = 30  # rows
MOST_AMOUNTS = 3  # columns of numbers drawn side by side
LABEL_CHARS = 28  # of a label


class BarAmount(NamedTuple):
    """A number of a row."""

    text: str
    percent: float  # of the largest in its column, which has a full bar


class Bar(NamedTuple):
    """A row of the chart."""

    label: str
    amounts: list[BarAmount]  # one per column of numbers


class BarChart(NamedTuple):
    """Bars in the order of the rows."""

    title: str
    names: list[str]  # of the columns of numbers
    bars: list[Bar]


def bar_chart(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], more: bool = False, of: str = ""
) -> BarChart | None:
    """The first number columns by the only text column; None for any other kind of result.

    `more`: there are further rows. `of`: what the numbers cover, if not everything.
    """
    texts = [at for at, _ in enumerate(columns) if all(isinstance(row[at], str | date | None) for row in rows)]
    numbers = [
        at for at, _ in enumerate(columns) if at not in texts and all(map(_is_amount, (row[at] for row in rows)))
    ]
    if len(rows) < 2 or len(texts) != 1 or not numbers or len(texts) + len(numbers) != len(columns):
        return None
    shown, drawn = rows[:MOST_BARS], numbers[:MOST_AMOUNTS]
    most = [max(float(row[at] or 0) for row in shown) or 1.0 for at in drawn]
    bars = [
        Bar(
            _label(row[texts[0]]),
            [
                BarAmount(_amount(row[at]), round(100 * float(row[at] or 0) / longest, 2))
                for at, longest in zip(drawn, most, strict=True)
            ],
        )
        for row in shown
    ]
    names = [printable(columns[at]) for at in drawn]
    whole = len(shown) == len(rows) and not more
    title = f"{' and '.join(names)} by {printable(columns[texts[0]])}{of}"
    return BarChart(title if whole else f"{title}, the first {len(shown)} rows", names, bars)


def _is_amount(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool) and isfinite(value) and value >= 0


def _label(value: Any) -> str:
    text = " ".join(printable("(none)" if value is None or value == "" else str(value)).split())
    return text if len(text) <= LABEL_CHARS else f"{text[: LABEL_CHARS - 1]}…"


def _amount(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:,}" if isinstance(value, int) else f"{float(value):,.4g}"
