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

from c4pipe.langid.langdetect_kernel import GAUSS_WORDS

SEED = 0  # C4: tfds 3.1.0 c4_utils sets langdetect.DetectorFactory.seed = 0
ALPHA, ALPHA_WIDTH = 0.5, 0.05  # smoothing, mean and deviation: langdetect 1.0.9 Detector.ALPHA_DEFAULT, ALPHA_WIDTH
BASE_FREQ = 10_000  # what the smoothing is divided by: Detector.BASE_FREQ

WORDS = 16_384  # a text needs at most 7 * 1,001 draws, and every second word or more is a draw (proved in the tests)


class Stream(NamedTuple):
    """What lies at each place of the stream."""

    words: npt.NDArray[np.uint32]  # (WORDS,): the 32-bit outputs of the Mersenne Twister
    weights: npt.NDArray[np.float64]  # (WORDS, 2): smoothing of two trials in a row, the first of which begins here


def read_stream() -> Stream:
    """The stream of `random.Random(SEED)`."""
    bits = random.Random(SEED).getrandbits(32 * WORDS)  # as an integer, the first word lowest
    words = np.frombuffer(bits.to_bytes(4 * WORDS, "little"), "<u4").astype(np.uint32)
    listed = words.tolist()
    weights = np.zeros((WORDS, 2))
    for i in range(WORDS - GAUSS_WORDS):
        weights[i] = [(ALPHA + z * ALPHA_WIDTH) / BASE_FREQ for z in normal_pair(listed[i : i + GAUSS_WORDS])]
    return Stream(words, weights)


def normal_pair(words: list[int]) -> tuple[float, float]:
    """What two calls of `random.gauss(0.0, 1.0)` make of four 32-bit words.

    `random.random` takes the upper 27 and 26 bits of two words; `gauss` makes two normal numbers of two uniform ones
    and keeps the second for the next call. Python's `math` and not numpy's: their last bits may differ.
    """
    turn, radius = (((high >> 5) * 2.0**26 + (low >> 6)) / 2.0**53 for high, low in (words[:2], words[2:]))
    angle = turn * (2.0 * math.pi)
    length = math.sqrt(-2.0 * math.log(1.0 - radius))
    return math.cos(angle) * length, math.sin(angle) * length
