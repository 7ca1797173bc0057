"""--low-memory: what it sets, and what the user's own options set instead."""

from __future__ import annotations

import pytest

from beam_jobs.arguments import beam_flags, parse
from beam_jobs.low_memory import spill_rows


@pytest.mark.parametrize(
    ("options", "rows", "workers"),
    [
        ([], 1_000_000, 8),
        (["--low-memory"], 100_000, 1),
        (["--low-memory", "--spill-rows", "7", "--workers", "2"], 7, 2),
        (["--spill-rows", "0"], 0, 8),
    ],
)
def test_what_it_sets(options: list[str], rows: int, workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beam_jobs.arguments.cores", lambda: 8)
    args, rest = parse(["--input", "x", "--output", "y", *options])
    assert spill_rows(args) == rows
    flags = beam_flags(args, rest, units=100, size=1 << 30)
    assert (f"--direct_num_workers={workers}" in flags) == (workers > 1)
