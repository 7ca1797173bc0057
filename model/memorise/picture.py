"""`curve.svg`: reproduced passages by number of occurrences in the crawl and by readings."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

from model.memorise.curve import BY, CurvePoint
from model.study.picture import PALETTE, draw_panels

UNREAD_PLACE = 0.5  # position on the axis of passages in no corpus
_LABELS = {"copies": "times that it occurs there", "readings": "times that the run has read it"}


def draw_extraction(points: Sequence[CurvePoint], title: str) -> bytes:
    """A panel for each of BY that has points; one colour per run; bars are 95 % intervals."""
    panels = [by for by in BY if any(point.by == by for point in points)]
    runs = list(dict.fromkeys(point.run for point in points))

    def draw(axes: Sequence[Any]) -> None:
        for place, (one, by) in enumerate(zip(axes, panels, strict=True)):
            for number, run in enumerate(runs):
                mine = [point for point in points if point.run == run and point.by == by]
                if not mine:
                    continue
                spread = 1 + 0.04 * (number - (len(runs) - 1) / 2)  # so that bars do not overlap
                at = [spread * (sqrt(point.low * point.high) or UNREAD_PLACE) for point in mine]
                shares = [100 * point.share for point in mine]
                below = [100 * (point.share - point.share_low) for point in mine]
                above = [100 * (point.share_high - point.share) for point in mine]
                colour = PALETTE[number % len(PALETTE)]
                bars = [[max(0.0, size) for size in sizes] for sizes in (below, above)]
                one.errorbar(at, shares, bars, fmt="o-", color=colour, markersize=3, linewidth=1, label=run)
            one.set_xscale("log")
            one.set_ylim(-3, 103)
            one.set_xlabel(_LABELS[by])
            one.set_ylabel("passages fully reproduced, %" if not place else "")
            one.grid(alpha=0.3)
        axes[0].legend(frameon=False)

    return draw_panels(max(1, len(panels)), (4.4 * max(1, len(panels)), 3.6), title, draw if panels else lambda _: None)
