"""Rules on trial, over the small pages of the project."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from beam_jobs import build_c4
from c4pipe.compare import trial
from c4pipe.compare.__main__ import main as compare
from c4pipe.inspect.__main__ import main as inspect
from tests.conftest import quicken_pipelines

ROOT = Path(__file__).parents[2]


def test_a_rule_on_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    quicken_pipelines()
    built = []

    def here(command: list[str], **_: object) -> SimpleNamespace:
        built.append(command[command.index("--preset") + 1])
        return SimpleNamespace(returncode=build_c4.main(command[3:]))

    monkeypatch.setattr(trial.subprocess, "run", here)
    words = [f"Sentence {n} of a text that no corpus has, with number {n * n} in it." for n in range(900)]
    Path("t.txt").write_text("\n".join(words))
    options = ["--input", str(ROOT / "data_samples"), "--workers", "1", "--on", "t.txt", "--out", "o"]
    assert compare(["--rule", "curly_brace", "en", *options, "--json"]) == 0
    out = capsys.readouterr().out
    (found,) = json.loads(out[out.index('[\n  {\n    "rule"') :])
    assert (found["rule"], found["taken"], found["pages"]) == ("curly_brace", {"page": 1}, 1)
    assert built == ["en,en.without.curly_brace"]
    assert "| `curly_brace` | 1 page | 1 |" in Path("o/rules.md").read_text()
    corpora = [f"o/corpora/{name}" for name in ("en", "en.without.curly_brace")]
    verdict = json.loads(Path("o/curly_brace/verdict.json").read_text())
    assert {"stage": "clean", "reason": "curly_brace", "unit": "page", "counts": [1, 0]} in verdict["taken"]
    assert "clean: curly\\_brace dropped 1 page of A, 0 of B" in Path("o/curly_brace/table.md").read_text()
    page = Path("o/curly_brace/comparison.html").read_text()
    assert "clean: curly_brace dropped 1 page of A, 0 of B" in page
    assert "What became of the pages" in page

    report = [corpora[0], "--compare", corpora[1], "--html", "r.html", "--verdict"]
    assert inspect([*report, "o/curly_brace"]) == 0
    assert found["line"] in Path("r.html").read_text()
    capsys.readouterr()
    beside = [corpora[1], "--compare", corpora[0], "--verdict", "o/curly_brace"]
    assert inspect([*beside, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["verdict"]
    assert (told["folders"], told["difference"]) == ([corpora[1], corpora[0]], -verdict["difference"])
    assert inspect(beside) == 0
    assert told["line"] in " ".join(capsys.readouterr().out.split())
    assert inspect([corpora[1], "--compare", corpora[0], "--html", "turned.html", "--verdict", "o/curly_brace"]) == 0
    assert "<b>A</b> is <code><bdi>o/corpora/en.without.curly_brace</bdi></code>" in Path("turned.html").read_text()
    assert inspect([corpora[0], "--compare", corpora[0], "--html", "r.html", "--verdict", "o/curly_brace"]) == 2
    assert "as they were then, not on these two corpora" in capsys.readouterr().err
    assert inspect([*report, "o"]) == 1
    assert "verdict.json does not exist" in capsys.readouterr().err
    assert inspect([corpora[0], "--verdict", "o"]) == 2
    assert "--verdict needs --compare or --serve" in capsys.readouterr().err
