"""The measurement of bench/languages.py, on answers that are known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.languages import Sample, judge, main, pieces, read_samples
from c4pipe.langid.base import Guess

ANSWERS = {"a": Guess("de", 0.9), "b": Guess("en", 0.9), "c": Guess("de", 0.2), "d": None}


class Known:
    name = "known"
    languages = ("de", "en")

    def guess(self, text: str) -> Guess | None:
        return ANSWERS[text]


def test_counts() -> None:
    samples = [
        Sample("de", "a"),
        Sample("de", "b"),
        Sample("de", "c"),
        Sample("de", "d"),
        Sample("en", "b"),
        Sample("hr", "a"),
    ]
    result = judge("known", Known(), 0.5, samples)
    assert result.scores["de"] == (4, 1, 2, 1)  # n, right, und, taken: the Croatian one
    assert result.scores["en"] == (1, 1, 0, 1)
    assert set(result.scores) == {"de", "en"}
    assert result.scores["de"].precision == 0.5
    assert result.scores["de"].recall == 0.25
    assert result.macro == (0.25 + 1) / 2
    assert result.wrong == 1 / 5
    assert result.confusions == [("de", "en", 1), ("hr", "de", 1)]


def test_pieces() -> None:
    assert "".join(pieces("eins zwei drei vier fünf", 9)) == "eins zwei drei vier fünf"
    assert list(pieces("日本語です", 6)) == ["日本", "語で", "す"]  # three bytes, half of six


def test_folders_and_files(tmp_path: Path) -> None:
    (tmp_path / "he").mkdir()
    for name in ("he/one.txt", "sr.latn.txt", "de.txt"):
        (tmp_path / name).write_text("words and more words")
    assert [sample.language for sample in read_samples(tmp_path, 20)] == ["de", "iw", "sr"]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for language in ("de", "en"):
        text = (Path(__file__).parent / "texts" / f"{language}.txt").read_text("utf-8")
        (tmp_path / f"{language}.txt").write_text(text, "utf-8")
    file = tmp_path / "found.json"
    assert main(["--texts", str(tmp_path), "--by", "consensus,cld2", "--bytes", "300", "--json", str(file)]) == 0
    out = capsys.readouterr().out
    assert "| consensus | 1.0000 | 0.00% | 0.00% | 0 |" in out
    assert "| de | 1 | 1.000 / 1.000 (0) | 1.000 / 1.000 (0) |" in out
    assert json.loads(file.read_text())["by"]["cld2"]["languages"]["en"] == {"n": 1, "right": 1, "und": 0, "taken": 0}
    assert main(["--texts", str(tmp_path / "none")]) == 2


def test_the_package_says_what_ours_says(tmp_path: Path) -> None:
    for language in ("de", "sw", "vi"):
        text = (Path(__file__).parent / "texts" / f"{language}.txt").read_text("utf-8")
        (tmp_path / f"{language}.txt").write_text(text, "utf-8")
    file = tmp_path / "found.json"
    assert main(["--texts", str(tmp_path), "--by", "langdetect,package", "--bytes", "100", "--json", str(file)]) == 0
    found = json.loads(file.read_text())["by"]
    assert found["langdetect"]["languages"] == found["package"]["languages"]
    assert all(result["seconds"] > 0 for result in found.values())
