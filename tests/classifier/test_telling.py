"""What is said of a trained model that is worth little."""

from __future__ import annotations

from pathlib import Path

import pytest

from c4pipe.classifier.sides import DrawnSide, Sides, TrainingLine
from c4pipe.classifier.telling import reported, show_trained
from tests.models import WORDS, model_bytes


def told(folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], pages: int) -> str:
    """Of a model with these words, `pages` of each side held out."""
    path = folder / "m.bin"
    path.write_bytes(model_bytes(words=words, labels=["good", "bad"], word_ngrams=2, seed=3))
    lines = [[TrainingLine(i, f"{word} two", f"{word}{i}") for i in range(pages)] for word in ("one", "three")]
    drawn = (DrawnSide("good", pages, lines[0]), DrawnSide("bad", pages, lines[1]))
    sides = Sides((lines[0], lines[1]), (lines[0], lines[1]), 0)
    show_trained(reported(path, sides, drawn, "dclm", {"least": 5}, "fasttext"), path)
    return capsys.readouterr().out


def test_a_model_that_was_tried_is_offered_with_a_threshold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = told(tmp_path, capsys, WORDS, 50)
    assert '"good", above=0.5)' in said
    assert "No word" not in said


def test_few_pages_choose_no_threshold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = told(tmp_path, capsys, WORDS, 3)
    assert "6 pages held out are too few to choose a threshold" in said
    assert "above=" not in said


def test_a_model_without_words_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = told(tmp_path, capsys, ("</s>",), 50)
    assert "No word occurs 5 times in training" in said
    assert "above=" not in said
