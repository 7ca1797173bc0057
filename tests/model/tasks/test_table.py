"""`python -m model.tasks`: what it shows, and that it needs no torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from model.tasks import TASKS
from model.tasks.__main__ import main, tasks_table
from model.tasks.data import TaskData

SAMPLES = Path(__file__).parents[3] / "data_samples/tasks"


def test_every_task_is_in_the_table() -> None:
    table = tasks_table()
    words = set(table.replace(",", " ").split())
    assert words >= {*TASKS}
    line = next(line for line in table.splitlines() if line.startswith("  wmt_ende "))
    assert line.split("  ")[1] == "wmt_ende"
    assert "512, 512, 4 beams" in line


def test_examples_are_shown_as_a_model_sees_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"sst2={SAMPLES / 'sst2'}", "--examples", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [
        *("sst2,", "inputs", "targets", "answer"),
        *("sst2,", "inputs", "targets", "answer", "sst2,", "inputs", "targets"),
    ]
    assert lines[1].startswith("  inputs   sst2 sentence: ")
    assert lines[-1] == "  targets  (no label)"
    assert main(["sst2=nowhere"]) == 2
    assert "nowhere does not exist" in capsys.readouterr().err


def test_it_needs_no_torch() -> None:
    code = "import sys; sys.modules['torch'] = None; from model.tasks.__main__ import main; sys.exit(main([]))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=SAMPLES.parents[1])
    assert (found.returncode, found.stderr) == (0, "")
    assert "A task of your own" in found.stdout


def test_rows_that_make_no_example_are_counted(tmp_path: Path) -> None:
    """The number of an example is that of its row: of WSC only right referents are trained on."""
    rows = [
        {"text": "Tom saw it", "span1_text": "Tom", "span2_text": "it", "span2_index": 2, "label": n} for n in (0, 1)
    ]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = TaskData("wsc", TASKS["wsc"], tmp_path)
    assert [(made.number, made.row["label"]) for made in data.examples_by_row("train")] == [(1, 1)]
    assert [made.number for made in data.examples_by_row("train", training=False)] == [0, 1]
