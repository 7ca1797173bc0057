"""The settings of `--low-memory`, for small machines. The corpus has the same bytes."""

from __future__ import annotations

from argparse import Namespace

SPILL_ROWS = 1_000_000  # rows of a shuffle in memory, which needs four times their size: 80 MB
LOW_SPILL_ROWS = 100_000


def spill_rows(args: Namespace) -> int:
    """Number of rows above which a shuffle is spilled to files."""
    if args.spill_rows is not None:
        return int(args.spill_rows)
    return LOW_SPILL_ROWS if args.low_memory else SPILL_ROWS
