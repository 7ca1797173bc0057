"""The trainer itself for a fixed time: its final loss, and tokens read per second, loading included."""

from __future__ import annotations

import csv
import json
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from bench.gpu.cases import Row, Scale
from bench.gpu.sections import last_line


class TrainingError(Exception):
    """model.train ended early with an error."""


LAST = 20  # steps whose mean loss is reported: single ones differ by tenths


def training(scale: Scale, data: Path, run: Path, seconds: float, options: Sequence[str], log: Path) -> Iterator[Row]:
    """One row per minute of training, then one for all. SIGTERM ends it like a job: it saves and could resume.

    TrainingError if it ended before its last step.
    """
    command = [sys.executable, "-m", "model.train", "--data", str(data), "--run", str(run), *scale.training]
    command += ["--no-tensorboard", "--eval-every", "1000000", "--save-every", "1000000", "--samples", "0", *options]
    with log.open("w", encoding="utf-8") as words:
        process = subprocess.Popen(command, stdout=words, stderr=subprocess.STDOUT)
        try:
            code = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            code = process.wait()
        finally:
            process.kill()
    if code not in (0, 128 + signal.SIGTERM):
        raise TrainingError(f"died with exit code {code}: {last_line(log)}")
    with (run / "metrics.csv").open(encoding="utf-8", newline="") as file:
        steps = list(csv.DictReader(file))
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    *minutes, end = rows_of(steps)
    yield from minutes
    yield end | {"vocabulary": config["model"]["vocab_size"]}


def rows_of(steps: Sequence[dict[str, str]]) -> Iterator[Row]:
    """From the lines of `metrics.csv`: the last steps of each minute, and of the run.

    >>> line = {"step": "7", "loss": "2.5", "tokens": "4096", "seconds": "61.5", "wait": "0.8"}
    >>> for row in rows_of([line | {"step": "6", "seconds": "21.5", "tokens": "96", "loss": "3"}, line]):
    ...     print(row)
    {'until': 'minute 1', 'step': 6, 'loss': 3.0, 'tokens': 96}
    {'until': 'minute 2', 'step': 7, 'loss': 2.5, 'tokens': 4096}
    {'until': 'its end, 61.5 s', 'step': 7, 'loss': 2.75, 'tokens': 4096, 'input tokens/s': 100, 'waited': '2.0%'}
    """
    ended = [float(row["seconds"]) for row in steps]
    for minute, group in groupby(steps, key=lambda row: int(float(row["seconds"]) // 60)):
        yield _told(f"minute {minute + 1}", list(group))
    if len(steps) < 2:
        return
    # Counted from the first step: loading and compiling come before it.
    read = int(steps[-1]["tokens"]) - int(steps[0]["tokens"])
    waited = sum(float(row["wait"]) for row in steps[1:])
    rate = {"input tokens/s": round(read / (ended[-1] - ended[0])), "waited": f"{waited / (ended[-1] - ended[0]):.1%}"}
    yield _told(f"its end, {ended[-1]:.1f} s", steps) | rate


def _told(until: str, steps: Sequence[dict[str, str]]) -> Row:
    loss = statistics.fmean(float(row["loss"]) for row in steps[-LAST:])
    return {"until": until, "step": int(steps[-1]["step"]), "loss": round(loss, 4), "tokens": int(steps[-1]["tokens"])}
