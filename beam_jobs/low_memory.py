"""What a build does differently on a small machine (`--low-memory`). Its corpus has the same bytes."""

from __future__ import annotations

from argparse import Namespace

SPILL_ROWS = 1_000_000  # rows of a shuffle in memory, which takes them four times over: 80 MB
LOW_SPILL_ROWS = 100_000


def spill_rows(args: Namespace) -> int:
    """Rows above which a shuffle goes through files."""
    if args.spill_rows is not None:
        return int(args.spill_rows)
    return LOW_SPILL_ROWS if args.low_memory else SPILL_ROWS
