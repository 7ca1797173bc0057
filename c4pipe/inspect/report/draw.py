"""Coordinates of the charts. The templates write the SVG, the style sheet colours it."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import NamedTuple

from c4pipe.inspect.report.facts import FunnelStage, Loss
from c4pipe.inspect.report.show import short
from c4pipe.inspect.report.tables import Bin, MixtureRow

FULL_WIDTH, HEIGHT = 960.0, 100.0  # of the stream of all records, and of one stage; the chart is stretched to its row
DRIFT = 40.0  # horizontal offset of a lost part


class Band(NamedTuple):
    """A part of a stacked chart: an SVG path, or `x` and `width` in percent."""

    path: str
    colour: int
    code: str


def stream(step: FunnelStage, records: int) -> tuple[float, list[Band]]:
    """The width of what a stage keeps, and the lost parts that leave it, on the scale of all records."""
    scale = FULL_WIDTH / max(1, records)
    return round(step.kept * scale, 2), [Band(_leaving(loss, scale), loss.colour, loss.code) for loss in step.lost]


def _leaving(loss: Loss, scale: float) -> str:
    """A part of the stream that bends to the right, as wide as its number of pages."""
    a, b = loss.start * scale, (loss.start + loss.units) * scale
    c, d, bend = a + DRIFT, b + DRIFT, 0.55 * HEIGHT
    return (
        f"M{a:.2f} 0L{b:.2f} 0C{b:.2f} {bend:.0f} {d:.2f} {bend:.0f} {d:.2f} {HEIGHT:.0f}"
        f"L{c:.2f} {HEIGHT:.0f}C{c:.2f} {bend:.0f} {a:.2f} {bend:.0f} {a:.2f} 0Z"
    )


class Column(NamedTuple):
    """A bin of the histogram, in percent of the chart's width and height."""

    x: float
    width: float
    read: float  # heights
    kept: float
    label: str  # "" for most of them, so that they fit on a phone
    bin: Bin


def columns(bins: Sequence[Bin]) -> list[Column]:
    """The histogram, with every third power of two labelled."""
    highest = max((max(b.read, b.kept) for b in bins), default=0) or 1
    wide = 100 / max(1, len(bins))
    return [
        Column(
            round(i * wide, 3),
            round(wide, 3),
            round(100 * b.read / highest, 3),
            round(100 * b.kept / highest, 3),
            short(b.low) if (b.high + 1).bit_length() % 3 == 0 else "",
            b,
        )
        for i, b in enumerate(bins)
    ]


class LogScale(NamedTuple):
    """A logarithmic axis over whole decades, in percent of its width."""

    low: int  # powers of ten
    high: int

    @classmethod
    def of(cls, entries: Sequence[MixtureRow]) -> LogScale:
        """An axis wide enough for every non-zero share."""
        shares = [share for entry in entries for share in (entry.before, entry.after) if share]
        low, high = floor(log10(min(shares, default=0.1))), ceil(log10(max(shares, default=1.0)))
        return cls(min(low, high - 1), high)

    def at(self, share: float) -> float:
        """The position of a share; the left end for none. With a margin, so that marks are not clipped."""
        part = (log10(share) - self.low) / (self.high - self.low) if share else 0.0
        return round(3 + 94 * part, 2)

    def ticks(self) -> list[tuple[float, str]]:
        """Each decade with its label."""
        return [(self.at(10.0**power), f"{100 * 10.0**power:g} %") for power in range(self.low, self.high + 1)]
