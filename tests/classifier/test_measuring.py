"""Precision, recall, their intervals, and the words of a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from c4pipe.classifier.measuring import at_thresholds, scores_of, thresholds_of, words_each_way
from c4pipe.classifier.sides import TrainingLine
from c4pipe.fasttext.logits import word_logits
from c4pipe.fasttext.model import FastTextModel
from tests.models import model_bytes

SCORES = np.array([0.9, 0.8, 0.6, 0.3, 0.7, 0.2, 0.1, 0.4], np.float32)
GOOD = np.array([True] * 4 + [False] * 4)


def test_counts_by_hand() -> None:
    low, even, high, none = at_thresholds(SCORES, GOOD, np.arange(8), (0.05, 0.5, 0.75, 0.95))
    assert [row.kept for row in (low, even, high, none)] == [8, 4, 2, 0]
    assert [row.precision and row.precision.value for row in (low, even, high, none)] == [0.5, 0.75, 1.0, None]
    assert [row.recall.value for row in (low, even, high, none)] == [1.0, 0.75, 0.5, 0.0]


def test_two_right_answers_of_two_domains_prove_little() -> None:
    (row,) = at_thresholds(SCORES, GOOD, np.arange(8), (0.75,))
    assert row.precision is not None
    assert (row.precision.low, row.precision.high) == (pytest.approx(0.025**0.5), 1.0)


def test_one_domain_proves_nothing() -> None:
    groups = np.where(GOOD, 0, np.arange(8))  # all good pages are of one
    (row,) = at_thresholds(SCORES, GOOD, groups, (0.65,))
    assert (row.recall.value, row.recall.low, row.recall.high) == (0.5, 0.0, 1.0)
    (row,) = at_thresholds(SCORES, GOOD, np.zeros(8, np.int64), (0.5,))
    assert row.precision is not None
    assert (row.precision.value, row.precision.low, row.precision.high) == (0.75, 0.0, 1.0)


def test_pages_of_one_domain_are_one_draw() -> None:
    draw = np.random.default_rng(1)
    scores = draw.random(400).astype(np.float32)
    good = scores + draw.normal(size=400) * 0.3 > 0.5
    alone, together = (
        at_thresholds(scores, good, groups, (0.5,))[0].precision for groups in (np.arange(400), np.arange(400) // 40)
    )
    assert alone is not None
    assert together is not None
    assert alone.value == together.value
    assert alone.high - alone.low < together.high - together.low


def test_intervals_hold_what_they_promise() -> None:
    """Of 200 draws of 60 domains, whose pages are alike, the true precision lies in the interval of about 190."""
    draw, hits = np.random.default_rng(2), 0
    for _ in range(200):
        groups = np.repeat(np.arange(60), 5)
        chance = np.repeat(draw.beta(4, 2, 60), 5)  # a mean of 2/3
        good = draw.random(300) < chance
        (row,) = at_thresholds(np.ones(300, np.float32), good, groups, (0.5,))
        assert row.precision is not None
        hits += row.precision.low <= 2 / 3 <= row.precision.high
    assert 180 <= hits <= 198


def test_thresholds_are_scores_that_are_reached_and_no_more_than_1() -> None:
    found = thresholds_of(np.array([0.25, 1.00001, 0.75, 0.0], np.float32))
    assert found == [0.25, 0.5, 0.75, 1.0] or found == [0.25, 0.5, 1.0]
    assert all(0 < each <= 1 for each in found)


def lines(*texts: str) -> list[TrainingLine]:
    return [TrainingLine(number, text, f"{number}.example") for number, text in enumerate(texts)]


def test_words_make_the_distance_of_the_mean_logits(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(model_bytes(labels=["good", "bad"], word_ngrams=2, seed=5))
    model = FastTextModel(path)
    sides = lines("one two", "one three one", "one été"), lines("four two", "four four", "four unknown")
    found = words_each_way(model, 0, sides)
    means = [np.mean([word_logits(model, 0, each.line).logit for each in side]) for side in sides]  # type: ignore[union-attr]
    assert found.gap == pytest.approx(means[0] - means[1], abs=1e-9)
    assert found.pages == 6
    told = {each.word: each.pages for each in (*found.good, *found.bad)}
    assert told.items() <= {"one": 3, "four": 3, "</s>": 6}.items()
    assert scores_of(model, 0, sides[0]).dtype == np.float32


def test_a_word_that_speaks_for_one_side_is_told_there(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(model_bytes(labels=["good", "bad"], words=("</s>", "one", "two"), longest=0, buckets=0, seed=5))
    model = FastTextModel(path)
    raises, lowers = sorted(("one", "two"), key=lambda word: -_alone(model, word))
    found = words_each_way(model, 0, (lines(*[raises] * 3), lines(*[lowers] * 3)))
    if _alone(model, raises) > 0:
        assert raises in [each.word for each in found.good]
    if _alone(model, lowers) < 0:
        assert lowers in [each.word for each in found.bad]
    assert _alone(model, raises) > 0 or _alone(model, lowers) < 0


def _alone(model: FastTextModel, word: str) -> float:
    found = word_logits(model, 0, word)
    assert found is not None
    return float(found.shares[0])
