"""The chart of a mixture: each entry's share before and after, on a logarithmic scale, as SVG."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10
from typing import Any, NamedTuple

from c4pipe.text import printable

# Blue and orange of Okabe and Ito's palette, which colour-blind people can distinguish; the shapes differ, too.
BEFORE, AFTER = "#0072b2", "#d55e00"
ROW_HEIGHT, FIGURE_WIDTH, MARGINS = 0.2, 7.5, 1.5  # inches; a row is as high as its label, so that 108 can be read


class EntryShare(NamedTuple):
    """An entry's part of the corpora and of the mixture, 0 .. 1."""

    name: str
    before: float
    after: float


def draw_shares(shares: Sequence[EntryShare], title: str) -> bytes:
    """The chart, with a title and a description for screen readers; the same numbers produce the same bytes."""
    import matplotlib as mpl  # takes a second to import, and needed only here
    from matplotlib import style
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, NullFormatter

    rows = sorted(shares, key=lambda share: (share.before, share.after, share.name))  # the largest is at the top
    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": "c4pipe", "font.family": "sans-serif", "font.size": 9}
    with style.context("default"), mpl.rc_context(settings):  # a user's own style must not affect the bytes
        figure = Figure((FIGURE_WIDTH, ROW_HEIGHT * len(rows) + MARGINS), facecolor="white", layout="constrained")
        axes = figure.subplots()
        for y, share in enumerate(rows):
            if share.before and share.after:
                axes.plot((share.before, share.after), (y, y), color="#999999", linewidth=1, zorder=1)
        for column, mark, color, label in ((1, "o", BEFORE, "natural"), (2, "D", AFTER, "mixture")):
            found = [y for y, row in enumerate(rows) if row[column]]  # log(0) is undefined
            axes.plot(
                [rows[y][column] for y in found],
                found,
                mark,
                color=color,
                markersize=5,
                label=label,
                zorder=2,
                clip_on=False,
            )
        values = [value for row in rows for value in row[1:] if value]
        axes.set_xscale("log")
        low, high = floor(log10(min(values))), ceil(log10(max(values)))
        axes.set_xlim(10.0 ** min(low, high - 1), 10.0**high)  # whole decades, at least one
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("share of the documents, logarithmic")
        axes.set_yticks(range(len(rows)), [printable(row.name) for row in rows], parse_math=False)
        axes.set_ylim(-0.75, len(rows) - 0.25)
        axes.set_title(title, parse_math=False)
        axes.grid(axis="x", color="#dddddd", linewidth=0.6)
        figure.legend(loc="outside lower center", ncols=2, frameon=False)
        stream = io.BytesIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return _described(stream.getvalue().decode(), title, _words(rows[::-1])).encode()


def _words(rows: Sequence[EntryShare]) -> str:
    parts = (f"{printable(row.name)} {row.before:.3%} before, {row.after:.3%} after" for row in rows)
    return "Share of the documents. " + "; ".join(parts) + "."


def _described(svg: str, title: str, words: str) -> str:
    """The drawing as an image with a name and a description, by which screen readers find it."""
    named = '<svg role="img" aria-labelledby="title desc" '
    inside = f'\n <title id="title">{escape(title)}</title>\n <desc id="desc">{escape(words)}</desc>'
    return re.sub(r"<svg ([^>]*>)", lambda found: named + found[1] + inside, svg, count=1)
