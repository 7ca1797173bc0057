"""model.data: batches, their position, and validation."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from c4pipe.errors import BuildError, ConfigError
from model.config import find_size
from model.data import Batch, Batches, merge_states, open_entries, validation
from model.errors import TrainError
from model.objectives import LM, OBJECTIVES, PrefixLM
from model.source import Source
from model.stream import Recipe
from model.t5 import T5
from tests.corpora import Broken, Letters, documents, entries, ruled, sources_of, write_corpus

SPAN = OBJECTIVES["span"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two languages, and a validation split."""
    return write_corpus(
        tmp_path_factory.mktemp("data") / "c4",
        {
            ("en", "train"): [[documents(0, 20), documents(20, 30)], [documents(50, 25)]],
            ("de", "train"): [[documents(100, 15)]],
            ("en", "validation"): [[documents(500, 5)], [documents(505, 4)]],
        },
    )


@pytest.fixture(scope="module")
def recipe(corpus: Path) -> Recipe:
    return Recipe(sources_of(entries(corpus), SPAN, 64, rates=(1.0, 2.0)), Letters(), seed=1, lanes=4)


def same(one: Batch, other: Batch) -> bool:
    return all(a is b is None or (a is not None and torch.equal(a, b)) for a, b in zip(one, other, strict=True))


def first(recipe: Recipe, count: int, batch: int = 12, **settings: int) -> list[Batch]:
    with Batches(recipe, batch, **settings) as batches:
        return list(islice(batches, count))


def test_a_batch_is_what_the_model_takes(recipe: Recipe) -> None:
    (batch,) = first(recipe, 1)
    lengths = SPAN.lengths(64)
    assert batch.inputs.shape == (12, lengths.inputs)
    assert batch.targets.shape == (12, lengths.targets)
    assert {batch.inputs.dtype, batch.targets.dtype} == {torch.int64}
    assert batch.input_segments is batch.target_segments is None
    assert torch.isfinite(T5(find_size("tiny"))(*batch).loss)


def test_segments_are_there_where_there_is_padding_or_packing(recipe: Recipe) -> None:
    (plain,) = first(ruled(recipe, objective=PrefixLM()), 1)
    assert plain.input_segments is not None
    assert torch.equal(plain.input_segments, (plain.inputs != 0).long())
    assert plain.target_segments is None
    (packed,) = first(ruled(recipe, objective=PrefixLM(), inputs_length=128, pack=True), 1)
    assert packed.input_segments is not None
    assert packed.target_segments is not None
    assert packed.input_segments.max() > 1
    assert torch.equal(packed.target_segments == 0, packed.targets == -100)
    assert torch.isfinite(T5(find_size("tiny"))(*packed).loss)


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_change_nothing(recipe: Recipe, workers: int) -> None:
    alone, together = first(recipe, 6), first(recipe, 6, workers=workers)
    assert all(map(same, alone, together))


@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_ranks_put_together_are_the_stream_of_one(recipe: Recipe, ranks: int) -> None:
    whole = first(recipe, 5)
    shares = [first(recipe, 5, rank=rank, ranks=ranks) for rank in range(ranks)]
    for batch, parts in zip(whole, zip(*shares, strict=True), strict=True):
        inputs = torch.stack([part.inputs for part in parts], dim=1).flatten(0, 1)
        targets = torch.stack([part.targets for part in parts], dim=1).flatten(0, 1)
        assert torch.equal(inputs, batch.inputs)
        assert torch.equal(targets, batch.targets)


@pytest.mark.parametrize("changes", [{}, {"objective": PrefixLM()}, {"objective": PrefixLM(), "pack": True}])
def test_a_run_goes_on_where_it_stood_at_every_batch(recipe: Recipe, changes: dict[str, object]) -> None:
    recipe = ruled(recipe, **changes)
    straight = first(recipe, 30)
    with Batches(recipe, 12) as batches:
        for expected in straight:
            state = json.loads(json.dumps(batches.state()))
            with Batches(recipe, 12) as resumed:
                resumed.restore(state)
                assert same(next(resumed), expected)
                after = resumed.state()
            next(batches)
            assert batches.state() == after


def test_a_run_goes_on_with_other_workers_and_ranks(recipe: Recipe) -> None:
    straight = first(recipe, 6)
    ranks = [Batches(recipe, 12, rank=rank, ranks=2, workers=rank) for rank in range(2)]
    for batches in ranks:
        with batches:
            list(islice(batches, 3))
    state = merge_states([batches.state() for batches in ranks])
    with Batches(recipe, 12) as alone:
        list(islice(alone, 3))
        assert alone.state() == state
    with Batches(recipe, 12, workers=3) as resumed:
        resumed.restore(state)
        assert all(map(same, islice(resumed, 3), straight[3:]))


def test_the_state_is_a_few_integers_a_lane(recipe: Recipe) -> None:
    with Batches(recipe, 12) as batches:
        list(islice(batches, 2))
        state = batches.state()
    assert (state["row"], state["of"]["lanes"], {*state["lanes"]}) == (24, 4, {"en", "de"})
    assert all(np.array(cursors).shape == (4, 3) for cursors in state["lanes"].values())


def renamed(recipe: Recipe, **other: str) -> tuple[Source, ...]:
    """The sources, the entry `en` with another name or digest."""
    return tuple(
        replace(source, entry=replace(source.entry, **other)) if source.entry.name == "en" else source
        for source in recipe.sources
    )


CHANGES = {
    "seed": "this run has a different seed.",
    "lanes": "this run has a different lanes.",
    "tokenizer": "this run has a different tokenizer.",
    "corpus": "this run was trained on corpus 'en', which the command does not name.",
    "name": "this run was trained on corpus 'en', and the command names corpus 'raw'.",
    "pages": "corpus 'en' has changed since this run began.",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_place_in_other_data_is_refused(recipe: Recipe, tmp_path: Path, change: str) -> None:
    class Other(Letters):
        fingerprint = "other"

    other = {
        "seed": replace(recipe, seed=2),
        "lanes": replace(recipe, lanes=8),
        "tokenizer": replace(recipe, tokenizer=Other()),
        "corpus": replace(recipe, sources=recipe.sources[:1]),
        "name": replace(recipe, sources=renamed(recipe, name="raw")),
        "pages": replace(recipe, sources=renamed(recipe, digest="0")),
    }[change]
    state = Batches(recipe, 12).state()
    with pytest.raises(ConfigError, match=re.escape(CHANGES[change])):
        Batches(other, 12).restore(state)


def test_a_batch_that_cannot_be_shared_is_refused(recipe: Recipe) -> None:
    with pytest.raises(ConfigError, match="a batch of 12 rows cannot be split over 5 ranks: use a multiple of 5"):
        Batches(recipe, 12, ranks=5)


@pytest.mark.parametrize("workers", [0, 1])
def test_after_an_error_the_position_still_holds(recipe: Recipe, tmp_path: Path, workers: int) -> None:
    texts = [documents(first, 10) for first in range(0, 200, 10)]
    folder = write_corpus(tmp_path / "c4", {("en", "train"): [[group] for group in texts]})
    recipe = replace(recipe, sources=sources_of(entries(folder), SPAN, 64))
    straight = first(recipe, 8)
    lost = Path(recipe.entries[0].files[7])
    with Batches(recipe, 12, workers=workers) as batches:
        lost.rename(lost.with_suffix(".away"))
        seen = []
        with pytest.raises(TrainError, match="row group 0, is damaged"):
            while len(seen) < 8:
                seen.append(next(batches))
        lost.with_suffix(".away").rename(lost)
        seen += islice(batches, 8 - len(seen))
    assert all(map(same, seen, straight))


def test_a_bug_is_not_hidden(recipe: Recipe) -> None:
    with pytest.raises(ZeroDivisionError):
        first(replace(recipe, tokenizer=Broken()), 1)


def test_the_time_spent_waiting_is_told(recipe: Recipe) -> None:
    with Batches(recipe, 12) as batches:
        assert batches.waited == 0
        next(batches)
        waited = batches.waited
        assert waited > 0
        next(batches)
        assert batches.waited > waited


def texts(batches: Sequence[Batch], ranks: int = 1) -> list[str]:
    """What the rows of LM batches read, empty rows left out."""
    return [Letters.decode(row.tolist()) for batch in batches for row in batch.targets if row.max() > 0]


def test_validation_reads_each_page_once_in_order(corpus: Path, recipe: Recipe) -> None:
    (english,) = sources_of(entries(corpus, split="validation"), LM(), 64)
    reading = ruled(recipe, objective=LM())
    batches = list(validation(reading, english, batch=3))
    written = "".join(documents(500, 9))
    assert "".join(texts(batches)) == written
    count = -(-len(written) // 63)
    assert count % 3 == 2
    assert [batch.targets.shape for batch in batches] == [(3, 64)] * -(-count // 3)
    assert len(texts(batches)) == count
    assert (batches[-1].targets[2] == -100).all()
    assert all(map(same, batches, validation(replace(reading, seed=9), english, batch=3)))


def test_ranks_share_validation_evenly(corpus: Path, recipe: Recipe) -> None:
    (english,) = sources_of(entries(corpus, split="validation"), LM(), 64)
    reading = ruled(recipe, objective=LM())
    whole = texts(list(validation(reading, english, batch=4)))
    ranks = [list(validation(reading, english, 4, rank, 4)) for rank in range(4)]
    assert len({len(batches) for batches in ranks}) == 1
    assert sorted(text for batches in ranks for text in texts(batches)) == sorted(whole)


def test_validation_is_corrupted_the_same_for_any_batch(corpus: Path, recipe: Recipe) -> None:
    (english,) = sources_of(entries(corpus, split="validation"), SPAN, 64)
    wide, narrow = (
        torch.cat([batch.inputs[batch.targets.max(dim=1).values > 0] for batch in validation(recipe, english, size)])
        for size in (5, 2)
    )
    assert torch.equal(wide, narrow)


def test_the_glue_checks_every_byte(corpus: Path, tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    assert [entry.name for entry in open_entries([corpus], "train", note=note)] == ["de", "en"]
    copy = write_corpus(tmp_path / "copy", {("en", "train"): [[documents(0, 9)]]})
    shard = copy / "en/train-00000-of-00001.parquet"
    data = bytearray(shard.read_bytes())
    data[60] ^= 1
    shard.write_bytes(data)
    with pytest.raises(BuildError, match="changed or damaged"):
        open_entries([copy], "train", note=note)
    assert [entry.name for entry in open_entries([copy], "train", sums=False)] == ["en"]
