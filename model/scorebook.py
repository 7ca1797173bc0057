"""What a scoring writes and prints: `scores.csv`, the written answers, and a table for people.

FOLDER/scores.csv            step, task, split, metric, value, examples
FOLDER/written/rte.jsonl     {"input": ..., "target": ..., "written": ...}; target is null if the data have none;
                             for splits other than validation rte.test.jsonl, for xnli/de xnli/de.jsonl
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
_SHOWN = 6  # most answers shown in a balance
_NAN = "  nan: undefined, such as a correlation when all answers or predictions are the same, or a metric over nothing"


class ScoredTask(NamedTuple):
    """The results for a task's split. A split without labels has no scores."""

    scores: Sequence[TaskScore]
    beside: dict[str, float]  # scores of always giving the most frequent answer, by metric
    balance: str


def is_scored(folder: Path) -> bool:
    """Whether a scoring wrote into it: it writes the table first."""
    path = folder / SCORES_FILE
    return path.is_file() and path.read_bytes().startswith(head(SCORE_COLUMNS))


def record_scores(folder: Path, step: int, scores: Sequence[TaskScore]) -> None:
    """Adds rows to `scores.csv`, replacing those with the same step, task, split and metric.

    A row over more examples stays, and a replaced value is reported. A file that is not such a table, or has malformed
    lines, is renamed and kept.
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
    """Writes the answers next to the targets. Returns the file."""
    path = task_file(folder / WRITTEN_ANSWERS, task, split, ".jsonl")
    lines = (
        {"input": one.inputs, "target": None if one.answer is None else one.targets, "written": text}
        for one, text in zip(examples, written, strict=True)
    )
    put_answers(folder, path, json_lines(lines), len(examples))
    return path


def beside(task: Task, examples: Sequence[TaskExample]) -> tuple[dict[str, float], str]:
    """The scores, by metric, of always giving the most frequent answer of a split, and the frequency of each answer."""
    answers = [example.answer for example in examples if example.answer is not None]
    found = [majority(answers, METRICS[name]) for name in task.metrics] if answers else []
    values = {name: value for one in found for name, value in one.values.items()}
    return values, _balance(task, found[0]) if found else ""


def _balance(task: Task, found: Majority) -> str:
    """The balance in words, for classes and numbers; "" if answers are texts."""
    labels = task.format.labels
    if isinstance(found.prediction, str):
        return ""
    named = [(labels[answer] if labels else answer, share) for answer, share in found.balance[:_SHOWN]]
    rest = ", ..." if len(found.balance) > _SHOWN else ""
    return ", ".join(f"{answer} {share:.1f} %" for answer, share in named) + rest


def scores_shown(scored: Sequence[ScoredTask]) -> str:
    """The scores for people: each value next to that of always giving the most frequent answer, and the balance of
    classes; "" if no split has a score.
    """
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
