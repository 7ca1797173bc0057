"""model.held_out: which text is held out, how much of it is scored, and exact epochs of a part."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.corpus import Entry, Reader
from model.data import Batches
from model.errors import ConfigError
from model.held_out import first_documents, first_tokens, hold_out, split_off, tokens_a_byte
from model.objectives import LM
from model.order import InOrder, Shuffled
from model.source import Denoising, Source
from model.stream import Recipe
from tests.corpora import Letters, documents, entries, marks, write_corpus
from tests.model.test_order import entry

GROUPS = st.lists(st.integers(1, 40), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = documents(0, 60)
    return write_corpus(tmp_path_factory.mktemp("c4"), {("en", "train"): [[texts[:25], texts[25:30]], [texts[30:]]]})


def places(one: Entry) -> list[tuple[int, int]]:
    """(row group of the corpus, row) of what counts."""
    return [(int(one.group[group]), row) for group in range(len(one.rows)) for row in one.rows_of(group).tolist()]


def numbers(one: Entry) -> list[int]:
    """Of the documents, in order."""
    units = [unit for number in range(len(one.rows)) if (unit := InOrder(one).unit(number))]
    return [n for unit in units for text in Reader().documents(one, unit.group, unit.rows) for n in marks(text)]


@given(GROUPS, st.floats(0.03, 0.5))
def test_what_is_held_out_and_what_is_trained_on_are_all(rows: list[int], share: float) -> None:
    whole = entry(rows)
    held = int(share * sum(rows))
    if not held:
        with pytest.raises(ConfigError, match="is less than one: use"):
            split_off(whole, share)
        return
    training, out = split_off(whole, share)
    assert abs(out.documents - held) <= 1
    assert sorted(places(training) + places(out)) == places(whole)
    assert len({whole.digest, training.digest, out.digest}) == 3
    order = Shuffled(training, 3, 4)
    visited = [
        (int(training.group[u.group]), int(r)) for n in range(order.units) for u in [order.unit(n)] for r in u.rows
    ]
    assert sorted(visited) == sorted(places(training))


def test_the_split_is_literally_this(corpus: Path) -> None:
    """It depends on the bytes of the corpus alone, so that it is the same on every machine and for every seed."""
    (english,) = entries(corpus)
    training, out = split_off(english, 0.1)
    assert numbers(out) == [n for n in range(60) if n not in numbers(training)]
    assert len(numbers(out)) == 6
    assert numbers(split_off(english, 0.1)[1]) == numbers(out)
    assert [one.documents for one in (training, out)] == [54, 6]


@given(GROUPS, st.integers(1, 500), st.booleans())
def test_the_first_documents(rows: list[int], count: int, part: bool) -> None:
    whole = split_off(entry([100, *rows]), 0.3)[0] if part else entry(rows)
    assert places(first_documents(whole, count)) == places(whole)[:count]


def test_the_first_tokens_are_used_once_an_epoch(corpus: Path) -> None:
    """Every token so often as there were epochs: 300 of them, rows of 20, 75 rows are 5 epochs."""
    (english,) = entries(corpus)
    first = first_tokens(english, Letters(), 300)
    text = "".join(documents(0, 60))[:300]
    recipe = Recipe((Source(first, Denoising(LM(), 21), 1.0),), Letters(), seed=4, lanes=1)
    with Batches(recipe, 15) as batches:
        made = [Letters.decode(row.tolist()) for batch in islice(batches, 5) for row in batch.targets]
    assert Counter("".join(made)) == {letter: 5 * count for letter, count in Counter(text).items()}
    found = Counter(marks("".join(made)))
    assert {found[n] for n in marks(text)} == {5}
    epochs = ["".join(made[15 * n : 15 * n + 15]) for n in range(5)]
    assert all(Counter(epoch) == Counter(text) for epoch in epochs)
    assert len({*epochs}) == 5  # each in an order of its own


def test_more_tokens_than_there_are_are_refused(corpus: Path) -> None:
    (english,) = entries(corpus)
    with pytest.raises(ConfigError, match=r"--first-tokens 9,000: 'en' has 2,\d{3} tokens: use that many or fewer"):
        first_tokens(english, Letters(), 9000)


def test_tokens_a_byte(corpus: Path) -> None:
    class Pairs(Letters):
        def encode(self, texts):
            return [ids[::2] for ids in super().encode(texts)]

    (english,) = entries(corpus)
    assert tokens_a_byte(english, Letters()) == 1
    source = Source(english, Denoising(LM(), 21), 1.0)
    scored = hold_out(source, Pairs(), documents=7)
    size = [len(text) for text in documents(0, 7)]
    assert scored.source.entry.documents == 7
    assert scored.tokens_a_byte == np.sum([-(-n // 2) for n in size]) / sum(size)
