"""Scores as the library gives them, to 1e-6, and words that make them, of every kind of model."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from c4pipe.fasttext.kernel import LOG_GUARD
from c4pipe.fasttext.logits import word_logits
from c4pipe.fasttext.model import FastTextModel
from tests.models import HIERARCHICAL, ONE_VS_ALL, SOFTMAX, model_bytes

library = pytest.importorskip("fasttext")
WORDS = ("</s>", "one", "two", "\u00e9t\u00e9", "three", "four", "one-two", "o")
texts = st.lists(
    st.sampled_from([*WORDS[1:], "unknown", "\u65e5\u672c", "__label__x", "\U0001f600", "x" * 300]), max_size=30
).map(" ".join) | st.text(st.characters(exclude_categories=["Cs"]), max_size=60).filter(lambda text: "</s>" not in text)


short = st.lists(st.sampled_from([*WORDS[1:], "unknown", "__label__x"]), max_size=8).map(" ".join)


def opened(folder: Path, **made: Any) -> tuple[FastTextModel, Any]:
    """Ours, and the library's."""
    path = folder / "model.bin"
    path.write_bytes(model_bytes(words=WORDS, **made))
    return FastTextModel(path), library.load_model(str(path))


@settings(max_examples=150, deadline=None)
@given(
    text=texts,
    loss=st.sampled_from([SOFTMAX, HIERARCHICAL, ONE_VS_ALL]),
    labels=st.integers(1, 5),
    word_ngrams=st.integers(1, 4),
    longest=st.integers(0, 5),
    buckets=st.sampled_from([0, 7, 50]),
    stored=st.sampled_from([(False, None), (True, None), (True, 0), (True, 5)]),
    seed=st.integers(0, 99),
)
def test_probabilities_are_the_librarys(
    tmp_path_factory: pytest.TempPathFactory, text: str, loss: int, labels: int, word_ngrams: int, longest: int,
    buckets: int, stored: tuple[bool, int | None], seed: int,
) -> None:  # fmt: skip
    quantised, kept = stored
    if not buckets:  # by which the library divides
        word_ngrams, longest = 1, 0
    kept = None if kept is None else min(kept, buckets)
    names = [f"l{i}" for i in range(labels)]
    ours, theirs = opened(
        tmp_path_factory.getbasetemp(), loss=loss, labels=names, word_ngrams=word_ngrams, longest=longest,
        buckets=buckets, seed=seed, quantised=quantised, kept=kept,
    )  # fmt: skip
    found = ours.probabilities(text)
    told, probabilities = theirs.predict(text.replace("\n", " "), -1)
    if found is None:
        assert not told
        return
    assert dict(zip(told, probabilities, strict=True)) == pytest.approx(
        dict(zip(ours.labels, found.tolist(), strict=True)), abs=1e-6
    )


@settings(max_examples=150, deadline=None)
@given(
    text=short,  # of longer ones the model's own sums, of 32 bits, are off by more
    loss=st.sampled_from([SOFTMAX, HIERARCHICAL, ONE_VS_ALL]),
    labels=st.integers(2, 5),
    word_ngrams=st.integers(1, 4),
    longest=st.integers(0, 5),
    seed=st.integers(0, 99),
)
def test_words_and_rest_make_the_logit_of_the_probability(
    tmp_path_factory: pytest.TempPathFactory, text: str, loss: int, labels: int, word_ngrams: int, longest: int,
    seed: int,
) -> None:  # fmt: skip
    names = [f"l{i}" for i in range(labels)]
    model, _ = opened(
        tmp_path_factory.getbasetemp(), loss=loss, labels=names, word_ngrams=word_ngrams, longest=longest, seed=seed
    )
    probabilities = model.probabilities(text)
    for label in range(labels):
        found = word_logits(model, label, text)
        if probabilities is None:
            assert found is None
            continue
        assert found is not None
        assert found.shares.sum() + found.rest == pytest.approx(found.logit, abs=1e-9)
        assert found.words[-1] == "</s>"
        if loss == ONE_VS_ALL:  # the library reads its sigmoid off a table of 32 steps to a unit
            assert 1 / (1 + math.exp(-found.logit)) == pytest.approx(probabilities[label], abs=0.25 / 32 + 1e-5)
            continue
        guard = float(LOG_GUARD) * (1 if loss == SOFTMAX else labels - 1)  # a turn adds one each
        assert 1 / (1 + math.exp(-found.logit)) == pytest.approx(probabilities[label], abs=1e-6 + guard)


@settings(max_examples=60, deadline=None)
@given(text=texts, labels=st.integers(2, 4), seed=st.integers(0, 99))
def test_words_of_long_texts_make_it_as_near_as_32_bits_come(
    tmp_path_factory: pytest.TempPathFactory, text: str, labels: int, seed: int
) -> None:
    names = [f"l{i}" for i in range(labels)]
    model, _ = opened(tmp_path_factory.getbasetemp(), labels=names, word_ngrams=2, seed=seed)
    probabilities, found = model.probabilities(text), word_logits(model, 0, text)
    assert probabilities is not None
    assert found is not None
    assert found.shares.sum() + found.rest == pytest.approx(found.logit, abs=1e-9)
    assert 1 / (1 + math.exp(-found.logit)) == pytest.approx(probabilities[0], abs=1e-4)


def test_the_rest_is_nothing_between_two_labels(tmp_path: Path) -> None:
    for loss in (SOFTMAX, HIERARCHICAL):
        model, theirs = opened(tmp_path, loss=loss, labels=["a", "b"], word_ngrams=2, seed=1)
        found = word_logits(model, 0, "one two unknown")
        assert found is not None
        assert found.rest == pytest.approx(0, abs=1e-12)
        told, probabilities = theirs.predict("one two unknown", -1)
        share = dict(zip(told, probabilities, strict=True))["__label__a"] - float(LOG_GUARD)
        assert math.log(share / (1 - share)) == pytest.approx(found.shares.sum(), abs=1e-5)


def test_an_ngram_of_words_is_shared_by_its_words(tmp_path: Path) -> None:
    """By hand: the mean of three words, of the end and of two pairs, times the difference of two outputs."""
    path = tmp_path / "model.bin"
    path.write_bytes(model_bytes(labels=["a", "b"], words=("</s>", "one", "two"), word_ngrams=2, longest=0))
    model = FastTextModel(path)
    inputs = np.sin(np.arange((3 + 50) * 4)).astype(np.float32).astype(np.float64).reshape(-1, 4)
    outputs = np.cos(np.arange(8)).astype(np.float32).astype(np.float64).reshape(2, 4)
    toward = outputs[0] - outputs[1]

    def name(word: str) -> int:  # dictionary.cc hash, FNV-1a of signed bytes
        h = 2166136261
        for byte in word.encode():
            h = (h ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619 % 2**32
        return h - 2**32 if h >= 2**31 else h

    def pair(first: str, second: str) -> np.ndarray:
        return inputs[3 + (name(first) * 116049371 + name(second)) % 2**64 % 50]

    words = {"one": inputs[1], "two": inputs[2], "</s>": inputs[0]}
    one_two, two_end = pair("one", "two"), pair("two", "</s>")
    expected = [
        toward @ (words["one"] + one_two / 2) / 5,
        toward @ (words["two"] + one_two / 2 + two_end / 2) / 5,
        toward @ (words["</s>"] + two_end / 2) / 5,
    ]
    found = word_logits(model, 0, "one two")
    assert found is not None
    assert found.words == ("one", "two", "</s>")
    assert found.shares == pytest.approx(expected, abs=1e-12)
    assert found.logit == pytest.approx(sum(expected), abs=1e-12)
