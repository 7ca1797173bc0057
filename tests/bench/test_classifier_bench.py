"""bench.classifier: both ways are timed, and differing scores are reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import classifier
from tests.models import model_bytes

pytest.importorskip("fasttext")
SAMPLES = Path(__file__).parents[2] / "data_samples"


def test_a_model_on_a_few_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "small.bin"
    model.write_bytes(model_bytes(labels=["good", "bad"], word_ngrams=2, seed=1))
    command = ["--input", str(SAMPLES / "news.warc.wet.gz"), "--pages", "8", "--rounds", "2", "--model", str(model)]
    assert classifier.main(command) == 0
    said = capsys.readouterr().out
    assert "c4pipe Classifier" in said
    assert "small.bin: scores differ by" in said
    monkeypatch.setattr(classifier, "FURTHEST", 0.0)
    assert classifier.main(command) == 1
