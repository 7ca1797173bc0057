"""The results for people: Markdown tables, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.gpu.cases import FAILED, Row
from bench.gpu.sections import SECTIONS, TRAINING, Ended


def told(found: Mapping[str, Ended], device: str, minutes: float) -> str:
    """All sections in order, then what was left out and what failed."""
    parts = [f"# {device}"]
    titles = {name: section.title for name, section in SECTIONS.items()}
    titles[TRAINING] = f"The trainer, until minute {minutes:g} of all"
    for name, title in titles.items():
        if name in found and (rows := [row for row in found[name].rows if FAILED not in row]):
            parts.append(f"## {title}\n\n{markdown(rows)}")
    missing = [f"* {name}: {ended.how}" for name, ended in found.items() if not ended.whole]
    for name, ended in found.items():
        missing += [f"* {name}, {_name(row)}: {row[FAILED]}" for row in ended.rows if FAILED in row]
    if missing:
        parts.append("## Not measured\n\n" + "\n".join(missing))
    return "\n\n".join(parts) + "\n"


def markdown(rows: Sequence[Row]) -> str:
    """A table of all columns of any row, in order of first appearance.

    >>> print(markdown([{"case": "bf16", "s/step": 0.5}, {"case": "fp32", "GiB": 71.25}]))
    | case | s/step |   GiB |
    | :--- | -----: | ----: |
    | bf16 |    0.5 |       |
    | fp32 |        | 71.25 |
    """
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [columns, *([_cell(row.get(column, "")) for column in columns] for row in rows)]
    words = {i for i, column in enumerate(columns) if any(isinstance(row.get(column), str) for row in rows)}
    widths = [max(3, *(len(line[i]) for line in cells)) for i in range(len(columns))]

    def line(texts: Sequence[str]) -> str:
        aligned = (
            text.ljust(w) if i in words else text.rjust(w)
            for i, (text, w) in enumerate(zip(texts, widths, strict=True))
        )
        return f"| {' | '.join(aligned)} |"

    rule = [":" + "-" * (w - 1) if i in words else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    return "\n".join([line(columns), line(rule), *map(line, cells[1:])])


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _name(row: Row) -> str:
    return ", ".join(str(value) for key, value in row.items() if key != FAILED and isinstance(value, str))
