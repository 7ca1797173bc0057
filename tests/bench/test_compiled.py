"""bench.compiled: our results are right in each contest, and libraries that are missing, fail or are faster are
named.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench import compiled
from bench.competitors import lacking
from bench.compiled import CONTESTS, Contest, ahead, hold, main
from bench.parity import ROOT
from bench.rivals import contest as one_go
from bench.rivals.near_duplicates import runs_of
from bench.ways import Row
from tests import needs

SAMPLE = ROOT / "data_samples" / "news.warc.wet.gz"
LINES, NEAR, HTML, LANGUAGE = CONTESTS
SIX = [f"page {n} has these words about ships that sail the seas" for n in range(6)]


def told(script: str, library: str, texts: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> list:
    """What a library answers, in a process of its own."""
    monkeypatch.chdir(ROOT)
    (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    timed, _ = compiled.Contender(library, script, Path(sys.executable), "").told(folder / "texts.json")
    assert timed.cpu >= 0
    return timed.result


def test_of_equal_lines_the_first_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["One\ntwo\none", " TWO \nthree", "three\nÉté", "\u00a0été\u2003"]
    expected = [1, 1, 0, 0, 1, 0, 1, 0]
    assert told("exact_lines", "c4pipe", texts, tmp_path, monkeypatch) == expected


@pytest.mark.skipif(bool(lacking("lines")), reason="DuckDB and Polars are not installed: make bench-rivals")
def test_the_rivals_do_the_same_work(tmp_path: Path) -> None:
    pages = [f"One line\nline {n % 3}\n\u00c9T\u00c9 {n % 4} \n" for n in range(20)]
    rows, skipped, versions = hold(LINES, pages, 1, tmp_path)
    assert not skipped
    assert [(row.way, row.agrees) for row in rows] == [("c4pipe", 1), ("duckdb", 1), ("polars", 1)]
    assert versions["polars"]


def test_pages_that_are_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (" ".join(f"{name}{n}" for n in range(300)) for name in ("a", "b"))
    texts = [one, other, f"{one} and more", ""]
    assert told("near_duplicates", "c4pipe", texts, tmp_path, monkeypatch) == [1, 0, 1, 0]


def test_languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["A plain English sentence that is long enough.", "Ein schlichter deutscher Satz, lang genug.", "12"]
    assert told("identify", "c4pipe", texts, tmp_path, monkeypatch) == ["en", "de", ""]


@needs.resiliparse
def test_the_text_of_html_is_compared_by_its_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other, third = told(
        "html_text", "c4pipe", ["<p>a <b>b</b>", "<div>a</div><p>b<script>x</script>", "c"], tmp_path, monkeypatch
    )
    assert one == other != third


def test_runs_of_words_as_users_of_the_rivals_cut_them() -> None:
    assert runs_of("To be or not to be") == ["to be or not to", "be or not to be"]
    assert runs_of("To be") == ["to be"]
    assert runs_of(" \n") == []


def test_the_first_go_and_imports_are_not_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[int] = []

    def library() -> one_go.Work:
        return lambda texts: gone.append(len(texts)) or [text.upper() for text in texts]

    (tmp_path / "texts.json").write_text(json.dumps(["a"] * 60))
    monkeypatch.setattr(sys, "argv", ["x", "own", str(tmp_path / "texts.json"), str(tmp_path / "told.json")])
    one_go.take_part({"own": library}, {"own": "c4pipe"}, lambda answers: answers[:1])
    assert gone == [one_go.WARM, 60]
    assert json.loads((tmp_path / "told.json").read_bytes())["result"] == ["A"]


def test_who_is_missing_or_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "lacking", lambda venv: "not installed: make bench-rivals" if venv == "no" else "")
    monkeypatch.setattr(compiled, "venv_python", lambda _: Path(sys.executable))
    rows, skipped, _ = hold(Contest("lines", "exact_lines", {"duckdb": "no", "abacus": "here"}), SIX, 1, tmp_path)
    assert rows == []
    assert skipped["lines: duckdb"] == "not installed: make bench-rivals"
    assert skipped["lines: abacus"].startswith("failed: ")


def test_our_own_failure_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r"bench: lines: c4pipe failed: .*no_such_script"):
        hold(Contest("lines", "no_such_script", {}), SIX, 1, tmp_path)


def test_who_is_ahead_is_said() -> None:
    rows = [Row("lines", way, 9, 1.0, times, 0.99) for way, times in (("c4pipe", 1.0), ("slow", 0.9), ("fast", 1.25))]
    assert ahead(rows) == ["ahead of c4pipe: fast, lines: 1.25 times as fast, 99.0% the same"]


def test_without_rivals_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiled, "lacking", lambda _: "not installed: make bench-rivals")
    output = tmp_path / "compiled.json"
    command = ["--input", str(SAMPLE), "--rounds", "1", "--parts", "exact_lines", "--output", str(output)]
    assert main(command) == 0
    results = json.loads(output.read_bytes())
    assert results["rows"] == []
    assert [*results["skipped"]] == ["exact lines: duckdb", "exact lines: polars"]
    assert "skipped: exact lines: polars: not installed: make bench-rivals" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--parts", "lines"])
