"""What differs between the texts that two corpora keep of one page, line by line."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import NamedTuple

MOST_DIFF_LINES = 40  # shown of a page
MOST_LINE_CHARS = 400  # shown of a line
MOST_COMPARED = 1_000  # lines; `difflib` takes the square of them, and what stands behind them is not shown


class DiffLine(NamedTuple):
    """A line of a page in both corpora."""

    mark: str  # " " in both, "-" in the first only, "+" in the second only, "…" where lines are left out
    text: str
    code: str = ""  # the reason for which the other corpus cut it, where that is recorded


def diff(
    a: str, b: str, cut_a: Sequence[tuple[str, str]] = (), cut_b: Sequence[tuple[str, str]] = ()
) -> list[DiffLine]:
    """The lines that differ between two texts, each with a line around it, at most `MOST_DIFF_LINES`.

    A line of one text that the other corpus is known to have cut, whole or a sentence of it, has its reason.
    """
    first, second = a.split("\n")[:MOST_COMPARED] if a else [], b.split("\n")[:MOST_COMPARED] if b else []
    lines: list[DiffLine] = []
    for number, group in enumerate(difflib.SequenceMatcher(None, first, second).get_grouped_opcodes(1)):
        if number:
            lines.append(DiffLine("…", ""))
        for kind, i, j, k, m in group:
            if kind == "equal":
                lines += [DiffLine(" ", line) for line in first[i:j]]
            else:
                lines += [DiffLine("-", line, _code(line, cut_b)) for line in first[i:j]]
                lines += [DiffLine("+", line, _code(line, cut_a)) for line in second[k:m]]
    short = [line._replace(text=_short(line.text)) for line in lines[:MOST_DIFF_LINES]]
    return [*short, DiffLine("…", "")] if len(lines) > MOST_DIFF_LINES else short


def _code(line: str, cut: Sequence[tuple[str, str]]) -> str:
    """Why the line was cut: as a whole, else a sentence of it."""
    stripped = line.strip()
    whole = next((code for code, text in cut if text.strip() == stripped), "")
    return whole or next((code for code, text in cut if text and text in line), "")


def _short(text: str) -> str:
    return text if len(text) <= MOST_LINE_CHARS else f"{text[:MOST_LINE_CHARS]}…"
