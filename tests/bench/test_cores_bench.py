"""bench.cores and bench.dask_build: the time of elements on many cores, and the killed worker."""

from __future__ import annotations

import multiprocessing
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.cores import Measured, cores_table, dealt, longest_first, makespan, scaled
from bench.dask_build import dask_table, ways, workers_below
from bench.runs import Run

BUILD = Measured(2.0, {"StageUnit": [3.0, 1.0, 1.0, 1.0], "WriteShard": [2.0], "Finalize": [0.5]}, 0.5, 0.15)


def test_elements_are_dealt_out_in_turn() -> None:
    assert dealt([3, 1, 1, 1], 1) == 6
    assert dealt([3, 1, 1, 1], 2) == 4  # 3 + 1 and 1 + 1
    assert longest_first([3, 1, 1, 1], 2) == 3
    assert dealt([1, 1], 4) == 1


@given(st.lists(st.floats(0.01, 9), min_size=1, max_size=30), st.integers(1, 8))
def test_bounds_of_every_deal(seconds: list[float], workers: int) -> None:
    least = max(max(seconds), sum(seconds) / workers)
    assert least <= dealt(seconds, workers) * (1 + 1e-9)
    best = longest_first(seconds, workers)
    assert least <= best * (1 + 1e-9)
    assert best <= 4 / 3 * max(least, *seconds) + max(seconds)  # Graham 1969: within one element of the least


def test_a_build_by_several() -> None:
    assert makespan(BUILD, 1).seconds == pytest.approx(11.0)
    two = makespan(BUILD, 2)
    assert two.seconds == pytest.approx(2.0 + 0.5 + 0.35 + 4 + 2 + 0.5)
    assert two.alone == pytest.approx({"StageUnit": 1, "WriteShard": 1, "Finalize": 0.25, "start": 2, "runner": 0.5})
    assert makespan(BUILD, 2, best=True).seconds == pytest.approx(two.seconds - 1)


def test_a_larger_build_has_more_units_and_shards_and_as_many_single_elements() -> None:
    large = scaled(BUILD, 100)
    assert large.steps["StageUnit"] == [1.5] * 400
    assert large.steps["WriteShard"] == [pytest.approx(200 / 15)] * 15
    assert large.steps["Finalize"] == [50.0]
    assert makespan(large, 1).seconds == pytest.approx(2 + 50 + 600 + 200 + 50)
    assert scaled(BUILD, 1) == BUILD
    assert large.shards == 15


def test_the_table_says_what_stops_it() -> None:
    lines = cores_table(BUILD, 1000, [1, 2]).splitlines()
    assert lines[2] == "| 1,000 | 1 | 1.00 | 1.00 | 100% |  |"
    assert lines[3] == "| 1,000 | 2 | 1.18 | 1.32 | 59% | start 2.0 s, StageUnit 1.0 s, WriteShard 1.0 s |"


def test_ways_to_build() -> None:
    assert [way.name for way in ways([1, 2])] == [
        "local, 1",
        "local, 2",
        "Dask, 1",
        "Dask, 2",
        "Dask, 2, one killed half-way",
    ]
    assert [way.kill for way in ways([1])] == [False, False]
    assert dask_table({"local, 1": Run(9.0, 8.0, 400.0), "Dask, 1": Run(12.0, 12.5, 700.0)}, 2000).splitlines()[2:] == [
        "| local, 1 | 9.0 | 8.0 | 4.000 |  | 400 |",
        "| Dask, 1 | 12.0 | 12.5 | 6.250 | 4.5 | 700 |",
    ]


def test_workers_of_a_cluster_are_found_below_a_process() -> None:
    """Processes that multiprocessing spawns, as Dask's nannies do."""
    process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    process.start()
    try:
        end = time.monotonic() + 20
        while process.pid not in workers_below(os.getpid()):  # until it has its own command line
            assert time.monotonic() < end
    finally:
        process.kill()
        process.join()
