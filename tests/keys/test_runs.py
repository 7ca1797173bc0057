"""keys.runs: numbers sorted beyond memory."""

from __future__ import annotations

import tracemalloc
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.keys import SortedRuns
from c4pipe.keys import runs as runs_module
from c4pipe.keys.file import MOST_KEY

numbers = st.lists(st.one_of(st.integers(0, 20), st.integers(0, MOST_KEY)), max_size=60)


@given(numbers, st.integers(1, 20), st.integers(1, 10), st.integers(0, 25), st.integers(0, MOST_KEY), st.integers(1, 9))
def test_they_come_in_order(found: list[int], held: int, most: int, first: int, last: int, sampled: int) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs_module, "SAMPLED", sampled)
        runs = SortedRuns(Path(folder) / "runs", held)
        for start in range(0, len(found), 7):
            runs.add(np.array(found[start : start + 7], np.uint64))
        parts = [part.tolist() for part in runs.parts(most)]
        assert [*chain(*parts)] == sorted(found)
        assert all(len(part) <= most or len({*part}) == 1 for part in parts)
        inside = sorted(number for number in found if first <= number <= last)
        assert runs.between(first, last).tolist() == inside
        assert runs.count(first, last) == len(inside)


def test_memory_is_that_of_what_is_held_and_asked_for(tmp_path: Path) -> None:
    """Of 8 MB of numbers, 20,000 at a time; numpy's arrays are known to tracemalloc, files that are mapped are not."""
    draw = np.random.default_rng(0)
    tracemalloc.start()
    try:
        runs = SortedRuns(tmp_path / "runs", held=20_000)
        for _ in range(100):
            runs.add(draw.integers(0, MOST_KEY, 10_000, np.uint64))
        number = sum(len(part) for part in runs.parts(20_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert number == 1_000_000
    assert peak < 1_500_000
