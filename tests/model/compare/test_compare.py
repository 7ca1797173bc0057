"""Two corpora by models: the plan, what both sides see, and one whole comparison through the real commands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from model.compare.__main__ import main
from model.compare.levels import MODEL_LEVELS
from model.compare.planning import ComparedSide, Comparing, steps_of
from model.lane import Tokens
from model.study.planned import with_needs
from model.study.price import Speed, plan_text
from tests.corpora import Letters, write_corpus
from tests.model.training import rows, write_stories

SIDES = ComparedSide("A", Path("out/a"), "1"), ComparedSide("B", Path("out/b"), "2")
COMPARING = Comparing(MODEL_LEVELS["tiny"], 300, (0.003, 0.001), 3, SIDES, Path("texts.jsonl"), "3", 60_000)


def test_both_sides_have_the_same_runs_but_for_their_text() -> None:
    models = list(COMPARING.models((300, 310)))
    assert [(side.name, seed, rate) for side, seed, rate, _ in models][:4] == [
        ("A", 0, 0.003),
        ("B", 0, 0.003),
        ("A", 0, 0.001),
        ("B", 0, 0.001),
    ]
    runs = with_needs(run for *_, run in models)
    assert [run.label for run in runs[:3]] == ["vocabulary", "A-lr0.003-seed0", "A-lr0.003-seed0-texts"]
    assert len(runs) == 1 + 2 * 2 * 3 * 2
    of_a, of_b = (dict(run.options) for run in (runs[1], runs[3]))
    assert {flag for flag in of_a if of_a[flag] != of_b[flag]} == {"--data", "--steps", "--eval-every"}


def test_scores_are_another_kind_than_their_trainings() -> None:
    runs = with_needs(run for *_, run in COMPARING.models((300, 300)))
    speed = Speed(1e9, 4.0)
    lines = plan_text(runs, {}, speed, 2).splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["vocabulary", "A-lr0.003", "A-lr0.003-texts"]
    assert lines[1].split()[1:4] == ["3", "x", "about"]
    assert lines[1].count("300 steps of 16 x ") == 1
    assert lines[2].endswith("  3 x about 2 min: scores of texts"), "60 kB of them, and 4 s a start"


def test_another_text_or_corpus_is_another_run() -> None:
    def names(comparing: Comparing) -> list[str]:
        return [run.name for *_, run in comparing.models((300, 300))]

    other = Comparing(MODEL_LEVELS["tiny"], 300, (0.003, 0.001), 3, SIDES, Path("texts.jsonl"), "other", 60_000)
    assert not {*names(COMPARING)} & {*names(other)}
    assert names(COMPARING) == names(COMPARING)


class LongWords(Letters):
    """A token a letter, but for text of b: there it is one for two."""

    def encode(self, texts: Sequence[str]) -> list[Tokens]:
        return [
            ids[:: 2 if text.startswith("b") else 1] for text, ids in zip(texts, super().encode(texts), strict=True)
        ]


def test_steps_by_bytes_and_by_epochs(tmp_path: Path) -> None:
    """B has half as many tokens a byte, so half the steps read as many bytes; it has three times A's text."""
    a = write_corpus(tmp_path / "a", {("en", "train"): [[["a" * 60] * 10]]})
    b = write_corpus(tmp_path / "b", {("en", "train"): [[["b" * 60] * 30]]})
    sides = ComparedSide("A", a, "1"), ComparedSide("B", b, "2")
    assert steps_of(sides, 100, "bytes", LongWords()) == (100, 50)  # type: ignore[arg-type]
    assert steps_of(sides, 100, "epochs", LongWords()) == (100, 150)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    folder = tmp_path_factory.mktemp("compared")
    texts = folder / "texts.jsonl"
    lines = [
        {"domain": name, "document": name, "text": text} for name, text in (("x", "A day. " * 9), ("y", "No " * 9))
    ]
    texts.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return write_stories(folder / "a"), write_stories(folder / "b"), texts


def test_a_comparison_through_the_real_commands(
    corpora: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b, texts = map(str, corpora)
    words = [a, b, "--texts", texts, "--out", str(tmp_path / "out"), "--steps", "2", "--seeds", "1", "--lr", "0.003"]
    assert main([*words, "--dry-run"]) == 0
    assert "in all 5 runs to do" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()
    assert main(words) == 0
    found = rows(tmp_path / "out" / "scores.csv")
    assert [(row["side"], row["seed"], row["lr"], row["domain"]) for row in found] == [
        ("A", "0", "0.003", "x"),
        ("A", "0", "0.003", "y"),
        ("B", "0", "0.003", "x"),
        ("B", "0", "0.003", "y"),
    ]
    assert found[0]["nats"] == found[2]["nats"], "the corpora are the same, and so is the seed"
    assert main(words) == 0, "nothing is trained again"
    assert "5/5" not in capsys.readouterr().out.rpartition("runs to do")[2]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--lr", "0.1", "0.1"], "lists a rate twice"),
        (["--texts", "nothing.jsonl"], "cannot be read"),
        (["--seeds", "0"], "--seeds"),
    ],
)
def test_wrong_use_is_told_before_any_work(
    corpora: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], told: str
) -> None:
    a, b, texts = map(str, corpora)
    assert main([a, b, "--texts", texts, "--out", str(tmp_path / "out"), *more]) == 2
    assert told in capsys.readouterr().err
    assert main([a, a, "--texts", texts, "--out", str(tmp_path / "out")]) == 2
    assert "are both" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_of_others_is_left_alone(
    corpora: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b, texts = map(str, corpora)
    (tmp_path / "scores.csv").write_text("mine")
    assert main([a, b, "--texts", texts, "--out", str(tmp_path)]) == 2
    assert "was not written by a comparison" in capsys.readouterr().err
