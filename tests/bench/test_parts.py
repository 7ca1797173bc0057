"""bench.parts: all parts give the same results, and a differing one is noticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import cleaning, parts
from bench.cleaning import NoShouting, own_rule, told_of_own_rule
from bench.inputs import pages_of
from bench.parts import main
from bench.ways import Part, Row, Timed, agreement, run
from c4pipe.text.punkt import find_punkt

SAMPLES = Path(__file__).parents[2] / "data_samples"


COMMAND = ["--input", str(SAMPLES / "news.warc.wet.gz"), "--pages", "40", "--rounds", "2"]
OF_PUNKT = {("cleaning, Punkt", "c4pipe"), ("3 sentences, punkt", "c4pipe MinSentences")}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "JUDGED", 10)
    monkeypatch.setattr(cleaning, "reference_python", lambda: Path("/not/installed"))


def measured(folder: Path) -> list[Row]:
    assert main([*COMMAND, "--output", str(folder / "parts.json")]) == 0
    return [Row(**row) for row in json.loads((folder / "parts.json").read_text(encoding="utf-8"))["rows"]]


def test_the_parts_of_a_small_file_without_punkt_and_the_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(parts, "find_punkt", lambda: None)
    rows = measured(tmp_path)
    ways = {(row.part, row.way) for row in rows}
    assert {
        ("cleaning", "c4pipe fast_clean"),
        ("language", "c4pipe langdetect"),
        ("own rule", "the rule among them"),
        ("reading", "c4pipe read_wet"),
    } <= ways
    assert not OF_PUNKT & ways
    assert all(row.micros > 0 for row in rows)
    assert all(row.agrees == 1 for row in rows if row.part != "language, others")
    said = capsys.readouterr()
    assert "without the reference" in said.err
    assert "the cleaning of en.tfds and the sentences of Punkt are left out" in said.err
    assert "running it among C4's rules adds" in said.out


@pytest.mark.skipif(find_punkt() is None, reason="NLTK's Punkt data was not found: `make assets`, or set NLTK_DATA")
def test_the_parts_that_need_punkt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row for row in measured(tmp_path) if "unkt" in row.part]
    assert {(row.part, row.way) for row in rows} >= OF_PUNKT
    assert all(row.agrees == 1 for row in rows)
    assert "left out" not in capsys.readouterr().err


def test_a_rule_of_ones_own_is_asked_and_agrees() -> None:
    pages = [page._replace(text=f"{page.text}\nTHIS LINE IS A LOUD ONE!") for page in pages_of([Path(COMMAND[1])])][:5]
    rows = own_rule(pages, rounds=1)
    assert [(row.way, row.agrees) for row in rows] == [
        ("C4's steps", 1),
        ("the rule beside them", 1),
        ("the rule among them", 1),
    ]
    assert NoShouting().breaks("THIS LINE IS A LOUD ONE!")


def test_what_a_rule_of_ones_own_costs_is_told() -> None:
    rows = [Row("own rule", way, 10, micros, 1, 1) for way, micros in (("", 30.0), ("", 130.0), ("", 133.0))]
    assert told_of_own_rule(rows) == (
        "A custom rule takes 100.0 µs per page itself; running it among C4's rules adds +3.0 µs, +10% of the rest."
    )


def test_another_result_is_seen() -> None:
    rows = run(Part("part", 2, {"plain": lambda: [1, 2], "same": lambda: [1, 2], "other": lambda: [1, 3]}), rounds=1)
    assert [row.agrees for row in rows] == [1, 1, 0.5]


def test_another_result_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = Part("part", 1, {"plain": lambda: 1, "other": lambda: 2})
    monkeypatch.setattr(parts, "parts", lambda *_: iter([part]))
    command = [*COMMAND, "--output", str(tmp_path / "parts.json")]
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
