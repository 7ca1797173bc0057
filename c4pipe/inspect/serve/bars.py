"""A bar chart of an answer that has one text and a number for each row, as SVG that a template draws."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Any, NamedTuple

from c4pipe.text import printable

MOST_BARS = 30
LABEL_CHARS = 28  # of a label
BAR_ROW, BAR_LEFT, WIDEST_BAR = 24, 220, 360  # pixels: the height of a row, where bars begin, the longest bar


class Bar(NamedTuple):
    """A row of the chart."""

    label: str
    amount: str
    width: float  # pixels
    y: int  # pixels from the top


class BarChart(NamedTuple):
    """Bars in the order of the rows."""

    title: str
    bars: list[Bar]
    height: int  # pixels


def bar_chart(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], more: bool = False, of: str = ""
) -> BarChart | None:
    """The first number column by the only text column; None where the answer is not of that kind.

    `more`: there are rows that are not given. `of`: what the numbers are of, where that is not all.
    """
    texts = [at for at, _ in enumerate(columns) if all(isinstance(row[at], str | date | None) for row in rows)]
    numbers = [
        at for at, _ in enumerate(columns) if at not in texts and all(map(_is_amount, (row[at] for row in rows)))
    ]
    if len(rows) < 2 or len(texts) != 1 or not numbers or len(texts) + len(numbers) != len(columns):
        return None
    text, number = texts[0], numbers[0]
    shown = rows[:MOST_BARS]
    most = max(float(row[number] or 0) for row in shown) or 1.0
    bars = [
        Bar(
            _label(row[text]), _amount(row[number]), round(WIDEST_BAR * float(row[number] or 0) / most, 1), at * BAR_ROW
        )
        for at, row in enumerate(shown)
    ]
    whole = len(shown) == len(rows) and not more
    title = f"{printable(columns[number])} by {printable(columns[text])}{of}"
    return BarChart(title if whole else f"{title}, the first {len(shown)} rows", bars, len(bars) * BAR_ROW)


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
