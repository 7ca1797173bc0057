"""How much of a new build of a corpus must be uploaded to a store that deduplicates chunks.

    python -m bench.chunks BEFORE AFTER

Files are cut where a rolling hash of their bytes says so, as Xet's store does (64 kB on average, 8 to 128 kB). A chunk
that BEFORE has, too, costs nothing. Xet's own hash table is not used, so single numbers differ from the Hub's; the
comparison is between ways of writing files.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numba import njit

LEAST, MOST, MEAN_BITS = 8 << 10, 128 << 10, 16  # huggingface/xet-core, deduplication/src/constants.rs: 64 kB, / 8, * 2
PATTERNS = {"Parquet": "*/*-of-*.parquet", "JSON Lines": "*/*.json.gz"}
_GEAR = np.random.default_rng(1).integers(0, 2**64, 256, np.uint64, endpoint=False)
_MASK = np.uint64((1 << MEAN_BITS) - 1 << (64 - MEAN_BITS))


@njit
def _ends(data, gear, mask, least, most):  # type: ignore[no-untyped-def]
    """Where chunks end."""
    found, start, hashed = [len(data)], 0, np.uint64(0)
    for at in range(len(data)):
        hashed = (hashed << np.uint64(1)) + gear[data[at]]
        size = at + 1 - start
        if size >= most or (size >= least and not hashed & mask):
            found.append(at + 1)
            start, hashed = at + 1, np.uint64(0)
    return found


def chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    """(digest, bytes) of each chunk."""
    ends = _ends(np.frombuffer(data, np.uint8), _GEAR, _MASK, LEAST, MOST) if data else []
    start = 0
    for end in sorted({*ends}):
        yield hashlib.sha256(data[start:end]).digest(), end - start
        start = end


def taken_anew(before: Path, after: Path, pattern: str) -> tuple[int, int]:
    """Bytes in the files of `after` that are not in those of `before`, and all bytes of `after`."""
    known = {digest for path in before.glob(pattern) for digest, _ in chunks(path.read_bytes())}
    new = total = 0
    for path in sorted(after.glob(pattern)):
        for digest, size in chunks(path.read_bytes()):
            total += size
            new += size if digest not in known else 0
            known.add(digest)
    return new, total


def main() -> None:
    before, after = map(Path, sys.argv[1:])
    for name, pattern in PATTERNS.items():
        new, total = taken_anew(before, after, pattern)
        if total:
            print(f"{name:<12}{total / 1e6:>9,.2f} MB, {new / 1e6:,.2f} MB of them new ({new / total:.1%})")


if __name__ == "__main__":
    main()
