"""SuperGLUE as in T5; WSC and DPR are in `pronouns.py`. Wang et al. 2019, 1905.00537.

Rows are flat, as in the Hub and TFDS, or records of SuperGLUE's own JSONL, where MultiRC and ReCoRD are nested.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from model.tasks.base import (
    UNLABELLED,
    DataRow,
    Format,
    Task,
    TaskExample,
    TaskLayout,
    TaskLengths,
    featured,
    filled_in,
    labelled,
)
from model.tasks.glue import ENTAILMENT, GLUE_SOURCE, feature_task

_LENGTHS = TaskLengths(512, 62)
TRUTH = ("False", "True")
_QUESTION = featured("multirc", "question", "answer", "paragraph")
_HIGHLIGHT = "\n@highlight\n"


@dataclass(frozen=True)
class MultiRC(Format):
    """Whether a text answers the question. Each answer is a row; markup of passages is removed.

    The answer is {"group": the number of the question, "label": 0 or 1}: T5 groups only by that number.
    """

    labels: tuple[str, ...] = TRUTH

    @property
    def columns(self) -> tuple[str, ...]:
        return ("paragraph", "question", "answer", "idx")

    @property
    def answer_columns(self) -> tuple[str, ...]:
        return ("label",)

    def __call__(self, row: DataRow, training: bool) -> list[TaskExample]:
        text = filled_in(_QUESTION, row).replace("<br>", " ")
        example = labelled(re.sub("</?b>", "", text), row.get("label"), self.labels)
        if example.answer is None:
            return [example]
        return [example._replace(answer={"group": row["idx"]["question"], "label": example.answer})]


@dataclass(frozen=True)
class Cloze(Format):
    """ReCoRD: which entity of a passage belongs into the gap of the query.

    In training, one example for each correct entity; in evaluation, one example with all of them as its answer:
    {"group": [number of the passage, number of the query], "answers": [...]}.
    """

    @property
    def columns(self) -> tuple[str, ...]:
        return ("passage", "query", "entities", "idx")

    @property
    def answer_columns(self) -> tuple[str, ...]:
        return ("answers",)

    def __call__(self, row: DataRow, training: bool) -> list[TaskExample]:
        passage = re.sub(rf"([.?!\"']){_HIGHLIGHT}", r"\1 ", row["passage"]).replace(_HIGHLIGHT, ". ")
        inputs = filled_in("record query: {query}", row) + f" entities: {', '.join(row['entities'])} passage: {passage}"
        answers = [*(row.get("answers") or [])]
        if not answers:
            return [TaskExample(inputs, UNLABELLED)]
        answer = {"group": [row["idx"]["passage"], row["idx"]["query"]], "answers": answers}
        return [TaskExample(inputs, target, answer) for target in (answers if training else answers[:1])]


def multirc_rows(record: DataRow) -> Iterable[DataRow]:
    """A passage with its questions and their answers; a flat row stays."""
    if not isinstance(record.get("passage"), Mapping):
        return [record]
    return [
        {
            "paragraph": record["passage"]["text"],
            "question": question["question"],
            "answer": answer["text"],
            "label": answer.get("label"),
            "idx": {"paragraph": record["idx"], "question": question["idx"], "answer": answer["idx"]},
        }
        for question in record["passage"]["questions"]
        for answer in question["answers"]
    ]


def record_rows(record: DataRow) -> Iterable[DataRow]:
    """A passage with its queries; a flat row stays. Each text counts once, sorted, as in TFDS."""
    passage = record.get("passage")
    if not isinstance(passage, Mapping):
        return [record]
    text = passage["text"]
    entities = sorted({text[entity["start"] : entity["end"] + 1] for entity in passage["entities"]})
    return [
        {
            "passage": text,
            "query": query["query"],
            "entities": entities,
            "answers": sorted({answer["text"] for answer in query.get("answers", ())}),
            "idx": {"passage": record["idx"], "query": query["idx"]},
        }
        for query in record["qas"]
    ]


_NLI = ("hypothesis", "premise")
_task = partial(feature_task, lengths=_LENGTHS)

SUPERGLUE = (
    _task("boolq", ("passage", "question"), TRUTH, ("accuracy",)),
    _task("cb", _NLI, ("entailment", "contradiction", "neutral"), ("mean_f1_3", "accuracy")),
    _task("copa", ("choice1", "choice2", "premise", "question"), ("choice1", "choice2"), ("accuracy",)),
    Task("multirc", MultiRC(), ("multirc",), _LENGTHS, source=GLUE_SOURCE, layout=TaskLayout(unnest=multirc_rows)),
    Task("record", Cloze(), ("record",), _LENGTHS, source=GLUE_SOURCE, layout=TaskLayout(unnest=record_rows)),
    _task("superglue_rte", _NLI, ENTAILMENT, ("accuracy",), prefix="rte"),
    _task("wic", ("sentence1", "sentence2", "word"), TRUTH, ("accuracy",)),
    _task(
        "axb",
        _NLI,
        ENTAILMENT,
        ("matthews",),
        prefix="rte",
        layout=TaskLayout((("sentence1", "premise"), ("sentence2", "hypothesis"))),
        splits=("test",),
    ),
    _task("axg", _NLI, ENTAILMENT, ("accuracy",), prefix="rte", splits=("test",)),
)
