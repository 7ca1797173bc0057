"""`python -m model.tasks`: what is there to train on."""

from pathlib import Path

import pytest

from data_samples.tasks import make_tasks
from model.tasks.__main__ import main

SAMPLES = Path(make_tasks.__file__).parent


def test_every_task_in_a_line(capsys):
    assert main([]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("  stsb "))
    assert line.split()[:6] == ["stsb", "pearson", "spearman", "512,", "84", "-"]


def test_files_and_first_examples(capsys):
    assert main([f"wsc={SAMPLES / 'wsc'}"]) == 0
    out = capsys.readouterr().out
    assert "wsc, train: train.jsonl (sha256 4d898de86f4e…)\n  inputs   wsc: Carla saw that the sofa did not fit" in out
    assert out.count("\n  targets  ") == 9


def test_a_mistake_is_a_line(capsys):
    assert main([f"rte={SAMPLES / 'superglue_rte'}"]) == 2
    assert capsys.readouterr().err.startswith(f"tasks: {SAMPLES}/superglue_rte/train.jsonl:1: no column 'sentence1', ")


@pytest.mark.parametrize("words", [["--examples", "0"], ["--nope"], ["rte=\udcff"]])
def test_wrong_use_is_a_line(words, capsys):
    assert main(words) == 2
    assert capsys.readouterr().err.count("\n") == 1
