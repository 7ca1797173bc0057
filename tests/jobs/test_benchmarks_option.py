"""--benchmarks over a real build: pages that hold test items are named or go, and every place tells of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from beam_jobs import build_c4, remove
from c4pipe.facts.corpus import open_corpus
from c4pipe.inspect.__main__ import main as inspect
from c4pipe.inspect.explain import Recorded, explain
from c4pipe.inspect.rebuild import plan_of, preset_of
from c4pipe.inspect.report import write_report
from c4pipe.page import Page
from c4pipe.passes.summary import summary
from c4pipe.presets import EN, MULTILINGUAL, MULTILINGUAL_NEAR
from c4pipe.stages import Preset, Size
from c4pipe.stages.benchmarks import Benchmarks, with_benchmarks
from c4pipe.verify.__main__ import main as verify
from tests.conftest import Build, Once
from tests.wetfiles import WebPage, manifest_of, rejected, rows, story, wet

QUESTION = (
    "In which year did the keeper of the lighthouse at Holm find the letter that his brother hid under the stairs?"
)
PAGES = [
    WebPage("http://one.example/", f"{story(100)}\n{QUESTION.upper()} It was in 1911.\n{story(120)}"),
    WebPage("http://two.example/", story(200)),
    WebPage("http://three.example/", f"{story(300)}\n{QUESTION}\n{story(320)}"),
]
ITEMS = [
    {"q": QUESTION, "a": 1911},
    {"q": "Which of the three bells in the tower of the church at Holm was cast by a woman from Lund?", "a": "None"},
    {"q": "Why?", "a": "Because."},
]
FOUND = {"items": 3, "searched": 2, "found": 1, "question": 1, "answer": 1, "passage": 0, "pages": 2}
OPTIONS = ("--preset", "en.noclean", "--rejected", "all")


@pytest.fixture(scope="module")
def tests(once: Once) -> Path:
    def make(folder: Path) -> None:
        folder.mkdir()
        records = "".join(json.dumps(item) + "\n" for item in ITEMS)
        (folder / "holm.jsonl").write_text(f"# question: q; answer: a\n{records}")

    return once("benchmarks of Holm", make)


@pytest.fixture(scope="module")
def source(once: Once) -> Path:
    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "pages.wet.gz").write_bytes(wet(PAGES))

    return once("pages with test items", make)


@pytest.fixture(scope="module")
def marked(built: Build, source: Path, tests: Path) -> Path:
    return built(source, *OPTIONS, "--benchmarks", str(tests))


@pytest.fixture(scope="module")
def dropped(built: Build, source: Path, tests: Path) -> Path:
    return built(source, *OPTIONS, "--benchmarks", str(tests), "--benchmarks-drop")


def stats_of(corpus: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((corpus / "stats.json").read_bytes())
    return found


def test_a_column_names_the_items(marked: Path) -> None:
    kept = {row["url"]: row for row in rows(marked)}
    assert len(kept) == 3
    assert kept["http://two.example/"]["benchmark_items"] == []
    question, answer = kept["http://one.example/"]["benchmark_items"]
    assert (question["task"], question["item"], question["role"], question["share"]) == ("holm", 2, "question", 1.0)
    assert (answer["item"], answer["role"]) == (2, "answer")
    words = [kept["http://one.example/"]["text"][one["start"] : one["end"]] for one in (question, answer)]
    assert words == [QUESTION.upper()[:-1], "1911"]
    assert [one["role"] for one in kept["http://three.example/"]["benchmark_items"]] == ["question"]


def test_pages_that_hold_items_go(dropped: Path) -> None:
    assert [row["url"] for row in rows(dropped)] == ["http://two.example/"]
    assert all("benchmark_items" not in row for row in rows(dropped))
    gone = {row["url"]: row for row in rejected(dropped) if row["stage"] == "benchmarks"}
    assert {row["reason"] for row in gone.values()} == {"benchmark"}
    assert gone["http://three.example/"]["detail"] == f"holm item 2, 100 % of its question: {QUESTION[:-1]}"


def test_ledger_statistics_summary_and_card_count_them(marked: Path, dropped: Path) -> None:
    for corpus, key in ((marked, "flagged"), (dropped, "rejected")):
        manifest, stats = manifest_of(corpus), stats_of(corpus)
        row = manifest["ledger"]["stages"][-1]
        assert (row["stage"], row[key]) == ("benchmarks", {"benchmark": 2})
        assert stats["benchmarks"] == {"holm": FOUND}
        assert "items" not in stats
        said = "test items: holm 1 of 3 (33.3 %) in 2 pages"
        assert said in summary(manifest, str(corpus), stats)
        card = (corpus / "README.md").read_text(encoding="utf-8")
        assert "| `holm` | 3 | 1 | 33.3 % | 2 |" in card
        assert "test sets of benchmarks" not in card
        assert ("--benchmarks BENCHMARKS" in card, "--benchmarks-drop" in card) == (True, corpus is dropped)
        assert verify([str(corpus)]) == 0


def test_the_files_are_known_by_their_sums_and_kept_nowhere(marked: Path) -> None:
    (file,) = (file for file in manifest_of(marked)["files"] if file["kind"] == "benchmarks")
    assert (file["name"], file["at"], len(file["sha256"])) == ("holm.jsonl", "", 64)
    assert not [
        path for path in marked.rglob("*") if b"cast by a woman" in (path.read_bytes() if path.is_file() else b"")
    ]


def test_a_page_is_judged_again_with_the_items_and_without(dropped: Path, tests: Path) -> None:
    corpus = open_corpus(dropped)
    preset, missing = preset_of(corpus)
    assert (missing, preset.stages[-1]) == ([], Benchmarks("benchmarks", drop=True))
    (row,) = (row for row in rejected(dropped) if row["url"] == "http://three.example/")
    page = Page(row["url"], row["text"], row["timestamp"], row["source"])
    then = Recorded("benchmarks", "benchmark", row["detail"])
    for given in ((), tuple(tests.iterdir())):
        told = explain(page, plan_of(corpus, given), (), then)
        assert (told.stage, told.reason, told.now) == ("benchmarks", "benchmark", None)
        assert (told.tried[-1].outcome, told.tried[-1].detail) == ("broken", row["detail"])
        quoted = [s.text for line in told.lines for s in line if s.quoted]
        assert quoted == ([QUESTION[:-1]] if given else [])


def test_inspect_shows_the_words(marked: Path, tests: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect([str(marked)]) == 0
    assert "holm      3      1  33.3 %" in capsys.readouterr().out
    assert inspect([str(marked), "--url", "http://one.example/"]) == 0
    shown = capsys.readouterr().out
    assert f"holm 2  question  100 %  {QUESTION.upper()[:40]}" in shown
    assert f"»{QUESTION.upper()[:-1]}«" in shown
    assert inspect([str(marked), "--url", "http://one.example/", "--file", str(tests)]) == 0
    assert inspect([str(marked), "--reason", "benchmark"]) == 2
    assert "where len(benchmark_items) > 0" in capsys.readouterr().err


def test_the_report_has_a_table(marked: Path, tmp_path: Path) -> None:
    html = write_report(open_corpus(marked), tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'id="benchmarks"' in html
    assert 'data-of="benchmarks.holm.found"' in html or "benchmarks.holm.found" in html


def test_other_items_make_another_corpus(built: Build, source: Path, tests: Path, tmp_path: Path) -> None:
    (tmp_path / "holm.jsonl").write_text((tests / "holm.jsonl").read_text() + "\n")
    other = built(source, *OPTIONS, "--benchmarks", str(tmp_path))
    without = built(source, *OPTIONS)
    prints = {
        manifest_of(corpus)["fingerprint"]
        for corpus in (other, without, built(source, *OPTIONS, "--benchmarks", str(tests)))
    }
    assert len(prints) == 3
    assert "benchmarks" not in stats_of(without)


@pytest.mark.parametrize("preset", [EN, MULTILINGUAL, MULTILINGUAL_NEAR])
def test_it_stands_behind_all_but_the_sizes_of_languages(preset: Preset) -> None:
    made = with_benchmarks(preset, drop=False)
    last = made.stages[-2] if isinstance(made.stages[-1], Size) else made.stages[-1]
    assert last == Benchmarks("benchmarks")
    assert made.without("benchmarks") == preset
    assert with_benchmarks(made, drop=True).stages == made.on(Benchmarks("benchmarks", drop=True)).stages


@pytest.mark.parametrize(
    ("files", "options", "said"),
    [
        ({}, "--benchmarks-drop", "--benchmarks-drop has no effect: it applies to what --benchmarks DIR finds."),
        ({}, "--benchmarks no/where", "--benchmarks no/where does not exist: expected a folder of files of test items"),
        ({}, "--benchmarks {}", "holds no benchmark: expected files of test items"),
        ({"mmlu.csv": "a"}, "--benchmarks {}", "holds mmlu.csv: expected files of test items"),
        (
            {"mmlu.jsonl": '{"q": 1}'},
            "--benchmarks {}",
            "line 1: '{\"q\": 1}' is not a header: expected # question: FIELD",
        ),
        (
            {"mmlu.jsonl": "# question: q\n{}"},
            "--benchmarks {}",
            "mmlu.jsonl, line 2: there is no field 'q'. Fields:",
        ),
        ({"mmlu.tsv.gz": "# question"}, "--benchmarks {}", "line 1: 'question' does not give a field for a role"),
    ],
)
def test_what_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], options: str, said: str
) -> None:
    (tmp_path / "x.wet").write_text("")
    (tmp_path / "tests").mkdir()
    for name, text in files.items():
        (tmp_path / "tests" / name).write_text(text)
    asked = options.format(tmp_path / "tests").split()
    assert build_c4.main(["--input", str(tmp_path / "x.wet"), "--output", str(tmp_path / "c4"), *asked]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "c4").exists()


def test_a_page_that_is_taken_out_counts_for_no_item(built: Build, source: Path, tests: Path, tmp_path: Path) -> None:
    corpus = built(source, *OPTIONS, "--dedup", "lines", "--benchmarks", str(tests))
    (tmp_path / "urls").write_text("http://one.example/\n")
    made = tmp_path / "made"
    arguments = ["--corpus", str(corpus), "--output", str(made), "--urls", str(tmp_path / "urls"), "--prove"]
    assert remove.main(arguments) == 2  # nothing could be searched for in what comes back
    assert remove.main([*arguments, "--file", str(tests)]) == 0
    assert stats_of(made)["benchmarks"] == {"holm": FOUND | {"pages": 1, "answer": 0}}
    (line,) = [line for line in (made / "README.md").read_text().splitlines() if line.startswith("| `holm`")]
    assert line == "| `holm` | 3 | 1 | 33.3 % | 1 |"
    assert verify([str(made)]) == 0
