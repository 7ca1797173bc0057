"""bench.near: planted pairs have the intended similarity, and are linked as often as the S-curve predicts."""

from __future__ import annotations

from itertools import islice
from statistics import fmean

import numpy as np
import pytest

from bench.inputs import pages_of
from bench.near import LEVEL, LONGEST, SHORTEST, WAYS, pairs_by, planted, spelt, told
from bench.outside import SHARED
from c4pipe.dedup.minhash import minima

WORDS = [f"word{number}" for number in range(300)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("step", [0.5, 0.8, 1.0])
def test_a_pair_is_as_alike_as_it_is_meant_to_be(way: str, step: float) -> None:
    pair = planted(WORDS, way, step, seed=1)
    assert pair.similarity == pytest.approx(step, abs=0.02)
    assert pair.estimated == pytest.approx(step, abs=0.15)
    assert pair.linked or step < 1


def test_what_was_found_is_told_by_step_and_way() -> None:
    lines = told([planted(WORDS, way, 1.0, seed=1) for way in WAYS]).splitlines()
    assert [line.split()[:4] for line in lines[1:]] == [
        ["1.0", "all", "3", "100.0%"],
        ["1.0", "edits", "1", "100.0%"],
        ["1.0", "frame", "1", "100.0%"],
        ["1.0", "truncation", "1", "100.0%"],
    ]


def test_numpy_says_the_same() -> None:
    some = np.arange(1, 100, 7, dtype=np.uint32)
    assert spelt(some, 5) == minima(some, 5).tolist()


def test_pairs_are_pages_that_share_a_key() -> None:
    assert pairs_by([[1, 2], [2, 3], [4], [3, 2]]) == {(0, 1), (0, 3), (1, 3)}


@pytest.mark.skipif(not (SHARED / "wet_bench").is_dir(), reason="needs real pages in ../shared/wet_bench")
def test_pairs_on_real_pages_are_linked_as_the_curve_says() -> None:
    texts = [page.text for page in islice(pages_of(sorted(SHARED.glob("wet_bench/*.wet.gz"))), 150)]
    bases = [words for text in texts if SHORTEST <= len(words := text.split()) <= LONGEST]
    pairs = [planted(words, [*WAYS][number % len(WAYS)], 0.8, number) for number, words in enumerate(bases)]
    assert fmean(pair.linked for pair in pairs) == pytest.approx(
        fmean(LEVEL.linked(p.similarity) for p in pairs), abs=0.05
    )
    assert fmean(pair.estimated - pair.similarity for pair in pairs) == pytest.approx(0, abs=0.01)
