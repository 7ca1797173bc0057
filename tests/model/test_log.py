"""What a run writes besides checkpoints: tables without gaps, a progress line, a reproducible picture."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch

from model.curve import draw_curve, thinned
from model.log import Metrics, ProgressLine
from model.table import METRIC_COLUMNS, Table, read_table


def test_metrics_are_written_to_the_first_that_is_not_finite(tmp_path: Path) -> None:
    metrics = Metrics(table := Table(tmp_path / "m.csv", METRIC_COLUMNS), tokens=100)
    for step, loss in enumerate((2.5, 0.1, float("nan"), 1.0), 1):
        metrics.add(step, 0.01, 0.0, torch.tensor([loss, 1.0, 7, 10, 0]))
    assert [row["loss"] for row in metrics.look()] == ["2.5", "0.100000001", "nan"]
    table.close()
    rows = read_table(tmp_path / "m.csv", METRIC_COLUMNS)
    assert [row["tokens"] for row in rows] == ["110", "120", "130"]
    assert np.float32(rows[1]["loss"]) == np.float32(0.1)  # to the last bit


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def row(step: int) -> dict[str, str]:
    return {"step": str(step), "loss": "2.5", "lr": "0.01"}


def test_a_terminal_has_one_live_line(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter((0.0, 10.0, 10.01, 20.0))
    monkeypatch.setattr("model.log.time.perf_counter", lambda: next(now))
    monkeypatch.setenv("COLUMNS", "90")
    out = Terminal()
    progress = ProgressLine(100, 0, out)
    progress.show(row(1), tokens=50, waited=1.0)
    progress.show(row(11), tokens=550, waited=1.5)
    progress.show(row(12), tokens=600, waited=1.5)  # too soon after the one before
    progress.say("note")
    progress.show(row(21), tokens=1050, waited=2.0)
    progress.close()
    lines = [line.removeprefix("\x1b[K") for line in out.getvalue().split("\r")[1:]]
    assert lines == [
        "step 1/100  loss 2.500  lr 0.01",
        "step 11/100  loss 2.500  lr 0.01  50 input tokens/s  data wait 5.0%  ETA 1:29",
        "note\n",
        "step 21/100  loss 2.500  lr 0.01  50 input tokens/s  data wait 5.0%  ETA 1:19\n",
    ]


def test_elsewhere_there_are_lines_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter((0.0, 5.0, 10.0, 11.0))
    monkeypatch.setattr("model.log.time.perf_counter", lambda: next(now))
    out = io.StringIO()
    progress = ProgressLine(4, 0, out)
    for step in (1, 2, 3, 4):
        progress.show(row(step), tokens=step * 10, waited=0.0)
    assert [line.split()[1] for line in out.getvalue().splitlines()] == ["1/4", "3/4", "4/4"]


def test_the_curve_is_the_same_bytes_for_the_same_numbers() -> None:
    metrics = [{"step": str(step), "loss": str(10 / step)} for step in range(1, 3001)]
    evals = [
        {"step": "3000", "entry": name, "loss": "1.5", "unigram": "5", "bits_per_byte": "1.25"}
        for name in ("en", "all")
    ]
    picture = draw_curve(metrics, evals, "tiny, run $1$")
    assert picture == draw_curve(metrics, evals, "tiny, run $1$")
    for text in (b"training", b"validation, at the end 1.250 bits per byte", b"unigram entropy", b"tiny, run $1$"):
        assert text in picture
    assert len(picture) < 200_000
    assert draw_curve(metrics, [], "tiny") != picture


def test_a_line_of_few_points_is_drawn_as_it_is() -> None:
    steps, losses = np.arange(5), np.arange(5.0)
    assert thinned(steps, losses, 5)[0] is steps
    places, means = thinned(np.arange(1, 8), np.array([1.0, 3, 5, 7, 9, 11, 13]), 4)
    assert (places.tolist(), means.tolist()) == ([2, 4, 6, 7], [2.0, 6.0, 10.0, 13.0])
