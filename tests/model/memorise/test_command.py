"""python -m model.memorise, from a tiny training to its tables."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from c4pipe.passages.__main__ import main as count
from model.lane import Cursor
from model.memorise.__main__ import main
from model.memorise.curve import AskedPassage, points
from model.memorise.readings import times_read
from model.memorise.report import ShownPassage, write_extraction
from model.order import Shuffled
from model.run import read_settings
from model.stream import LANES
from tests.corpora import entries, write_corpus
from tests.model.training import story, train

LM = ("--architecture", "decoder-lm", "--objective", "lm")
SECRET = "Write to ada@example.org and to nobody else. We read it by night. We answer by day."


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus that repeats two passages, another one, a run of a language model and one of a T5."""
    home = tmp_path_factory.mktemp("memorise")
    repeated = [f"{SECRET} {story(number)}" for number in range(12)] + [story(99)] * 3
    parts = {
        ("en", "train"): [[repeated, [story(n) for n in range(20, 40)]]],
        ("en", "validation"): [[["A b. C d. E f."]]],
    }
    write_corpus(home / "c4", parts)
    write_corpus(home / "other", {("en", "train"): [[[story(n) for n in range(50, 70)]]]})
    assert train(home / "c4", home / "lm", *LM, steps=6) == 0
    assert train(home / "c4", home / "t5", steps=1) == 0
    return home


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process for each count takes a second to start."""

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, count(command[3:]), "", "passages: said above")

    monkeypatch.setattr(subprocess, "run", run)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def begun(position: Any, corpus: Path) -> int:
    """How often pages of the first row group, the first 12, were begun: by units and rows alone."""
    settings = read_settings(corpus.parent / "lm")
    (entry,) = entries(corpus)
    order = Shuffled(entry, settings.seed, LANES)
    return sum(int(times.sum()) for times in [times_read(order, [Cursor(*c) for c in position["lanes"]["en"]])[0][:12]])


def test_what_came_out_is_quoted_masked(tmp_path: Path) -> None:
    found, shown = points([AskedPassage("a", 1, 12, 12, 30, 4, 4, 1)]), [ShownPassage("a", 12, SECRET)]
    write_extraction(tmp_path, found, shown, Path("out/c4"), Path("crawl.parquet"))
    assert "how often a passage occurs in `crawl.parquet`\n" in (tmp_path / "memorise.md").read_text()
    write_extraction(tmp_path, found, shown, Path("out/c4"), None)
    assert (
        "how often a passage occurs in `out/c4`\n\n`python -m c4pipe.passages DIR --crawl` counts"
        in (tmp_path / "memorise.md").read_text()
    )
    assert "a, 12 times: Write to <EMAIL> and to nobody else." in (tmp_path / "memorise.md").read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"curve.csv", "curve.svg", "memorise.md"}


def test_a_language_model_beside_a_control(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    words = [
        "--run",
        str(home / "lm"),
        "--data",
        str(home / "c4"),
        "--out",
        str(out),
        "--control",
        str(home / "t5"),
    ]
    assert main([*words, "--dry-run"]) == 0
    assert not out.exists()
    assert "asks 2 runs" in capsys.readouterr().out
    assert main([*words, "--samples", "3", "--sample-tokens", "12"]) == 0
    asked = table(out / "asked.csv")
    mine = {row["key"]: row for row in asked if row["run"] == "lm"}
    (often,) = (row for row in mine.values() if row["copies"] == "12")
    assert often["here"] == "12"
    position = json.loads(next((home / "lm/checkpoints").glob("*/state.json")).read_text())["position"]
    assert int(often["readings"]) == begun(position, home / "c4")
    assert {row["readings"] for row in asked if row["run"] == "control"} == {"0"}
    assert {row["key"] for row in asked if row["run"] == "control"} == {*mine}
    curve = [row for row in table(out / "curve.csv") if row["run"] == "lm" and row["by"] == "copies"]
    assert int(curve[-1]["low"]) <= 12 <= int(curve[-1]["high"])
    assert len(table(out / "samples.csv")) == 3
    assert "| none |" in (out / "memorise.md").read_text()
    assert not any(b"ada@example.org" in path.read_bytes() for path in out.rglob("*") if path.is_file())
    before = (out / "asked.csv").read_bytes()
    capsys.readouterr()
    assert main(words) == 0
    assert "lm was already asked the same" in capsys.readouterr().err
    assert (out / "asked.csv").read_bytes() == before


def test_a_t5_by_counts_that_were_kept(home: Path, tmp_path: Path) -> None:
    counts = tmp_path / "counts.parquet"
    assert count([str(home / "c4"), "--out", str(counts), "--least", "2", "--alone"]) == 0
    out = tmp_path / "out"
    words = ["--run", str(home / "t5"), "--data", str(home / "c4"), "--counts", str(counts), "--out", str(out)]
    assert main(words) == 0
    asked = table(out / "asked.csv")
    assert {row["copies"] for row in asked} >= {"3", "12"}
    assert {row["run"] for row in asked} == {"t5"}
    assert all(int(row["right"]) <= int(row["asked"]) for row in asked)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "c4", "c4"], "expected a corpus for each of the 1 runs"),
        (["--data", "nowhere"], "holds no finished corpus"),
        (["--data", "other"], "is not what"),
        (["--data", "c4", "--control", "lm"], "a run is listed twice"),
        (["--data", "c4", "--counts", "none.parquet"], "none.parquet does not exist"),
        (["--data", "c4", "--counts", "x", "--level", "lines"], "--level has no effect"),
        (["--data", "c4", "--smaller", "t5"], "--smaller has no effect"),
        (["--data", "c4", "--out", "c4"], "holds files that were not written by memorise"),
        (["--data", "c4", "--each", "0"], "expected a number of 1 or more"),
        (["--data", "c4", "--level", "near"], "invalid choice"),
    ],
)
def test_wrong_use_is_one_line(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    monkeypatch.chdir(home)
    assert main(["--run", "lm", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert not (home / "lm-memorise").exists()


def test_a_t5_draws_no_text(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--run", str(home / "t5"), "--data", str(home / "c4"), "--samples", "2"]) == 2
    assert "fills gaps and does not write free text" in capsys.readouterr().err
    words = ["--run", str(home / "lm"), "--data", str(home / "c4"), "--samples", "2", "--smaller", str(home / "t5")]
    assert main(words) == 2
    assert "is not a language model" in capsys.readouterr().err
