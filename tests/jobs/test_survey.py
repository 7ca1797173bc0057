"""beam_jobs.survey: which parts a dry run reads, and what follows from them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.arguments import parse
from beam_jobs.corpora import TYPICAL_WET, make_corpora
from beam_jobs.survey import Estimate, PartRead, pieces_to_read, share_kept, total_pages
from c4pipe.files.assets import find_assets
from c4pipe.flow.inputs import Input
from c4pipe.presets import find_preset

SIZES = st.lists(st.integers(-1, 5000), min_size=1, max_size=30)


def files(*sizes: int) -> list[Input]:
    return [Input(f"/in/{i}", f"{i}.jsonl", size) for i, size in enumerate(sizes)]


def test_small_inputs_are_read_whole() -> None:
    pieces = pieces_to_read(files(10, 0, -1, 20), cut=True, parts=4, budget=30)
    assert [(piece.number, piece.start, piece.stop) for piece in pieces] == [(n, 0, None) for n in range(4)]


def test_parts_lie_evenly_over_the_bytes_of_all() -> None:
    pieces = pieces_to_read(files(100, 1000, 100), cut=True, parts=6, budget=60)
    assert [(piece.number, piece.start, piece.stop) for piece in pieces] == [
        (1, 0, 10),
        (1, 200, 210),
        (1, 400, 410),
        (1, 600, 610),
        (1, 800, 810),
        (2, 0, 10),
    ]


def test_of_what_can_only_be_read_from_the_start_a_large_input_gives_more() -> None:
    pieces = pieces_to_read(files(100, 1000, 100), cut=False, parts=6, budget=60)
    assert [(piece.number, piece.start, piece.stop) for piece in pieces] == [(1, 0, 50), (2, 0, 10)]


@given(SIZES, st.booleans(), st.integers(1, 9), st.integers(1, 3000))
def test_no_byte_is_read_twice_and_none_that_is_not_there(sizes, cut, parts, budget) -> None:
    inputs = files(*sizes)
    pieces = pieces_to_read(inputs, cut, parts, budget)
    for piece, then in zip(pieces, [*pieces[1:], None], strict=True):
        stop = max(0, piece.item.bytes) if piece.stop is None else piece.stop
        assert 0 <= piece.start <= stop <= max(0, piece.item.bytes)
        assert then is None or then.number > piece.number or stop <= then.start


def test_everything_that_was_read_is_no_estimate() -> None:
    parts = [PartRead(100, 10, 10, 4), PartRead(300, 30, 30, 2)]
    assert total_pages(parts, 400) == Estimate(40, 0)
    assert share_kept(parts, 40) == Estimate(0.15, 0)


@pytest.mark.parametrize("clusters", [1, 20])
def test_nineteen_of_twenty_intervals_hold_the_truth(clusters: int) -> None:
    """A thousand inputs of a made crawl, whose share of kept pages differs from one to the next where they are few."""
    rng = random.Random(clusters)
    crawl = []
    for _ in range(1000):
        pages, own = rng.randrange(20, 60), rng.choice([0.1, 0.5]) if clusters == 1 else 0.3
        crawl.append(
            PartRead(pages * rng.randrange(90, 110), pages, pages, sum(rng.random() < own for _ in range(pages)))
        )
    size, pages, kept = (sum(part[i] for part in crawl) for i in (0, 1, 3))
    good = 0
    for _ in range(400):
        chosen = rng.sample(crawl, 24)
        total, share = total_pages(chosen, size), share_kept(chosen, pages)
        good += (abs(total.value - pages) <= total.error) + (abs(share.value - kept / pages) <= share.error)
    assert good >= 0.9 * 800


def test_errors_of_a_product() -> None:
    assert Estimate(100, 3).times(Estimate(2, 0.08)) == Estimate(200, 10)


@pytest.mark.parametrize(("path", "size"), [("/in/dead.wet.gz", 7), ("gs://b/x.wet.gz", 7 + TYPICAL_WET)])
def test_what_cannot_be_read_counts_for_nothing_and_what_nobody_has_asked_for_a_typical_file(tmp_path, path, size):
    args, _ = parse(["--input", "x", "--output", str(tmp_path)])
    inputs = [Input("/in/a.wet", "a.wet", 7), Input(path, "b.wet", -1)]
    (made,) = make_corpora(args, [find_preset("en")], find_assets(None), inputs)
    assert made.input_bytes == size
