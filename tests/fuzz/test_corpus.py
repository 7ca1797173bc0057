"""What fuzzing found stays found: every file of the corpus through the target that it is for. See bench/fuzz.py."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bench import fuzz

FILES = sorted(path for path in fuzz.CORPUS.glob("*/*") if path.is_file())


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_corpus_holds(path: Path) -> None:
    fuzz.TARGETS[path.parent.name][0](path.read_bytes())


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_the_seeds_hold_and_some_mutations_of_them(name: str) -> None:
    target, seeds = fuzz.TARGETS[name]
    corpus = list(seeds())
    draw = random.Random(0)
    for data in [*corpus, *(fuzz.mutated(draw.choice(corpus), corpus, draw) for _ in range(100))]:
        target(data)


def test_every_target_has_a_corpus_and_it_is_small() -> None:
    assert {path.parent.name for path in FILES} == set(fuzz.TARGETS)
    assert sum(path.stat().st_size for path in FILES) < 200_000


def test_a_finding_is_kept_once_and_the_search_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(data: bytes) -> None:
        assert b"x" not in data, "an x"

    monkeypatch.setitem(fuzz.TARGETS, "broken", (broken, lambda: iter([b"aaxx", b"b", b"x", b"xyz"])))
    monkeypatch.setattr(fuzz, "atheris", None)
    assert fuzz.main(["broken", "--seconds", "0", "--findings", str(tmp_path)]) == 1
    assert "4 executions" in capsys.readouterr().out
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"x"]
