"""What a scoring leaves and shows: `scores.csv`, the written answers, and a table for people.

FOLDER/scores.csv            step, task, split, metric, value, examples
FOLDER/written/rte.jsonl     {"input": ..., "target": ..., "written": ...}; target null where the data have none;
                             of a split other than validation rte.test.jsonl, of xnli/de xnli/de.jsonl
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from c4pipe.disk import put_aside
from model.answers import json_lines, put_answers, task_file
from model.disk import put
from model.run import say
from model.scoring import SCORE_COLUMNS, TaskScore
from model.table import as_csv, head, read_table
from model.tasks import METRICS, Majority, Task, TaskExample, majority

SCORES_FILE, WRITTEN_ANSWERS = "scores.csv", "written"
_SHOWN = 6  # answers of a balance
_NAN = "  nan: undefined, such as a correlation when all answers or predictions are the same, or a metric over nothing"


class ScoredTask(NamedTuple):
    """What is told of a task's split. Of a split without labels there are no scores."""

    scores: Sequence[TaskScore]
    beside: dict[str, float]  # what the most frequent answer alone would get, by metric
    balance: str


def is_scored(folder: Path) -> bool:
    """Whether a scoring has written into it: the first thing is a table."""
    path = folder / SCORES_FILE
    return path.is_file() and path.read_bytes().startswith(head(SCORE_COLUMNS))


def record_scores(folder: Path, step: int, scores: Sequence[TaskScore]) -> None:
    """Adds rows to `scores.csv`, in place of those of the same step, task, split and metric.

    A row of more examples stays, and another value that is replaced is told. A file that is no such table, or has a
    line that is no row of one, is kept under another name.
    """
    path = folder / SCORES_FILE
    rows = {_key(row): row for row in _rows_there(path)}
    stay, replaced = [], []
    for one in scores:
        row = {"step": str(step), **one._asdict(), "value": f"{one.value:.6f}"}
        before = rows.pop(_key(row), row)
        fuller = float(before["examples"]) > one.examples
        rows[_key(row)] = before if fuller else row
        if fuller:
            stay.append(f"{one.metric} of {before['examples']}")
        elif before["value"] != row["value"]:
            replaced.append(f"{one.metric} {before['value']} by {row['value']}")
    where = f"note: {path}, step {step}, {', '.join(dict.fromkeys(f'{one.task} {one.split}' for one in scores))}"
    if stay:
        say(f"{where}: scores over more examples stay ({', '.join(stay)}). Remove them, or give another --output")
    if replaced:
        say(f"{where}: replaced {', '.join(replaced)}")
    folder.mkdir(parents=True, exist_ok=True)
    put(path, head(SCORE_COLUMNS) + as_csv([row[name] for name in SCORE_COLUMNS] for row in rows.values()))


def _rows_there(path: Path) -> list[dict[str, Any]]:
    if not os.path.lexists(path):
        return []
    content = path.read_bytes() if path.is_file() else b""
    if not content.startswith(head(SCORE_COLUMNS)):
        say(f"note: {path} is not a table of scores: kept as {put_aside(path).name}")
        return []
    rows: list[dict[str, Any]] = [*read_table(path, SCORE_COLUMNS)]
    if damaged := sum(bool(line.strip()) for line in content.split(b"\n")[1:]) - len(rows):
        say(f"note: {path} has {damaged} damaged lines: kept as {put_aside(path).name}")
    return rows


def _key(row: Any) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in ("step", "task", "split", "metric"))


def record_written(
    folder: Path, task: str, split: str, examples: Sequence[TaskExample], written: Sequence[str]
) -> Path:
    """Writes the answers beside the targets; the file."""
    path = task_file(folder / WRITTEN_ANSWERS, task, split, ".jsonl")
    lines = (
        {"input": one.inputs, "target": None if one.answer is None else one.targets, "written": text}
        for one, text in zip(examples, written, strict=True)
    )
    put_answers(folder, path, json_lines(lines), len(examples))
    return path


def beside(task: Task, examples: Sequence[TaskExample]) -> tuple[dict[str, float], str]:
    """Of the answers of a split: what the most frequent one alone would get, by metric, and how often each occurs."""
    answers = [example.answer for example in examples if example.answer is not None]
    found = [majority(answers, METRICS[name]) for name in task.metrics] if answers else []
    values = {name: value for one in found for name, value in one.values.items()}
    return values, _balance(task, found[0]) if found else ""


def _balance(task: Task, found: Majority) -> str:
    """In words, for classes and numbers; "" where answers are texts."""
    labels = task.format.labels
    if isinstance(found.prediction, str):
        return ""
    named = [(labels[answer] if labels else answer, share) for answer, share in found.balance[:_SHOWN]]
    rest = ", ..." if len(found.balance) > _SHOWN else ""
    return ", ".join(f"{answer} {share:.1f} %" for answer, share in named) + rest


def scores_shown(scored: Sequence[ScoredTask]) -> str:
    """For people: each value beside what the most frequent answer alone would get, and the balance of classes; "" where
    no split has a score."""
    if not any(one.scores for one in scored):
        return ""
    rows = [("task", "split", "metric", "value", "majority", "examples")]
    lines: list[str | None] = [None]
    for one in scored:
        rows += _rows(one)
        lines += [None] * len(one.scores)
        if one.balance and one.scores:
            lines.append(f"  answers: {one.balance}")
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if any(math.isnan(score.value) for one in scored for score in one.scores):
        lines.append(_NAN)
    aligned = iter(
        "  ".join([*map(str.ljust, row[:3], widths[:3]), *map(str.rjust, row[3:], widths[3:])]) for row in rows
    )
    return "\n".join((line if line is not None else next(aligned)).rstrip() for line in lines)


def _rows(one: ScoredTask) -> Iterator[tuple[str, str, str, str, str, str]]:
    for score in one.scores:
        usual = f"{one.beside[score.metric]:.2f}" if score.metric in one.beside else "-"
        yield score.task, score.split, score.metric, f"{score.value:.2f}", usual, f"{score.examples:,}"
