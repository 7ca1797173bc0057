"""Which parts of the inputs a dry run reads, and what follows from them for the whole: arithmetic only.

Parts are spread evenly over the bytes of all inputs, so that all bytes count equally.
Pages and shares are ratios of sums over parts (Cochran, Sampling Techniques, 3rd ed., 6.3), and their intervals
come from the variation between parts, with the finite population correction (2.6).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from c4pipe.flow.inputs import Input, Piece

SURVEYED = 64 << 20  # most bytes read: about 8 s for WET
PARTS = 24  # most parts these are divided into; each is ten times the size of one read
FETCHED = 3  # inputs, if they must be downloaded completely
DEVIATIONS = 1.96  # standard errors: 19 of 20 such intervals hold the truth
FEW_PARTS = 8  # with fewer parts their variance says little, so pages count as if drawn singly


class PartRead(NamedTuple):
    """What was found in a part of an input."""

    bytes: int  # bytes it represents
    pages: int
    judged: int  # pages judged
    kept: int = 0  # of those


class Estimate(NamedTuple):
    """A number and its error bound, which holds in 19 of 20 cases."""

    value: float
    error: float

    def times(self, other: Estimate) -> Estimate:
        """The product, with independent errors."""
        value = self.value * other.value
        return Estimate(value, math.hypot(self.error * other.value, other.error * self.value))

    def told(self) -> str:
        """The value and the interval in whole numbers.

        >>> Estimate(12345.6, 0).told(), Estimate(12345.6, 400).told()
        ('12,346', '12,346 (11,946 to 12,746)')
        """
        if round(self.error) == 0:
            return f"{self.value:,.0f}"
        return f"{self.value:,.0f} ({max(0, self.value - self.error):,.0f} to {self.value + self.error:,.0f})"


def pieces_to_read(inputs: Sequence[Input], cut: bool, parts: int = PARTS, budget: int = SURVEYED) -> list[Piece]:
    """The pieces to read: all inputs if they are small, else `budget` bytes in `parts` places.

    `cut`: whether reading can begin anywhere in a file; else the beginning of each is read, in proportion to its size.
    """
    sizes = [max(0, item.bytes) for item in inputs]
    if sum(sizes) <= budget:
        return [Piece(number, item) for number, item in enumerate(inputs)]
    length, step = max(1, budget // parts), sum(sizes) / parts
    pieces: dict[tuple[int, int], int] = {}  # (input, where a piece begins) -> its length
    behind, number = 0, 0
    for place in range(parts):
        at = (place + 0.5) * step
        while at >= behind + sizes[number]:
            behind += sizes[number]
            number += 1
        start = int(at - behind) if cut else 0
        pieces[number, start] = pieces.get((number, start), 0) + length
    return [_piece(number, inputs[number], start, length) for (number, start), length in sorted(pieces.items())]


def _piece(number: int, item: Input, start: int, length: int) -> Piece:
    return Piece(number, item, start, None if start + length >= item.bytes else start + length)


def total_pages(parts: Sequence[PartRead], size: int) -> Estimate:
    """Pages in `size` bytes of inputs."""
    return _ratio([(part.bytes, part.pages) for part in parts], size)


def share_kept(parts: Sequence[PartRead], pages: float) -> Estimate:
    """The share of `pages` pages that is kept."""
    judged, kept = sum(part.judged for part in parts), sum(part.kept for part in parts)
    found = _ratio([(part.judged, part.kept) for part in parts], pages)
    share = kept / max(1, judged)
    one_by_one = DEVIATIONS * math.sqrt(share * (1 - share) / max(1, judged) * max(0.0, 1 - judged / max(1, pages)))
    return Estimate(share, max(one_by_one, found.error / max(1, pages)))


def _ratio(pairs: Sequence[tuple[float, float]], whole: float) -> Estimate:
    """`whole` times the ratio of the sums of pairs (x, y); with no error if the pairs are the whole population."""
    x, y = sum(x for x, _ in pairs), sum(y for _, y in pairs)
    if not x:
        return Estimate(0, 0)
    ratio, count = y / x, len(pairs)
    left = max(0.0, 1 - x / whole) if whole else 0.0
    if count < FEW_PARTS:
        return Estimate(whole * ratio, DEVIATIONS * math.sqrt(max(1.0, y) * left) * whole / x)
    spread = sum((y - ratio * x) ** 2 for x, y in pairs) * count / (count - 1)
    return Estimate(whole * ratio, DEVIATIONS * math.sqrt(spread * left) * whole / x)
