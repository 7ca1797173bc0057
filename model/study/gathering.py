"""The results of a study's runs: rows of `results.csv`, and curves of losses.

OUT/results.csv   study, arm, seed, task, metric, value, step, examples, run
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from model.best import best_scores
from model.run import EVALS_FILE, METRICS_FILE
from model.scoring import SCORE_COLUMNS
from model.study.base import Study
from model.study.planned import PlannedRun
from model.table import EVAL_COLUMNS, METRIC_COLUMNS, as_csv, head, read_table

OF_TEXT = "text"  # used like a task: losses of a pre-training
TRAINING_LOSS, HELD_OUT_LOSS, BITS = "training loss", "held-out loss", "bits per byte"
TAIL = 0.1  # share of the last steps, whose mean is the training loss


class Result(NamedTuple):
    """A row of `results.csv`."""

    study: str
    arm: str
    seed: int
    task: str
    metric: str
    value: float
    step: int
    examples: int  # or tokens, for text
    run: str  # its folder


def task_results(study: str, arm: str, seed: int, run: PlannedRun, runs: Path) -> Iterator[Result]:
    """The scores of a run, for each task at its best step by its first metric."""
    rows = read_table(run.result(runs), SCORE_COLUMNS)
    rows = [row for row in rows if row["split"] == "validation" and (row["step"] != "0" or run.command == "score")]
    best = best_scores(rows, {int(row["step"]) for row in rows})
    for row in rows:
        name = row["task"]
        # A task without a value at any step is reported at its last step.
        step = best[name].step if name in best else max(int(other["step"]) for other in rows if other["task"] == name)
        if int(row["step"]) == step:
            yield Result(
                study, arm, seed, name, row["metric"], float(row["value"]), step, int(row["examples"]), run.name
            )


def text_results(study: str, arm: str, seed: int, run: PlannedRun, runs: Path) -> Iterator[Result]:
    """The losses of a pre-training at its end."""
    losses = [
        (int(row["step"]), float(row["loss"])) for row in read_table(runs / run.name / METRICS_FILE, METRIC_COLUMNS)
    ]
    rows = [row for row in read_table(runs / run.name / EVALS_FILE, EVAL_COLUMNS) if row["entry"] == "all"]
    last = losses[-1][0]
    tail = [loss for step, loss in losses if step > last * (1 - TAIL)]
    yield Result(study, arm, seed, OF_TEXT, TRAINING_LOSS, sum(tail) / len(tail), last, 0, run.name)
    if rows:
        step, tokens = int(rows[-1]["step"]), int(rows[-1]["tokens"])
        for metric, column in ((HELD_OUT_LOSS, "loss"), (BITS, "bits_per_byte")):
            yield Result(study, arm, seed, OF_TEXT, metric, float(rows[-1][column]), step, tokens, run.name)


def results_csv(results: Iterable[Result]) -> bytes:
    """The table of all results."""
    return head(Result._fields) + as_csv([*row[:5], f"{row.value:.6f}", *row[6:]] for row in results)


def read_results(path: Path) -> list[Result]:
    """The rows of a table that `results_csv` made. ValueError or KeyError for another one."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Result(
                row["study"],
                row["arm"],
                int(row["seed"]),
                row["task"],
                row["metric"],
                float(row["value"]),
                int(row["step"]),
                int(row["examples"]),
                row["run"],
            )
            for row in csv.DictReader(file)
        ]


Samples = dict[tuple[str, str], dict[str, dict[int, float]]]  # (task, metric) -> arm -> seed -> value


def samples_of(results: Iterable[Result]) -> Samples:
    """Values by metric, arm and seed; NaN is skipped."""
    found: Samples = {}
    for row in results:
        arm = found.setdefault((row.task, row.metric), {}).setdefault(row.arm, {})
        if not math.isnan(row.value):
            arm[row.seed] = row.value
    return found


def compared(samples: Samples, study: Study) -> Samples:
    """The measurements on which arms are compared: the first metric of each task, and losses over the same targets."""
    chosen: Samples = {}
    seen: set[str] = set()
    for (task, metric), arms in samples.items():
        if task == OF_TEXT:
            wanted = study.text and (metric == HELD_OUT_LOSS or (study.curves and metric == TRAINING_LOSS))
        else:
            wanted = task not in seen or metric in study.metrics
        if wanted:
            chosen[task, metric] = arms
        seen.add(task)
    return chosen


class Curves(NamedTuple):
    """Losses by step, the mean over seeds."""

    training: list[tuple[float, float]]
    held_out: list[tuple[float, float]]


def curves_of(pretrainings: Sequence[PlannedRun], runs: Path, points: int = 40) -> Curves:
    """The curves of an arm's pre-trainings, one per seed: training losses as means of sections, held-out ones
    unchanged.
    """
    training = [_pairs(runs / run.name / METRICS_FILE, METRIC_COLUMNS, {}) for run in pretrainings]
    held_out = [_pairs(runs / run.name / EVALS_FILE, EVAL_COLUMNS, {"entry": "all"}) for run in pretrainings]
    return Curves(_stretches(_mean(training), points), _mean(held_out))


def _pairs(path: Path, columns: Sequence[str], where: Mapping[str, str]) -> list[tuple[float, float]]:
    rows = read_table(path, columns)
    return [
        (float(r["step"]), float(r["loss"])) for r in rows if all(r[name] == value for name, value in where.items())
    ]


def _mean(lines: Sequence[Sequence[tuple[float, float]]]) -> list[tuple[float, float]]:
    """The mean of lines over the same steps."""
    return [(points[0][0], math.fsum(loss for _, loss in points) / len(points)) for points in zip(*lines, strict=False)]


def _stretches(line: Sequence[tuple[float, float]], points: int) -> list[tuple[float, float]]:
    size = -(-len(line) // points) if line else 1
    parts = [line[start : start + size] for start in range(0, len(line), size)]
    return [(part[-1][0], math.fsum(loss for _, loss in part) / len(part)) for part in parts]
