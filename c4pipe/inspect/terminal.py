"""Output for a terminal or a pipe: lines, columns, bars. Crawled text can never control a terminal.

Colours are for terminals only; a pipe gets plain text. Every piece passes through `visible`, so no line contains a
control character, whatever was crawled.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from c4pipe.text import visible

PIPE_WIDTH = 120  # if the output is not a terminal
BAR_WIDTH = 24  # characters of a full bar
EIGHTHS = " ▏▎▍▌▋▊▉"

StyledText = str | tuple[str, str]  # text, or text and its style


def cells(text: str) -> int:
    """How many columns of a terminal the text takes: two for a Chinese character, none for an accent."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def shorten(text: str, width: int) -> str:
    """The text, escaped, in at most so many columns; "…" at the end if it was cut."""
    shown = visible(text[: 4 * width + 1])  # marks take no column, but a text of marks alone must end, too
    if cells(shown) <= width and len(text) <= 4 * width:
        return shown
    while shown and cells(shown) > width - 1:
        shown = shown[: -max(1, (cells(shown) - width) // 2)]
    return shown + "…" if width else ""


def bar(share: float, width: int = BAR_WIDTH) -> str:
    """A bar for a share from 0 to 1, exact to an eighth of a column; never empty unless the share is 0."""
    eighths = min(8 * width, max(round(8 * width * share), int(share > 0)))
    return ("█" * (eighths // 8) + EIGHTHS[eighths % 8]).rstrip()


class Screen:
    """The target of lines. `width` is that of the terminal, or the given one."""

    def __init__(self, stream: TextIO, width: int | None = None):
        self._stream = stream
        self._console = None
        self.terminal = stream.isatty()
        self.width = width or (_columns(stream) if self.terminal else PIPE_WIDTH)
        if self.terminal:
            from rich.console import Console

            self._console = Console(file=stream, highlight=False, markup=False, emoji=False)

    def say(self, *parts: StyledText) -> None:
        """One line."""
        pairs = [(part, "") if isinstance(part, str) else part for part in parts]
        shown = [(visible(text), style) for text, style in pairs if text]
        if self._console is None:
            self._stream.write("".join(text for text, _ in shown).rstrip() + "\n")
            return
        from rich.text import Text

        self._console.print(Text.assemble(*shown), soft_wrap=True)

    def head(self, words: str, more: str = "") -> None:
        """The title of a section, after a blank line."""
        self.say()
        self.say((words, "bold"), (f"  {more}" if more else "", "dim"))

    def table(self, rows: Iterable[Sequence[StyledText]], align: str, indent: int = 2) -> None:
        """Rows in columns, `align` a "<" or ">" for each; the widest columns are shortened until they fit.

        Rows may have one more cell: it follows in full.
        """
        table = list(rows)
        lines = laid_out([row[: len(align)] for row in table], align, self.width - indent)
        for row, line in zip(table, lines, strict=True):
            self.say(" " * indent, *line, *(part for cell in row[len(align) :] for part in ("  ", cell)))


def laid_out(rows: Sequence[Sequence[StyledText]], align: str, width: int) -> Iterator[list[StyledText]]:
    """The rows as lines of at most `width` columns, two blanks between the cells.

    >>> list(laid_out([["few_words", "1,234"], ["policy", "7"]], "<>", 40))
    [[('few_words', ''), '  ', ('1,234', '')], [('policy   ', ''), '  ', ('    7', '')]]
    """
    table = [[(cell, "") if isinstance(cell, str) else cell for cell in row] for row in rows]
    shown = [[(shorten(text, width), style) for text, style in row] for row in table]
    widest = [max((cells(row[i][0]) for row in shown if i < len(row)), default=0) for i in range(len(align))]
    widths = fit(widest, width - 2 * (len(align) - 1))
    for row in shown:
        line: list[StyledText] = []
        for (text, style), side, room in zip(row, align, widths, strict=False):
            cut = shorten(text, room)
            blanks = " " * (room - cells(cut))
            line += ["  "] if line else []
            line.append((blanks + cut if side == ">" else cut + blanks, style))
        yield line


def fit(widths: Sequence[int], room: int) -> list[int]:
    """The widths with the largest reduced to one size, so that together they fit.

    >>> fit([5, 80, 40], 65)
    [5, 30, 30]
    """
    most = max(widths, default=0)
    while most > 1 and sum(min(width, most) for width in widths) > room:
        most -= 1
    return [min(width, most) for width in widths]


def _columns(stream: TextIO) -> int:
    try:
        return max(40, os.get_terminal_size(stream.fileno()).columns)
    except (OSError, ValueError):
        return 80
