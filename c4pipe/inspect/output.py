"""Facts for scripts: as JSON, as CSV. Both are safe to print: they contain no control characters and no formulas."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from c4pipe.text import defused, visible


def to_plain(value: Any) -> Any:
    """What JSON can represent: named tuples as objects, NaN and infinities as null, dates and the like as text.

    >>> to_plain({1: (b"\\xff", float("nan"))})
    {'1': ['ff', None]}
    """
    match value:
        case dict():
            return {str(key): to_plain(item) for key, item in value.items()}
        case tuple() if hasattr(value, "_asdict"):
            return to_plain(value._asdict())
        case list() | tuple() | set():
            return [to_plain(item) for item in value]
        case None | bool() | int() | str():
            return value
        case Decimal() | float():
            return float(value) if math.isfinite(value) else None
        case bytes():
            return value.hex()
    return str(value)


def json_text(facts: Any) -> str:
    """Indented, in ASCII: other characters are escaped as in JSON."""
    return json.dumps(facts, indent=2, allow_nan=False).replace("\x7f", "\\u007f")


def to_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """One line per row, the names first. Texts are escaped, so a line break in one is `\n`; a null is empty."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(map(_cell, columns))
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return sink.getvalue()


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    return defused(visible(as_text(value)))


def as_text(value: Any) -> str:
    """A cell of a table: a nested value as JSON, bytes in hexadecimal digits."""
    if isinstance(value, dict | list):
        return json.dumps(to_plain(value), ensure_ascii=False)
    return value.hex() if isinstance(value, bytes) else str(value)
