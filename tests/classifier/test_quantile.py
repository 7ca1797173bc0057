"""The number that a share of a corpus reaches."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.classifier.__main__ import main
from c4pipe.classifier.quantile import cut_at
from c4pipe.errors import ConfigError
from c4pipe.files.assets import Assets
from c4pipe.page import Kept, Page
from c4pipe.stages import Classifier
from c4pipe.stages.classifier import single
from tests.models import model_bytes


def ordered(*scores: float) -> np.ndarray:
    return np.sort(np.array(scores, np.float32))


def test_a_tenth_of_ten() -> None:
    assert cut_at(ordered(*(n / 10 for n in range(10))), 0, 0.1) == (0.1, 0.9, 1, 0.1)


def test_equal_scores_are_kept_together() -> None:
    assert cut_at(ordered(0.1, 0.5, 0.5, 0.5), 0, 0.25) == (0.25, 0.5, 3, 0.75)


def test_pages_without_a_score_count() -> None:
    assert cut_at(ordered(0.2, 0.4), 2, 0.5) == (0.5, 0.2, 2, 0.5)
    with pytest.raises(ConfigError, match=r"--keep 0\.75: 50\.0 % of the pages have a score"):
        cut_at(ordered(0.2, 0.4), 2, 0.75)


def test_no_threshold_lies_above_1() -> None:
    assert cut_at(ordered(0.5, 1.00001), 0, 0.5) == (0.5, 1.0, 1, 0.5)


@given(st.lists(st.floats(2**-10, 1, width=32), min_size=1, max_size=50), st.integers(0, 20), st.floats(0.01, 1))
def test_what_is_printed_keeps_what_it_says(scores: list[float], without: int, keep: float) -> None:
    pages = len(scores) + without
    try:
        found = cut_at(ordered(*scores), without, keep)
    except ConfigError:
        assert keep * pages > len(scores)
        return
    assert found.kept == sum(score >= single(found.above) for score in scores)
    assert found.kept >= min(len(scores), int(keep * pages))
    assert sum(score > single(found.above) for score in scores) < max(1, keep * pages + 1e-6)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "quality.bin"
    path.write_bytes(model_bytes(labels=["good", "bad"], seed=3))
    return path


WORDS = ("one", "two", "three", "four", "été", "unknown")
TEXTS = [" ".join(WORDS[(i * k) % 6] for k in range(1, 2 + i % 4)) + f" {i}" for i in range(40)]


def test_the_command_on_texts_and_the_number_in_a_preset(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    lines = [json.dumps({"text": text}) for text in TEXTS]
    (folder / "a.jsonl").write_text("\n".join(lines[:25]), encoding="utf-8")
    for number, text in enumerate(TEXTS[25:]):
        (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    command = ["quantile", str(folder), "--model", str(model), "--label", "good", "--keep", "0.25", "0.5"]
    assert main([*command, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["scored"], report["without"]) == (40, 0)
    for found in report["cuts"]:
        step = Classifier(str(model), "good", above=found["above"]).bind(Assets())
        assert sum(isinstance(step(Page("", text, "")), Kept) for text in TEXTS) == found["kept"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert f"--keep 0.25: above={report['cuts'][0]['above']!r} keeps 10 (25.0 %)" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--keep", "0"], "expected a share above 0"),
        (["--keep", "x"], "expected a share above 0"),
        (["--model", "m.bin"], "--model needs the label to score"),
        (["--label", "good"], "--label has no effect: it needs a model"),
        (["--model", "m.bin", "--label", "good", "--column", "c"], "--column has no effect"),
    ],
)
def test_wrong_use(tmp_path: Path, words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quantile", str(tmp_path), *words]) == 2
    assert says in capsys.readouterr().err


def test_a_command_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quantiles", "x"]) == 2
    assert "Did you mean 'quantile'" in capsys.readouterr().err
    assert main([]) == 2
    assert "required: command" in capsys.readouterr().err
