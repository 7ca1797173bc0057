"""MurmurHash3 over pieces of bytes, for compiled loops: the same as `hash64` of the piece as a text."""

from __future__ import annotations

from typing import Any

import numpy as np

MIX_1, MIX_2 = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53  # fmix64's
_MIX_1, _MIX_2, _MIX_SHIFT = np.uint64(MIX_1), np.uint64(MIX_2), np.uint64(33)
# Those of MurmurHash3_x64_128 (Appleby's MurmurHash3.cpp).
_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
_ADD_1, _ADD_2, _FIVE = np.uint64(0x52DCE729), np.uint64(0x38495AB5), np.uint64(5)


def fmix64(value: Any) -> Any:
    """MurmurHash3's last step: every bit of the result depends on every bit of the 64."""
    value = (value ^ (value >> _MIX_SHIFT)) * _MIX_1
    value = (value ^ (value >> _MIX_SHIFT)) * _MIX_2
    return value ^ (value >> _MIX_SHIFT)


def rotated(value: Any, bits: int) -> Any:
    return (value << np.uint64(bits)) | (value >> np.uint64(64 - bits))


def eight(data: Any, at: int, size: int) -> Any:
    """Up to eight bytes as a number."""
    value = np.uint64(0)
    for i in range(size):
        value |= np.uint64(data[at + i]) << np.uint64(8 * i)
    return value


def murmur(data: Any, start: int, end: int) -> Any:
    """The first 64 of the 128 bits that `hash64` takes (Appleby, MurmurHash3_x64_128, seed 0)."""
    first = second = np.uint64(0)
    at = start
    while at + 16 <= end:
        first ^= rotated(eight(data, at, 8) * _C1, 31) * _C2
        first = (rotated(first, 27) + second) * _FIVE + _ADD_1
        second ^= rotated(eight(data, at + 8, 8) * _C2, 33) * _C1
        second = (rotated(second, 31) + first) * _FIVE + _ADD_2
        at += 16
    low, high = min(end - at, 8), max(end - at - 8, 0)
    second ^= rotated(eight(data, at + 8, high) * _C2, 33) * _C1
    first ^= rotated(eight(data, at, low) * _C1, 31) * _C2
    first ^= np.uint64(end - start)
    second ^= np.uint64(end - start)
    first += second
    second += first
    first = fmix64(first)
    return first + fmix64(second)
