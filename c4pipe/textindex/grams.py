"""Which grams of a text the index stores: runs of bytes, chosen so that every long enough piece of a text has one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from c4pipe.dedup.winnowing import BASE, winnowed
from c4pipe.text import hash64
from c4pipe.textindex.least import GRAM, WINDOW

Grams = NDArray[np.uint64]

# A 64-bit number for each byte. The sum that hashes a gram uses them as words.
_OF_BYTE = np.array([hash64(chr(byte)) for byte in range(256)], np.uint64)


def known_grams(text: Any) -> Grams:
    """The grams of a text in UTF-8 that the index stores, each once, ascending: hashes below 2**32. [n]

    `text` is bytes, or an array of them. The grams of a piece of a text are among those of the text.
    """
    chosen = winnowed(_OF_BYTE[np.frombuffer(text, np.uint8)], GRAM, WINDOW).hashes
    # The smallest of several hashes is a small number: multiplied, its upper half is evenly distributed again.
    return np.unique(chosen * np.uint64(BASE) >> np.uint64(32))
