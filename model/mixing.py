"""Which entry of a mixture gives a row: a function of the row's number that keeps the rates in every prefix.

Row g takes the entry in whose stretch of the circle the point g x golden ratio falls (a Kronecker sequence). No other
ratio spreads its points more evenly, and along every n-th row they are spread evenly too, so that each lane has the
rates of the whole: `c4pipe.mixture.Interleaving`, which strays a little less, gives two entries of equal rate to even
and odd rows, and every lane would see but one of them. The arithmetic is of integers: row 10**12 is as exact as row 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.errors import ConfigError

GOLDEN = 0x9E3779B97F4A7C15  # 2**64 / golden ratio, made odd


class Mixing:
    """Entries by number, at `rates` (one an entry, positive; their sum is of no account).

    A prefix of n rows has n x rate of each entry, but for a few rows: see `tests/model/test_mixing.py`.
    """

    def __init__(self, rates: Sequence[float], shift: int = 0) -> None:
        """`shift` turns the circle: mixtures with other seeds begin elsewhere."""
        if not rates or not all(0 < rate < float("inf") for rate in rates):
            raise ConfigError(f"a mixture needs rates above 0, got {[*rates]}. Leave out the entries without one.")
        upper = np.cumsum(np.array(rates) / sum(rates))[:-1].clip(max=1 - 2.0**-53)
        self._bounds = (upper * 2.0**64).astype(np.uint64)
        self._shift = np.uint64(shift % 2**64)

    def entries(self, start: int, stop: int) -> NDArray[np.int64]:
        """The entries of rows `start` to `stop` - 1, as indices into the rates."""
        points = np.arange(start, stop, dtype=np.uint64) * np.uint64(GOLDEN) + self._shift
        return np.searchsorted(self._bounds, points, side="right")
