"""model.source, model.pairs: pairs of a task as rows, alone and beside texts, the same wherever the stream is cut."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.corpus import Entry, Shard, read_entry
from model.data import Batches
from model.errors import ConfigError
from model.ids import EOS, IGNORED, PAD
from model.lane import Cursor, Lane
from model.objectives import OBJECTIVES
from model.order import InOrder
from model.pairs import PackedPairs, SinglePairs
from model.rows import Widths, trimmed
from model.source import Denoising, PairEncoder, Source, TextToText
from model.stream import Recipe, Share, Stream
from tests.corpora import Letters, documents, entries, write_corpus
from tests.model.streams import assert_same_stream
from tests.model.test_lane import Memory, entry

WIDTHS = Widths(8, 4)


def lane_of(pairs: list[tuple[str, str]], widths: Widths = WIDTHS) -> Lane:
    groups = [pairs]
    return Lane(InOrder(entry(groups)), Memory(groups), PairEncoder(Letters(), widths), Cursor(0, 0, 0))  # type: ignore[arg-type]


def read(row: np.ndarray) -> str:
    """Eos as a stop."""
    return "".join("." if token == EOS else Letters.decode([token]) for token in row.tolist())


def test_a_pair_is_a_row_and_each_side_is_cut_to_its_length_eos_included() -> None:
    rule = SinglePairs(WIDTHS)
    lane = lane_of([("a b", "c"), ("", ""), ("abcdefghij", "klmnop")])
    drawn = [pair for number in range(3) if (pair := rule.draw(lane, number))]
    rows = rule.finish([0, 1, 2], drawn)
    assert [read(row) for row in rows.inputs] == ["a b.", ".", "abcdefg."]
    assert [read(row) for row in rows.targets] == ["c.", ".", "klm."]
    assert rule.draw(lane, 3) is None
    assert rows.inputs.shape == (3, 8)
    assert rows.targets.tolist()[0] == [102, EOS, IGNORED, IGNORED]
    assert rows.inputs.tolist()[1] == [EOS, *[PAD] * 7]
    assert rows.input_segments.tolist()[1] == [1, *[0] * 7]
    narrow = trimmed(rows.take(np.array([0, 1])))
    assert (narrow.inputs.shape, narrow.targets.shape) == ((2, 4), (2, 2))


def test_what_is_cut_is_counted() -> None:
    """Six tokens of inputs are five and an eos; with a sentinel they are four."""
    pairs = [("abcde", "abc"), ("abcdef", "abcd"), ("abcdefg", "")]
    assert TextToText(6, 4).pairs(Letters()).cut(pairs) == (2, 1)
    assert TextToText(6, 4, sentinel=True).pairs(Letters()).cut(pairs) == (3, 2)


def test_the_first_sentinel_ends_the_inputs_and_begins_the_targets() -> None:
    """It stays when they are cut."""
    first = Letters.vocabulary.sentinel(0)
    (tokens,) = TextToText(6, 4, sentinel=True).encoder(Letters()).encode([("abcdefghij", "klmnop")])
    assert tokens.tolist() == [100, 101, 102, 103, first, EOS, first, 110, 111, EOS]


def test_packed_pairs_share_a_row_while_both_sides_have_room() -> None:
    rule = PackedPairs(WIDTHS)
    lane = lane_of([("ab", "c"), ("de", "f"), ("gh", "i"), ("j", "klm"), ("n", "o")])
    rows = rule.finish([0, 1, 2], [row for number in range(9) if (row := rule.draw(lane, number))])
    assert [read(row) for row in rows.inputs] == ["ab.de.", "gh.", "j.", "n."]
    assert [read(row) for row in rows.targets] == ["c.f.", "i.", "klm.", "o."]
    assert rows.input_segments.tolist()[0] == [1, 1, 1, 2, 2, 2, 0, 0]
    assert rows.target_segments.tolist()[0] == [1, 1, 2, 2]


@given(st.lists(st.tuples(st.text("ab", max_size=9), st.text("cd", max_size=5)), max_size=20), st.integers(1, 7))
@settings(max_examples=30, deadline=None)
def test_no_example_is_lost_packed_or_not(pairs: list[tuple[str, str]], narrow: int) -> None:
    widths = Widths(narrow + 3, narrow + 2)
    for rule in (SinglePairs(widths), PackedPairs(widths)):
        lane = lane_of(pairs, widths)
        drawn = []
        while (row := rule.draw(lane, len(drawn))) is not None:
            drawn.append(row)
        rows = rule.finish(range(len(drawn)), drawn)  # type: ignore[arg-type]
        cut = [(a[: widths.inputs - 1], b[: widths.targets - 1]) for a, b in pairs]
        assert "".join(map(read, rows.inputs)) == "".join(f"{a}." for a, _ in cut)
        assert "".join(map(read, rows.targets)) == "".join(f"{b}." for _, b in cut)


def pair_entry(folder: Path, count: int, groups: int = 3) -> Entry:
    path = folder / "pairs.parquet"
    table = pa.table({"inputs": [f"<{n}> which" for n in range(count)], "targets": [f"{n}" for n in range(count)]})
    pq.write_table(table, path, row_group_size=-(-count // groups))
    content = path.read_bytes()
    shard = Shard(path, count, len(content), hashlib.sha256(content).hexdigest())
    return read_entry("numbers", [shard], ("inputs", "targets"))


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """A task and a corpus, three rows to one."""
    folder = tmp_path_factory.mktemp("mixed")
    (texts,) = entries(write_corpus(folder / "c4", {("en", "train"): [[documents(0, 30), documents(30, 30)]]}))
    task = Source(pair_entry(folder, 70), TextToText(24, 6), 3.0)
    return Recipe((task, Source(texts, Denoising(OBJECTIVES["span"], 32), 1.0)), Letters(), seed=5, lanes=4)


def test_rows_of_a_task_and_of_a_corpus_stand_in_one_batch_at_their_rates(recipe: Recipe) -> None:
    part = Stream(recipe, Share(), {}).part(0, 280)
    assert part.rows.inputs.shape == (280, 32)
    asked = [read(row) for row in part.rows.inputs if read(row).endswith("which.")]
    assert len(asked) == pytest.approx(210, abs=2)
    for row, target in zip(part.rows.inputs, part.rows.targets, strict=True):
        if (text := read(row)).endswith("which."):
            assert text.startswith(f"<{read(target)[:-1]}>")
    # In a lane every example comes once an epoch.
    counts = Counter(asked)
    assert len(counts) == 70
    assert max(counts.values()) <= 5


@pytest.mark.parametrize("changes", [{}, {"pack": True}])
def test_a_mixed_stream_is_the_same_from_workers_ranks_and_after_a_stop(
    recipe: Recipe, changes: dict[str, bool]
) -> None:
    task, texts = recipe.sources
    recipe = replace(recipe, sources=(replace(task, rule=replace(task.rule, **changes)), texts))  # type: ignore[type-var]
    with Batches(recipe, 12) as batches:
        straight = list(islice(batches, 8))
    assert_same_stream(recipe, straight)
    with Batches(recipe, 12) as batches:
        list(islice(batches, 5))
        state = json.loads(json.dumps(batches.state()))
    with Batches(recipe, 12, trim=True) as batches:
        batches.restore(state)
        again = next(batches)
    assert torch.equal(again.targets, straight[5].targets[:, : again.targets.shape[1]])
    assert again.inputs.shape[1] < 32 or bool((straight[5].inputs[:, -1] != PAD).any())


def test_lengths_that_no_pair_fits_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"--targets 1: expected 2 to 32,768 tokens"):
        TextToText(24, 1)
