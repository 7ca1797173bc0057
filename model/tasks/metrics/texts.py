"""Metrics of whole texts: translations and summaries, by the libraries used for published scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from model.tasks.metrics.classes import mean_percent

ROUGES = ("rouge1", "rouge2", "rougeLsum")
BOOTSTRAP_SEED = 0  # any value; without a seed, scores would vary


def exact_match(answers: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """The share of predictions that equal their answers exactly.

    >>> exact_match(["a b", "c"], ["a b", "c "])
    {'exact_match': 50.0}
    """
    pairs = zip(answers, predictions, strict=True)
    return {"exact_match": mean_percent(answer == prediction for answer, prediction in pairs)}


def bleu(answers: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """sacreBLEU's corpus BLEU with `tokenize=intl` and exponential smoothing, case-sensitive."""
    if len(answers) != len(predictions):
        raise ValueError(f"{len(answers)} answers and {len(predictions)} predictions")
    if not answers:
        return {"bleu": math.nan}
    import sacrebleu

    # `force` suppresses a warning about tokenised texts, and changes no score
    scored = sacrebleu.corpus_bleu([*predictions], [[*answers]], smooth_method="exp", tokenize="intl", force=True)
    return {"bleu": float(scored.score)}


def rouge(answers: Sequence[str], predictions: Sequence[str]) -> dict[str, float]:
    """F of ROUGE-1, ROUGE-2 and ROUGE-Lsum, each the median of the means of 1,000 seeded resamplings, as in T5.

    ROUGE-Lsum treats lines as sentences, so a full stop between spaces first becomes a line end.
    """
    texts = [(_in_lines(answer), _in_lines(written)) for answer, written in zip(answers, predictions, strict=True)]
    if not texts:
        return dict.fromkeys(ROUGES, math.nan)
    from rouge_score.rouge_scorer import RougeScorer
    from rouge_score.scoring import BootstrapAggregator

    scorer, aggregator = RougeScorer(ROUGES), BootstrapAggregator()
    for answer, written in texts:
        aggregator.add_scores(scorer.score(target=answer, prediction=written))
    with _seeded():
        result = aggregator.aggregate()
    return {name: 100 * float(result[name].mid.fmeasure) for name in ROUGES}


def _in_lines(text: str) -> str:
    return text.replace(" . ", " .\n")


@contextmanager
def _seeded() -> Iterator[None]:
    """Seeds numpy's global generator, which rouge-score uses, and restores it afterwards."""
    state = np.random.get_state()
    np.random.seed(BOOTSTRAP_SEED)
    try:
        yield
    finally:
        np.random.set_state(state)
