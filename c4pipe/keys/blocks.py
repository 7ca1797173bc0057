"""Ascending keys as bytes: their differences, in as many bytes as the largest of a block needs.

Hashes are 2**64 / n apart on average, so for a million keys a difference takes 6 bytes of the 8, for a hundred million
5 or 6. The low bytes are stored together, and so are the higher ones (4, then 2, then 1), so that numpy reads each
group as one column. Owners follow unchanged: they are unordered hashes, which do not compress.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

KeyArray = NDArray[np.uint64]
BLOCK_KEYS = 8192  # keys of a block: about 110 kB with their owners; the smallest query reads one or two
OWNER_BYTES = 8


def width_of(keys: KeyArray) -> int:
    """Bytes for the largest difference between two of the ascending keys: 0 to 8."""
    return (int(np.diff(keys).max(initial=0)).bit_length() + 7) // 8


def pack_keys(keys: KeyArray, width: int) -> bytes:
    """The differences of the keys in `width` bytes each; that of the first is 0."""
    steps = np.diff(keys, prepend=keys[:1])
    columns, shift = [], 0
    for size in _columns(width):
        columns.append((steps >> np.uint64(shift)).astype(f"<u{size}").tobytes())
        shift += 8 * size
    return b"".join(columns)


def unpack_keys(data: Any, first: int, count: int, width: int, into: KeyArray) -> None:
    """The inverse: `count` keys, of which the first is known, from the beginning of `data`."""
    start = shift = 0
    for size in _columns(width):
        column = np.frombuffer(data, f"<u{size}", count, start)
        if start:
            high = column.astype(np.uint64)
            high <<= np.uint64(shift)
            into |= high
        else:
            into[:] = column
        start, shift = start + count * size, shift + 8 * size
    into[0] = first  # its difference is 0
    np.cumsum(into, out=into)


def _columns(width: int) -> list[int]:
    """The bytes of each column, the lowest first."""
    return [size for size in (8, 4, 2, 1) if width & size]
