"""Answers to a test set that has no labels, in the format of its benchmark.

    FOLDER/predictions/rte.tsv      GLUE: index<TAB>prediction; the word of a label, for CoLA, SST-2, MRPC, QQP and WNLI
                                    its number, for STS-B a number of 0 to 5
    FOLDER/predictions/boolq.jsonl  SuperGLUE: {"idx": 0, "label": "true"}; the word of a label, for COPA its number, of
                                    BoolQ and WiC in small letters; MultiRC nested as its data are
    FOLDER/predictions/xnli.jsonl   any other: {"idx": 0, "prediction": "1"}

The formats are recalled from the two sites' requirements, and were not tried there. An index is that of the row, or its
number if it has none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from model.answers import json_lines, put_answers, task_file
from model.tasks.data import RowExample, TaskData
from model.tasks.naming import GROUPS

PREDICTIONS = "predictions"
_NUMBERS = {"cola", "sst2", "mrpc", "qqp", "wnli", "copa"}  # labels by number
_SMALL = {"boolq", "wic"}
_GLUE, _SUPERGLUE = ({task.name for task in GROUPS[group]} - {"dpr"} for group in ("glue", "superglue"))

_Records = Callable[[Sequence[RowExample], Sequence[Any], str], list[dict[str, Any]]]


def record_predictions(
    folder: Path, data: TaskData, split: str, asked: Sequence[RowExample], written: Sequence[str]
) -> tuple[Path, int]:
    """Writes the file of a task. Returns it, and the number of answers that are not labels and became the first
    label.
    """
    base = data.name.partition("/")[0]
    found = [data.task.read(text, one.example) for one, text in zip(asked, written, strict=True)]
    labels = data.task.format.labels
    wrong = sum(value == -1 for value in found) if labels else 0
    values = [_value(base, value, labels) for value in found]
    # The split is part of the name unless it is the usual one, here the test set.
    usual = "validation" if split == "test" else split
    if base in _GLUE:
        path = task_file(folder / PREDICTIONS, data.name, usual, ".tsv")
        lines = [f"{_index(one, 'index', 'idx')}\t{value}\n" for one, value in zip(asked, values, strict=True)]
        put_answers(folder, path, "".join(["index\tprediction\n", *lines]).encode(), len(asked))
        return path, wrong
    path = task_file(folder / PREDICTIONS, data.name, usual, ".jsonl")
    records: _Records = _RECORDS.get(base, _records)
    named = records(asked, values, "label" if base in _SUPERGLUE else "prediction")
    put_answers(folder, path, json_lines(named), len(asked))
    return path, wrong


def _value(base: str, value: Any, labels: Sequence[str]) -> Any:
    """A prediction in the benchmark's format."""
    if base == "stsb":
        return f"{min(5.0, max(0.0, value)):.3f}"
    if not labels:
        return value
    number = max(0, value)
    return number if base in _NUMBERS else labels[number].lower() if base in _SMALL else labels[number]


def _index(asked: RowExample, *columns: str) -> Any:
    return next((asked.row[column] for column in columns if asked.row.get(column) is not None), asked.number)


def _records(asked: Sequence[RowExample], values: Sequence[Any], name: str) -> list[dict[str, Any]]:
    return [{"idx": _index(one, "idx", "id"), name: value} for one, value in zip(asked, values, strict=True)]


def _record(asked: Sequence[RowExample], values: Sequence[Any], name: str) -> list[dict[str, Any]]:
    """ReCoRD: only by the number of the query."""
    return [{"idx": one.row["idx"]["query"], name: value} for one, value in zip(asked, values, strict=True)]


def _multirc(asked: Sequence[RowExample], values: Sequence[Any], name: str) -> list[dict[str, Any]]:
    """MultiRC: one record per passage, with its questions and their answers."""
    passages: dict[Any, dict[Any, list[dict[str, Any]]]] = {}
    for one, value in zip(asked, values, strict=True):
        idx = one.row["idx"]
        answers = passages.setdefault(idx["paragraph"], {}).setdefault(idx["question"], [])
        answers.append({"idx": idx["answer"], name: int(value == "True")})
    return [
        {
            "idx": passage,
            "passage": {"questions": [{"idx": number, "answers": answers} for number, answers in questions.items()]},
        }
        for passage, questions in passages.items()
    ]


_RECORDS: dict[str, _Records] = {"record": _record, "multirc": _multirc}
