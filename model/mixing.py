"""The entry of a mixture for each row: a function of the row's number that keeps the rates in every prefix.

Row g gets the entry whose interval on the circle contains the point g x golden ratio (a Kronecker sequence). No other
ratio spreads its points more evenly. Along every n-th row they are spread evenly, too, so each lane has the overall
rates. `c4pipe.mixture.Interleaving` deviates a little less, but gives two entries of equal rate to even and odd rows,
so that every lane would see only one of them. The arithmetic uses integers: row 10**12 is as exact as row 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.errors import ConfigError

GOLDEN = 0x9E3779B97F4A7C15  # 2**64 / golden ratio, made odd


class Mixing:
    """Entries by number, at `rates` (one per entry, positive; any sum).

    A prefix of n rows has n x rate rows of each entry, within a few rows: see `tests/model/test_mixing.py`.
    """

    def __init__(self, rates: Sequence[float], shift: int = 0) -> None:
        """`shift` rotates the circle: mixtures with other seeds start elsewhere."""
        if not rates or not all(0 < rate < float("inf") for rate in rates):
            raise ConfigError(f"a mixture needs rates above 0, got {[*rates]}. Leave out the entries without one.")
        upper = np.cumsum(np.array(rates) / sum(rates))[:-1].clip(max=1 - 2.0**-53)
        self._bounds = (upper * 2.0**64).astype(np.uint64)
        self._shift = np.uint64(shift % 2**64)

    def entries(self, start: int, stop: int) -> NDArray[np.int64]:
        """The entries of rows `start` to `stop` - 1, as indices into the rates."""
        points = np.arange(start, stop, dtype=np.uint64) * np.uint64(GOLDEN) + self._shift
        return np.searchsorted(self._bounds, points, side="right")
