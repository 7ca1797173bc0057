"""model.stream: the rows are those of the recipe, whoever makes them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from model.objectives import LM, OBJECTIVES, PrefixLM
from model.rows import Rows
from model.stream import Recipe, Share, Stream, StreamSlice
from tests.corpora import Letters, documents, entries, marks, ruled, sources_of, write_corpus
from tests.wetfiles import ROOT


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """300 English and 60 German documents in row groups of 20 and 15, mixed half and half."""
    english = [[documents(first, 20) for first in range(shard, shard + 100, 20)] for shard in range(0, 300, 100)]
    german = [[documents(first, 15) for first in range(1000, 1060, 15)]]
    parts = {("en", "train"): english, ("de", "train"): german}
    folder = write_corpus(tmp_path_factory.mktemp("corpus"), parts)
    return Recipe(sources_of(entries(folder), OBJECTIVES["span"], 64), Letters(), seed=3, lanes=8)


def assembled(parts: list[StreamSlice]) -> tuple[list[int], list[list[int]]]:
    """The numbers of the rows, and the rows in their order."""
    rows = {
        n: [*i.tolist(), *t.tolist()] for part in parts for n, i, t in zip(part.numbers, *part.rows[:2], strict=True)
    }
    assert len(rows) == sum(len(part.numbers) for part in parts), "a row was made twice"
    return sorted(rows), [rows[number] for number in sorted(rows)]


@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("changes", [{}, {"objective": PrefixLM()}, {"objective": PrefixLM(), "pack": True}])
def test_ranks_and_workers_make_the_same_rows_together(
    recipe: Recipe, ranks: int, workers: int, changes: dict[str, object]
) -> None:
    recipe = ruled(recipe, **changes)
    whole = assembled([Stream(recipe, Share(), {}).part(0, 96)])
    assert whole[0] == [*range(96)]
    shares = [Share(rank, ranks, worker, workers) for rank in range(ranks) for worker in range(workers)]
    streams = [Stream(recipe, share, {}) for share in shares]
    assert assembled([stream.part(at, at + 24) for at in range(0, 96, 24) for stream in streams]) == whole


@pytest.mark.parametrize(("ranks", "followed"), [(1, 8), (2, 4), (4, 2), (8, 1), (3, 8)])
def test_a_rank_follows_lanes_of_its_own_where_it_can(ranks: int, followed: int) -> None:
    lanes = [Share(rank, ranks).lanes(8) for rank in range(ranks)]
    assert {len(own) for own in lanes} == {followed}
    assert {*chain(*lanes)} == {*range(8)}
    split = [Share(0, ranks, worker, 2).lanes(8) for worker in range(2)]
    assert sorted(chain(*split)) == lanes[0]


MEMORY = """
import resource, sys
from pathlib import Path
from model.objectives import LM
from model.stream import Recipe, Share, Stream
from tests.corpora import Letters, entries, sources_of

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MB; Linux counts KB

recipe = Recipe(sources_of(entries(Path(sys.argv[1])), LM(), 8192), Letters())
before = peak()
stream = Stream(recipe, Share(), {})
for start in range(0, 16384, 16):
    stream.part(start, start + 16)
print(peak() - before)
"""


@pytest.mark.soak
def test_memory_does_not_grow_with_the_shard(tmp_path: Path) -> None:
    """400 MB of text in one shard of 100 row groups; 134 MB are read, in all lanes, and what is kept is bounded."""
    texts = [f"[{n}]" + "a line of words and more of them\n" * 125 for n in range(1000)]
    folder = write_corpus(tmp_path, {("en", "train"): [[texts] * 100]})
    run = subprocess.run(
        [sys.executable, "-c", MEMORY, str(folder)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert float(run.stdout) < 150  # MB


def test_another_seed_is_another_stream(recipe: Recipe) -> None:
    rows = [assembled([Stream(replace(recipe, seed=seed), Share(), {}).part(0, 16)]) for seed in (3, 4)]
    assert rows[0] != rows[1]


def test_a_row_depends_on_the_pages_of_its_own_entry_alone(recipe: Recipe) -> None:
    """Other rates, other entries beside it: the English rows are the same texts in the same order."""
    reading = ruled(recipe, objective=LM())
    mixed = Stream(reading, Share(), {}).part(0, 64)
    numbers = [n for n, row in enumerate(mixed.rows.targets) if "[10" not in Letters.decode(row.tolist())]
    alone = Stream(replace(reading, sources=reading.sources[1:]), Share(), {}).part(0, 64)
    texts = {lane: "".join(texts_of(alone.rows, range(lane, 64, 8))) for lane in range(8)}
    for lane in range(8):
        found = "".join(texts_of(mixed.rows, [n for n in numbers if n % 8 == lane]))
        assert texts[lane].startswith(found)


def texts_of(rows: Rows, numbers: range | list[int]) -> list[str]:
    return [Letters.decode(rows.targets[number].tolist()) for number in numbers]


def test_the_rates_are_those_of_rows(recipe: Recipe) -> None:
    """Nine tenths German, of which there is a fifth as much."""
    rates = [replace(source, rate=rate) for source, rate in zip(recipe.sources, (0.9, 0.1), strict=True)]
    part = Stream(ruled(replace(recipe, sources=tuple(rates)), objective=LM()), Share(), {}).part(0, 400)
    moved = Counter(entry for entry, _ in part.moved)
    assert moved == {0: 8, 1: 8}  # every lane has some of both
    numbers = [n >= 1000 for text in texts_of(part.rows, range(400)) for n in marks(text)]
    assert np.mean(numbers) == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize("lanes", [1, 8, 16])
def test_every_document_comes_once_an_epoch(recipe: Recipe, lanes: int) -> None:
    """A lane that is through with an epoch goes on with the next one, so the first documents come again soon, but none
    is missing: after two epochs of tokens every document was there once at least, and none more than three times."""
    german = ruled(replace(recipe, sources=recipe.sources[:1], lanes=lanes), objective=LM())
    tokens = sum(map(len, documents(1000, 60)))
    stream = Stream(german, Share(), {})
    part = stream.part(0, 2 * tokens // 63 // lanes * lanes)
    lane_texts = ["".join(texts_of(part.rows, range(lane, len(part.numbers), lanes))) for lane in range(lanes)]
    counts = Counter(mark for text in lane_texts for mark in marks(text))
    assert {*counts} == {*range(1000, 1060)}
    assert max(counts.values()) <= 3
    assert sum(len(text) for text in lane_texts) == 63 * len(part.numbers)
