"""The chart of a comparison: each domain's difference next to that of two samples of one corpus, as SVG."""

from __future__ import annotations

import io
import re
from html import escape
from typing import Any

from c4pipe.facts.verdict import CorpusVerdict, Judgement
from c4pipe.text import printable

# Of Okabe and Ito's palette, which colour-blind people can distinguish; the shapes differ, too.
SIDE_COLOURS = {"A": "#0072b2", "B": "#d55e00", "cannot tell": "#666666"}
_MARKS = {"A": ">", "B": "<", "cannot tell": "o"}  # pointing to their side
_ROW, _WIDTH, _MARGINS = 0.26, 7.5, 1.6  # inches


def draw_verdict(verdict: CorpusVerdict) -> bytes:
    """The chart, with a title and a description; the same verdict produces the same bytes."""
    import matplotlib as mpl  # takes a second to import
    from matplotlib import style
    from matplotlib.figure import Figure

    rows = [verdict.overall, *verdict.domains[::-1]]  # the mean of all at the bottom
    title = f"Bits per byte of B minus those of A, level {verdict.level}"
    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": "c4pipe", "font.family": "sans-serif", "font.size": 9}
    with style.context("default"), mpl.rc_context(settings):  # a user's own style must not affect the bytes
        figure = Figure((_WIDTH, _ROW * len(rows) + _MARGINS), facecolor="white", layout="constrained")
        axes = figure.subplots()
        for y, row in enumerate(rows):
            winner = verdict.winner(row)
            axes.plot((-row.null, row.null), (y, y), color="#cccccc", linewidth=7, solid_capstyle="butt", zorder=1)
            axes.plot(row.difference, y, _MARKS[winner], color=SIDE_COLOURS[winner], markersize=6, zorder=2)
        axes.axvline(0, color="#333333", linewidth=0.8, zorder=0)
        widest = 1.1 * max(0.01, *(max(abs(row.difference), row.null) for row in rows))
        axes.set_xlim(-widest, widest)
        axes.set_ylim(-0.75, len(rows) - 0.25)
        axes.set_yticks(range(len(rows)), [printable(row.domain) for row in rows], parse_math=False)
        axes.set_xlabel("B is better  ←  bits per byte  →  A is better; grey: the null, at 99 %")
        axes.set_title(title, parse_math=False)
        axes.grid(axis="x", color="#dddddd", linewidth=0.6)
        stream = io.BytesIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return _described(
        stream.getvalue().decode(), title, "; ".join(_words(row, verdict.winner(row)) for row in rows[::-1])
    ).encode()


def _words(row: Judgement, winner: str) -> str:
    return f"{printable(row.domain)} {row.difference:+.3f}, null {row.null:.3f}: {winner}"


def _described(svg: str, title: str, words: str) -> str:
    """The drawing as an image with a name and a description, by which screen readers find it."""
    named = '<svg role="img" aria-labelledby="title desc" '
    inside = f'\n <title id="title">{escape(title)}</title>\n <desc id="desc">{escape(words)}</desc>'
    return re.sub(r"<svg ([^>]*>)", lambda found: named + found[1] + inside, svg, count=1)
