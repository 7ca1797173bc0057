"""What models say of two corpora, from the table that they leave."""

from __future__ import annotations

import json
from contextlib import nullcontext
from math import log
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from c4pipe.compare.levels import _write_tests, check_level, check_sources, judgements_of, read_scores, verdict_of
from c4pipe.errors import BuildError, ConfigError

HEAD = "side,seed,lr,domain,document,nats,bytes\n"


def table(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "scores.csv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows))
    return path


def nats(bits: float, size: int = 100) -> float:
    return bits * size * log(2)


def test_pairs_of_models_are_judged(tmp_path: Path) -> None:
    rows = [
        f"{side},{seed},0.001,{domain},{document},{nats(bits + (0.001 * seed if side == 'B' else 0))},100"
        for seed in (1, 2, 3)
        for domain, a, b in (("news", 2.0, 2.5), ("law", 2.0, 2.001))
        for side, bits in (("A", a), ("B", b))
        for document in (0, 1)
    ]
    overall, (news, law) = judgements_of(read_scores(table(tmp_path, *rows)), ["news", "law"])
    assert (news.documents, news.bytes, news.winner, law.winner) == (2, 200, "A", "cannot tell")
    assert news.difference == pytest.approx(0.502)
    assert overall.difference == pytest.approx((0.502 + 0.003) / 2)
    assert overall.bits[0] == pytest.approx(2.0)
    assert news.chance < 0.01 < law.chance


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "contains no scores"),
        (["A,1,0.1,news,0,many,100"], "is not a table of scores"),
        (["A,1,0.1,news,0"], "is not a table of scores"),
        (["A,1,0.1,news,0,1.0,100"], "has no score of B on 'news'"),
        (["A,1,0.1,news,0,1.0,100", "B,1,0.1,news,0,1.0,100"], "has one pair of models"),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, rows: list[str], says: str) -> None:
    with pytest.raises(BuildError, match=says):
        judgements_of(read_scores(table(tmp_path, *rows)), ["news"])


def test_without_a_trainer_it_is_said_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("c4pipe.compare.levels.TRAINER", "model.no_such_module")
    check_level("grams")
    with pytest.raises(ConfigError, match=r"python -m model\.no_such_module is missing"):
        check_level("tiny")


def test_tests_replace_no_file_of_the_users(tmp_path: Path) -> None:
    (tmp_path / "tests.jsonl").write_text("mine")
    first = _write_tests(tmp_path, {"news": ["One."]})
    assert _write_tests(tmp_path, {"news": ["One."]}) == first
    assert _write_tests(tmp_path, {"news": ["Two."]}) != first
    first.write_text("mine")
    with pytest.raises(BuildError, match="was not written by a comparison"):
        _write_tests(tmp_path, {"news": ["One."]})
    assert (tmp_path / "tests.jsonl").read_text() == first.read_text() == "mine"


def test_what_models_cannot_be_trained_on_is_said_before_any_work(capsys: pytest.CaptureFixture[str]) -> None:
    ours, other = (SimpleNamespace(folder=Path(name), corpus=corpus) for name, corpus in (("a", object()), ("j", None)))
    check_sources("grams", ours, other)
    assert capsys.readouterr().err == ""
    with pytest.raises(ConfigError, match="j is a folder of other files"):
        check_sources("tiny", ours, other)
    with pytest.raises(ConfigError, match="A and B are both a"):
        check_sources("tiny", ours, ours)
    check_sources("grams", ours, ours)
    assert "A and B are both " in capsys.readouterr().err


def side(folder: str) -> Any:
    return SimpleNamespace(source=SimpleNamespace(folder=Path(folder), sum=f"sum of {folder}"))


@pytest.mark.parametrize(("code", "error"), [(0, None), (1, BuildError), (2, ConfigError)])
def test_the_trainer_is_started_and_its_table_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, error: type[Exception] | None
) -> None:
    ran = []

    def train(command: list[str], **_: object) -> SimpleNamespace:
        ran.append(command[1:])
        rows = (f"{side},{seed},0.1,news,{at},{nats(2)},100" for side in "AB" for seed in (1, 2) for at in (0, 1))
        table(tmp_path, *rows)
        return SimpleNamespace(returncode=code)

    monkeypatch.setattr("c4pipe.compare.levels.subprocess.run", train)
    monkeypatch.setattr("c4pipe.compare.levels.check_level", lambda level: None)
    with pytest.raises(error) if error else nullcontext():
        verdict = verdict_of(
            side("a"), side("b"), {"news": ["One text.", "Another."]}, "tiny", tmp_path, ("--steps", "3")
        )
        assert (verdict.level, verdict.folders, verdict.overall.winner) == ("tiny", ("a", "b"), "cannot tell")
        assert verdict.sums == ("sum of a", "sum of b")
    (texts,) = tmp_path.glob("tests-*.jsonl")
    assert ran == [
        [
            "-m",
            "model.compare",
            "a",
            "b",
            "--texts",
            str(texts),
            "--level",
            "tiny",
            "--out",
            str(tmp_path),
            "--steps",
            "3",
        ]
    ]
    assert [json.loads(line)["document"] for line in texts.read_text().splitlines()] == ["0", "1"]
