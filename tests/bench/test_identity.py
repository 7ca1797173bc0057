"""bench.identity: reproducible texts of every kind and language, on which any difference is noticed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import identity
from bench.identity import Texts, main
from c4pipe.langid.base import Guess
from c4pipe.langid.langdetect import LangDetect


@pytest.fixture(autouse=True)
def _few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "FILES", ("data_samples/world.warc.wet.gz",))


def test_three_hundred_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--texts", "300", "--output", str(tmp_path / "identity.json")]) == 0
    found = json.loads((tmp_path / "identity.json").read_text(encoding="utf-8"))
    assert found["texts"] == sum(kind["texts"] for kind in found["kinds"].values()) == 300
    assert found["differing_languages"] == found["differing_scores"] == 0
    assert len(found["languages"]) >= 40
    assert capsys.readouterr().out.endswith("identical\n")


def test_a_seed_stands_for_its_texts() -> None:
    first, again, other = ([make() for make in Texts(seed).kinds.values()] for seed in (1, 1, 2))
    assert first == again != other
    assert len(Texts(1).kinds["very long"]()) >= 9_999


@pytest.mark.parametrize(
    ("change", "count"),
    [
        (lambda guess: guess and guess._replace(language="xx"), "differing_languages"),
        (lambda guess: guess and guess._replace(score=guess.score * (1 - 2**-53)), "differing_scores"),
        (lambda _: None, "differing_languages"),
    ],
)
def test_a_difference_is_counted_and_fails(
    change: object, count: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Changed(LangDetect):
        def guess(self, text: str) -> Guess | None:
            return change(super().guess(text))  # type: ignore[no-any-return, operator]

    monkeypatch.setattr(identity, "LangDetect", Changed)
    assert main(["--texts", "12", "--output", str(tmp_path / "identity.json")]) == 1
    assert json.loads((tmp_path / "identity.json").read_text(encoding="utf-8"))[count] >= 11
    assert "DIFFERENT" in capsys.readouterr().out
