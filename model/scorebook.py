"""What a scoring leaves and shows: `scores.csv`, the written answers, and a table for people.

FOLDER/scores.csv            step, task, split, metric, value, examples
FOLDER/written/rte.jsonl     {"input": ..., "target": ..., "written": ...}; target null where the data have none;
                             of a split other than validation rte.test.jsonl, of xnli/de xnli/de.jsonl
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from model.disk import put, put_aside
from model.examples import HELD_OUT
from model.run import say
from model.scoring import SCORE_COLUMNS, TaskScore
from model.table import as_csv, head, read_table
from model.tasks import METRICS, Majority, Task, TaskExample, majority

SCORES_FILE, _WRITTEN = "scores.csv", "written"
_SHOWN = 6  # answers of a balance


class ScoredTask(NamedTuple):
    """What is told of a task's split. Of a split without labels there are no scores."""

    scores: Sequence[TaskScore]
    beside: dict[str, float]  # what the most frequent answer alone would get, by metric
    balance: str


def record_scores(folder: Path, step: int, scores: Iterable[TaskScore]) -> None:
    """Adds rows to `scores.csv`, in place of those of the same step, task, split and metric. A file that is no such
    table is kept under another name."""
    path = folder / SCORES_FILE
    if path.exists() and not path.read_bytes().startswith(head(SCORE_COLUMNS)):
        say(f"note: {path} is no table of scores: kept as {put_aside(path).name}")
    new = [{"step": str(step), **one._asdict(), "value": f"{one.value:.6f}"} for one in scores]
    there = {_key(row) for row in new}
    rows = [row for row in read_table(path, SCORE_COLUMNS) if _key(row) not in there] + new
    folder.mkdir(parents=True, exist_ok=True)
    put(path, head(SCORE_COLUMNS) + as_csv([row[name] for name in SCORE_COLUMNS] for row in rows))


def _key(row: Any) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in ("step", "task", "split", "metric"))


def task_file(folder: Path, task: str, split: str, suffix: str) -> Path:
    """The file of a task's split in a folder, the folder made. A stroke in a name makes a folder of its own.

    >>> task_file(Path("/tmp/written"), "xnli/de", "test", ".jsonl").relative_to("/tmp/written").as_posix()
    'xnli/de.test.jsonl'
    """
    part = "" if split == HELD_OUT else f".{split}"
    path = folder / f"{task}{part}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def record_written(
    folder: Path, task: str, split: str, examples: Sequence[TaskExample], written: Sequence[str]
) -> Path:
    """Writes the answers beside the targets; the file."""
    path = task_file(folder / _WRITTEN, task, split, ".jsonl")
    lines = (
        {"input": one.inputs, "target": None if one.answer is None else one.targets, "written": text}
        for one, text in zip(examples, written, strict=True)
    )
    put(path, json_lines(lines))
    return path


def json_lines(rows: Iterable[Any]) -> bytes:
    """One JSON value a line, in UTF-8."""
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode("utf-8", "surrogatepass")


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
    """For people: each value beside what the most frequent answer alone would get, and the balance of classes."""
    rows = [("task", "split", "metric", "value", "majority", "examples")]
    lines: list[str | None] = [None]
    for one in scored:
        rows += _rows(one)
        lines += [None] * len(one.scores)
        if one.balance and one.scores:
            lines.append(f"  answers: {one.balance}")
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    aligned = iter(
        "  ".join([*map(str.ljust, row[:3], widths[:3]), *map(str.rjust, row[3:], widths[3:])]) for row in rows
    )
    return "\n".join((line if line is not None else next(aligned)).rstrip() for line in lines)


def _rows(one: ScoredTask) -> Iterator[tuple[str, str, str, str, str, str]]:
    for score in one.scores:
        usual = f"{one.beside[score.metric]:.2f}" if score.metric in one.beside else "-"
        yield score.task, score.split, score.metric, f"{score.value:.2f}", usual, f"{score.examples:,}"
