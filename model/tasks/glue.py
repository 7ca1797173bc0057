"""GLUE as in T5: the task's name, then each text after its name, sorted by name. Wang et al. 2018, 1804.07461.

Columns are those of the Hub's and TFDS's files; `TaskLayout.aliases` maps the names in GLUE's own TSV files.
"""

from __future__ import annotations

from typing import Any

from model.tasks.base import (
    UNLABELLED,
    DataRow,
    Task,
    TaskExample,
    TaskLayout,
    TaskLengths,
    Template,
    featured,
    filled_in,
)
from model.tasks.pronouns import WNLI

GLUE_SOURCE = "PyPI t5 0.9.4: data/glue_utils.py, data/preprocessors.py, models/gin/sequence_lengths"
_LENGTHS = TaskLengths(512, 84)
ENTAILMENT = ("entailment", "not_entailment")
INFERENCE = ("entailment", "neutral", "contradiction")
_MNLI = (("sentence1", "premise"), ("sentence2", "hypothesis"), ("gold_label", "label"))
_DIAGNOSTIC = (*_MNLI, ("Premise", "premise"), ("Hypothesis", "hypothesis"), ("Label", "label"))


class Similarity(Template):
    """STS-B: the score, rounded to fifths, as text: "3.8". The output is read as a number, else as -1."""

    def __call__(self, row: DataRow, training: bool) -> list[TaskExample]:
        inputs, value = filled_in(self.inputs, row), row.get("label")
        if value is None or value == "":
            return [TaskExample(inputs, UNLABELLED)]
        targets = fifths(float(value))
        return [TaskExample(inputs, targets, None if float(value) == -1 else float(targets))]

    def read(self, written: str, example: TaskExample) -> float:
        try:
            return float(written)
        except ValueError:
            return -1.0


def fifths(score: float) -> str:
    """A score rounded to fifths with one decimal, halves to even, in T5's 32-bit arithmetic.

    >>> [fifths(score) for score in (3.84, 2.5, 4.917, 0)]
    ['3.8', '2.4', '5.0', '0.0']
    """
    import numpy as np  # imported here, so that the table of tasks loads fast

    return f"{np.round(np.float32(score) * np.float32(5)) / np.float32(5):.1f}"


def feature_task(
    name: str,
    features: tuple[str, ...],
    labels: tuple[str, ...],
    metrics: tuple[str, ...],
    prefix: str = "",
    lengths: TaskLengths = _LENGTHS,
    source: str = GLUE_SOURCE,
    **more: Any,
) -> Task:
    """The most common kind of task in both benchmarks: texts after their names, and the word of a label."""
    template = Template(featured(prefix or name, *features), "{label}", labels)
    return Task(name, template, metrics, lengths, source=source, **more)


_PAIR = ("sentence1", "sentence2")
_NLI = ("hypothesis", "premise")

GLUE = (
    feature_task(
        "cola",
        ("sentence",),
        ("unacceptable", "acceptable"),
        ("matthews",),
        layout=TaskLayout((("is_acceptable", "label"),), headless=("source", "label", "mark", "sentence")),
    ),
    feature_task("sst2", ("sentence",), ("negative", "positive"), ("accuracy",)),
    feature_task(
        "mrpc",
        _PAIR,
        ("not_equivalent", "equivalent"),
        ("f1", "accuracy"),
        layout=TaskLayout(
            (("#1 String", "sentence1"), ("#2 String", "sentence2"), ("Quality", "label")),
            never=("msr_paraphrase", "dev_ids"),  # from which GLUE's own script makes train.tsv and dev.tsv
        ),
    ),
    feature_task(
        "qqp",
        ("question1", "question2"),
        ("not_duplicate", "duplicate"),
        ("f1", "accuracy"),
        layout=TaskLayout((("is_duplicate", "label"),), gaps=True),  # 21 lines of its train.tsv; TFDS drops them, too
    ),
    Task(
        "stsb",
        Similarity(featured("stsb", *_PAIR), "{label}"),
        ("pearson", "spearman"),
        _LENGTHS,
        source=GLUE_SOURCE,
        layout=TaskLayout((("score", "label"),)),
    ),
    feature_task("mnli", _NLI, INFERENCE, ("accuracy",), layout=TaskLayout(_MNLI, never=("mismatched",))),
    feature_task(
        "mnli_mismatched",
        _NLI,
        INFERENCE,
        ("accuracy",),
        prefix="mnli",
        layout=TaskLayout(_MNLI, only=("mismatched",)),
        splits=("validation", "test"),
    ),
    feature_task("qnli", ("question", "sentence"), ENTAILMENT, ("accuracy",)),
    feature_task("rte", _PAIR, ENTAILMENT, ("accuracy",)),
    Task("wnli", WNLI, ("accuracy",), source=GLUE_SOURCE, splits=("validation", "test")),
    feature_task("ax", _NLI, INFERENCE, ("matthews",), prefix="mnli", layout=TaskLayout(_DIAGNOSTIC), splits=("test",)),
)
