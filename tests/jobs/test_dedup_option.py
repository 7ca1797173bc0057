"""--dedup over a real build: passages without a mark go, and every place that tells of a loss tells of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from beam_jobs import build_c4
from c4pipe.facts.corpus import open_corpus
from c4pipe.inspect.explain import Recorded, explain
from c4pipe.inspect.rebuild import plan_of, preset_of
from c4pipe.page import Dropped, Page
from c4pipe.passes.summary import funnel
from tests.conftest import Build, Once
from tests.wetfiles import WebPage, manifest_of, rejected, rows, sentence, wet

OPTIONS = ("--preset", "en.noclean", "--dedup", "windows", "--rejected", "all")


def plain(start: int, lines: int) -> list[str]:
    """Lines without a mark."""
    return [sentence(start + i).rstrip(".") for i in range(lines)]


SHARED = plain(5000, 12)  # some 180 words
PAGES = [
    WebPage("http://one.example/", "\n".join([*plain(100, 4), *SHARED, *plain(200, 4)])),
    WebPage("http://two.example/", "\n".join([*plain(300, 4), *SHARED, *plain(400, 4)])),
    WebPage("http://three.example/", "\n".join(plain(600, 8))),
]


@pytest.fixture(scope="module")
def corpus(once: Once, built: Build) -> Path:
    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "pages.wet.gz").write_bytes(wet(PAGES))

    return built(once("pages without marks", make), *OPTIONS)


def test_one_copy_of_the_passage_stays(corpus: Path) -> None:
    kept = {row["url"]: row["text"] for row in rows(corpus)}
    assert len(kept) == 3
    assert kept.pop("http://three.example/") == PAGES[2].text
    (loser,) = (url for url, text in kept.items() if text != next(p.text for p in PAGES if p.url == url))
    parts = next(page.text for page in PAGES if page.url == loser).partition("\n".join(SHARED))
    before, shared, behind = map(str.split, parts)
    left = kept[loser].split()
    assert left[: len(before)] == before
    assert left[-len(behind) :] == behind
    rest = left[len(before) : -len(behind)]
    assert any(rest == [*shared[:n], *shared[len(shared) - len(rest) + n :]] for n in range(50))
    assert len(rest) <= 2 * 49


def test_manifest_ledger_summary_and_card_tell_of_it(corpus: Path) -> None:
    manifest = manifest_of(corpus)
    assert manifest["settings"]["dedup"] == "windows"
    assert manifest["preset"]["says"] == "`en.noclean` with other text levels: windows"
    (row,) = (row for row in manifest["ledger"]["stages"] if row["stage"] == "windows")
    assert row["passages_dropped"] == {"repeated_passage": 1}
    assert row["lines"]["in"] - row["lines"]["kept"] == row["lines_dropped"]["repeated_passage"] > 5
    assert "passages cut: repeated_passage 1" in "\n".join(funnel(manifest))
    card = (corpus / "README.md").read_text(encoding="utf-8")
    assert "| windows | `repeated_passage` | has at least 50 words in a row that another page" in card
    assert "| 1 passage |" in card
    assert "--dedup windows" in card


def test_the_record_and_a_second_look_say_the_same(corpus: Path) -> None:
    (row,) = (row for row in rejected(corpus) if row["reason"] == "kept" and row["dropped"])
    (drop,) = row["dropped"]
    assert drop["reason"] == "repeated_passage"
    assert drop["line"] in row["text"]
    found = open_corpus(corpus)
    preset, missing = preset_of(found)
    assert (missing, [stage.name for stage in preset.stages]) == ([], ["read", "length", "url", "windows", "language"])
    page = Page(row["url"], row["text"], row["timestamp"], row["source"])
    told = explain(page, plan_of(found), [Dropped(*drop.values())], Recorded("", "kept"))
    assert told.text == next(kept["text"] for kept in rows(corpus) if kept["url"] == row["url"])
    cut = ["".join(s.text for s in line if s.code == "repeated_passage") for line in told.lines]
    assert "\n".join(filter(None, cut)) == drop["line"]
    assert {s.owner for line in told.lines for s in line if s.code} == {drop["owner"]}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--dedup spans", "--dedup has no effect: en already uses these deduplication levels. Leave it out."),
        ("--preset multilingual.near --dedup near,lines", "--dedup has no effect: multilingual.near already"),
        ("--preset en.noclean --dedup none", "--dedup has no effect"),
        (
            "--dedup spnas",
            "unknown text level in --dedup 'spnas'. Did you mean 'spans'? Known: spans, lines, win",
        ),
        ("--near-verify", "--near-verify has no effect: no stage of preset en looks for near duplicates"),
        ("--near-stays newest --dedup lines --preset en.near", "--near-stays has no effect"),
        ("--near-verify 0 --preset en.near", "expected a number above 0, up to 1, got '0'"),
        ("--near-stays oldest --preset en.near", "invalid choice: 'oldest'"),
    ],
)
def test_what_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], options: str, said: str) -> None:
    (tmp_path / "x.wet").write_text("")
    try:
        code = build_c4.main(["--input", str(tmp_path / "x.wet"), "--output", str(tmp_path / "c4"), *options.split()])
    except SystemExit as error:
        code = error.code
    assert code == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "c4").exists()
