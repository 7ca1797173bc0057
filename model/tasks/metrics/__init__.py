"""Metrics by name, each a function from answers and predictions to values by name.

    classes.py   numbers of labels, and numbers: accuracy, Matthews, F1, correlations, MultiRC
    answers.py   accepted texts, sets of them, names in a sentence
    texts.py     whole texts: exact match, BLEU, ROUGE
    baseline.py  the score of the most frequent answer

All values are shares or correlations times 100, as T5 prints them, under the names of T5 0.9.4, and equal to those of
T5 0.9.4, mT5 and T5's closed-book code: `bench/metrics.py` compares them. Two differ from their source: mT5's `span_f1`
is from 0 to 1, and rouge's bootstrap is seeded here. Without data the result is nan, where the sources fail.
"""

from __future__ import annotations

from functools import partial

from model.tasks.base import Metric
from model.tasks.metrics.answers import MLQA_LANGUAGES, mlqa, nq_multi, record, span_f1, squad, trivia_qa
from model.tasks.metrics.baseline import Majority, majority
from model.tasks.metrics.classes import accuracy, f1, matthews, mean_f1_3, multirc, pearson, spearman
from model.tasks.metrics.texts import bleu, exact_match, rouge

__all__ = ["METRICS", "Majority", "majority"]

METRICS: dict[str, Metric] = {
    "accuracy": accuracy,
    "bleu": bleu,
    "exact_match": exact_match,
    "f1": f1,
    "matthews": matthews,
    "mean_f1_3": mean_f1_3,
    **{f"mlqa_{language}": partial(mlqa, language=language) for language in MLQA_LANGUAGES},
    "multirc": multirc,
    "nq_multi": nq_multi,
    "nq_multi_1": partial(nq_multi, annotators=1),
    "pearson": pearson,
    "record": record,
    "rouge": rouge,
    "span_f1": span_f1,
    "spearman": spearman,
    "squad": squad,
    "trivia_qa": trivia_qa,
}
