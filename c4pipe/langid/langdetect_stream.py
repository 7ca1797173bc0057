"""The random numbers of langdetect's trials.

The package seeds its generator before each text, so the stream of random words is the same for all texts: it is made
once and read from any place as Python's `random` would read it.
"""

from __future__ import annotations

import math
import random
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

SEED = 0  # C4: tfds 3.1.0 c4_utils sets langdetect.DetectorFactory.seed = 0
SMOOTHING, SMOOTHING_WIDTH = (
    0.5,
    0.05,
)  # smoothing, mean and deviation: langdetect 1.0.9 Detector.ALPHA_DEFAULT, ALPHA_WIDTH
BASE_FREQ = 10_000  # what the smoothing is divided by: Detector.BASE_FREQ

Floats = npt.NDArray[np.float64]

WORDS = 16_384  # a text needs at most 7 * 1,001 draws, and every second word or more is a draw (proved in the tests)


class RandomStream(NamedTuple):
    """The contents at each place of the stream."""

    words: npt.NDArray[np.uint32]  # (WORDS,): the 32-bit outputs of the Mersenne Twister
    weights: Floats  # (WORDS, 2): smoothing of two trials in a row, the first of which begins here


def read_stream() -> RandomStream:
    """The stream of `random.Random(SEED)`."""
    bits = random.Random(SEED).getrandbits(32 * WORDS)  # as an integer, the first word lowest
    words = np.frombuffer(bits.to_bytes(4 * WORDS, "little"), "<u4").astype(np.uint32)
    # `random.random` takes the upper 27 and 26 bits of two words.
    uniform = ((words[:-1] >> np.uint32(5)) * 2.0**26 + (words[1:] >> np.uint32(6))) / 2.0**53
    pairs = normal_pairs(uniform[:-2], uniform[2:])
    weights = np.zeros((WORDS, 2))
    weights[: len(pairs)] = (SMOOTHING + pairs * SMOOTHING_WIDTH) / BASE_FREQ
    return RandomStream(words, weights)


def normal_pairs(turns: Floats, radii: Floats) -> Floats:
    """What two calls of `random.gauss(0.0, 1.0)` make of two uniform numbers: two normal ones, (n,) and (n,) to (n, 2).

    It keeps the second for the next call. Uses Python's `math`, not numpy's, where the last bits may differ.
    """
    angles = (turns * (2.0 * math.pi)).tolist()
    logarithms = np.array(list(map(math.log, (1.0 - radii).tolist())))
    directions = np.array([list(map(math.cos, angles)), list(map(math.sin, angles))])
    pairs: Floats = (directions * np.sqrt(-2.0 * logarithms)).T
    return pairs
