"""bench.parts: all parts give the same results, and one that does not is seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import parts
from bench.parts import Part, Timed, agreement, main, run

SAMPLES = Path(__file__).parents[2] / "data_samples"


def test_the_parts_of_a_small_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(parts, "JUDGED", 10)
    monkeypatch.setattr(parts, "reference_python", lambda: Path("/not/installed"))
    command = ["--input", str(SAMPLES / "news.warc.wet.gz"), "--pages", "40", "--rounds", "2"]
    assert main([*command, "--output", str(tmp_path / "parts.json")]) == 0
    rows = json.loads((tmp_path / "parts.json").read_text(encoding="utf-8"))["rows"]
    ways = {(row["part"], row["way"]) for row in rows}
    assert {
        ("cleaning", "c4pipe fast_clean"),
        ("language", "c4pipe langdetect"),
        ("reading", "c4pipe read_wet"),
    } <= ways
    assert all(row["micros"] > 0 for row in rows)
    assert all(row["agrees"] == 1 for row in rows if row["part"] != "language, others")
    assert "without the reference" in capsys.readouterr().err


def test_another_result_is_seen() -> None:
    rows = run(Part("part", 2, {"plain": lambda: [1, 2], "same": lambda: [1, 2], "other": lambda: [1, 3]}), rounds=1)
    assert [row.agrees for row in rows] == [1, 1, 0.5]


def test_another_result_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = Part("part", 1, {"plain": lambda: 1, "other": lambda: 2})
    monkeypatch.setattr(parts, "parts", lambda *_: iter([part]))
    monkeypatch.setattr(parts, "reference_python", lambda: Path("/not/installed"))
    command = ["--input", str(SAMPLES / "news.warc.wet.gz"), "--rounds", "1", "--output", str(tmp_path / "parts.json")]
    assert main(command) == 1
    monkeypatch.setattr(parts, "parts", lambda *_: iter([part._replace(judges=True)]))
    assert main(command) == 0


def test_the_share_that_agrees() -> None:
    assert agreement(["en", "de", None], ["en", "fr", None]) == pytest.approx(2 / 3)
    assert agreement([1], [1, 2]) == 0
    assert agreement("abc", "abc") == 1


def test_seconds_that_another_process_took_count_as_they_are() -> None:
    rows = run(Part("part", 4, {"theirs": lambda: Timed(2.0, "x"), "ours": lambda: Timed(0.5, "x")}), rounds=3)
    assert [(row.micros, row.times, row.agrees) for row in rows] == [(500_000, 1, 1), (125_000, 4, 1)]
