"""Corpora scored, filtered and sampled by a custom model: real builds, and views of their pages."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from beam_jobs import build_c4
from c4pipe.classifier.__main__ import main as classifier
from c4pipe.facts.corpus import open_corpus
from c4pipe.fasttext.joining import lines_by_blanks
from c4pipe.fasttext.model import FastTextModel
from c4pipe.inspect.__main__ import main as inspect
from c4pipe.inspect.serve import make_app
from tests.models import model_bytes
from tests.wetfiles import ROOT, digests, manifest_of, rejected, rows

MODULE = """
from c4pipe.presets import EN
from c4pipe.stages import Classifier

SCORED = EN.named("scored", "").after("language", Classifier("MODEL", "good"))
CUT = EN.named("cut", "").after("language", Classifier("MODEL", "good", above=ABOVE))
DRAWN = EN.named("drawn", "").after("language", Classifier("MODEL", "good", bins=((ABOVE, 0.25), (1.0, 1.0))))
"""
WORDS = ("</s>", "the", "and", "of", "lake", "to", "was", "in", "a", "it", "had")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a model, a module of presets, and three corpora of one reading, cut where half of the pages lie."""
    folder = tmp_path_factory.mktemp("desk")
    model = folder / "quality.bin"
    model.write_bytes(model_bytes(words=WORDS, labels=["good", "bad"], word_ngrams=2, seed=8))
    module = MODULE.replace("MODEL", str(model))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        (folder / "my_scores.py").write_text(module.replace("ABOVE", "0.5"))
        assert build(folder, "first", "SCORED") == 0
        above = half(folder / "first")
        (folder / "my_scores_now.py").write_text(module.replace("ABOVE", repr(above)))
        assert build(folder, "all", "SCORED,CUT,DRAWN", "my_scores_now") == 0
        yield folder


def build(folder: Path, name: str, presets: str, module: str = "my_scores", workers: str = "1") -> int:
    source = ROOT / "data_samples" / "news.warc.wet.gz"
    chosen = ",".join(f"{module}:{preset}" for preset in presets.split(","))
    command = ["--input", str(source), "--output", str(folder / name), "--preset", chosen, "--rejected", "all"]
    return build_c4.main([*command, "--workers", workers])


def half(folder: Path) -> float:
    """The score that half of the pages reach."""
    scores = sorted(row["classifier_score"] for row in rows(folder))
    return scores[len(scores) // 2]


def kept(folder: Path) -> dict[str, float]:
    return {row["url"]: row["classifier_score"] for row in rows(folder)}


def test_every_kept_page_has_the_score_of_its_text(desk: Path) -> None:
    model = FastTextModel(desk / "quality.bin")
    pages = list(rows(desk / "all" / "scored"))
    assert len(pages) >= 20
    for row in pages:
        found = model.probabilities(lines_by_blanks(row["text"]))
        assert found is not None
        assert row["classifier_score"] == float(found[0])
    [shard] = (desk / "all" / "scored").glob("scored/train-*.parquet")
    assert pq.read_schema(shard).field("classifier_score").type == pa.float32()


def test_a_cut_keeps_what_reaches_it_and_says_the_score_of_what_does_not(desk: Path) -> None:
    scored, cut = kept(desk / "all" / "scored"), kept(desk / "all" / "cut")
    above = half(desk / "first")
    assert cut == {url: score for url, score in scored.items() if score >= above}
    fell = {row["url"]: row["detail"] for row in rejected(desk / "all" / "cut") if row["reason"] == "low_score"}
    assert fell == {url: f"{score:.6g}" for url, score in scored.items() if score < above}
    [stage] = [row for row in manifest_of(desk / "all" / "cut")["preset"]["stages"] if row["stage"] == "classifier"]
    assert (stage["above"], stage["label"], stage["joined"]) == (above, "good", "dclm")
    [ledger] = [row for row in manifest_of(desk / "all" / "cut")["ledger"]["stages"] if row["stage"] == "classifier"]
    assert ledger["rejected"] == {"low_score": len(fell)}


def test_bins_keep_all_above_and_some_below(desk: Path) -> None:
    scored, drawn = kept(desk / "all" / "scored"), kept(desk / "all" / "drawn")
    below = {url for url, score in scored.items() if score < half(desk / "first")}
    assert drawn.keys() >= scored.keys() - below
    assert 0 < len(below & drawn.keys()) < len(below)


def test_the_same_bytes_of_two_workers(desk: Path) -> None:
    assert build(desk, "two", "SCORED,CUT,DRAWN", "my_scores_now", workers="2") == 0
    assert digests(desk / "two") == digests(desk / "all")


def test_the_model_is_kept_and_noticed_when_it_changes(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [file] = [row for row in manifest_of(desk / "all" / "cut")["files"] if row["name"].endswith("quality.bin")]
    assert file["read_by"] == ["Classifier"]
    model = desk / "quality.bin"
    before = model.read_bytes()
    assert (desk / "all" / "cut" / file["at"]).read_bytes() == before
    try:
        model.write_bytes(model_bytes(words=WORDS, labels=["good", "bad"], word_ngrams=2, seed=9))
        capsys.readouterr()
        assert build(desk, "first", "SCORED") == 2
        assert "quality.bin" in capsys.readouterr().err
    finally:
        model.write_bytes(before)


def test_the_presets_of_the_guide_are_presets() -> None:
    text = (ROOT / "docs" / "guides" / "quality-classifier.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```python\n# my_quality\.py\n(.*?)```", text, re.DOTALL)
    made: dict[str, Any] = {}
    exec(block, made)
    columns = [made[name].stages[-2].columns for name in ("BEST", "SOME")]
    assert columns == [{"classifier_score": "float32"}] * 2


def fallen(desk: Path) -> str:
    return min(row["url"] for row in rejected(desk / "all" / "cut") if row["reason"] == "low_score")


def test_the_words_of_a_page_in_the_terminal(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, url = desk / "all" / "cut", fallen(desk)
    assert inspect([str(folder), "--url", url, "--json"]) == 0
    [page] = json.loads(capsys.readouterr().out)["pages"]
    [moved] = page["moved"]
    assert sum(word["share"] for word in moved["words"]) + moved["rest"] == pytest.approx(moved["logit"], abs=1e-6)
    assert inspect([str(folder), "--url", url]) == 0
    said = capsys.readouterr().out
    assert f"Words that moved its score of good at classifier  logit {moved['logit']:+.3f}" in said
    strongest = moved["words"][0]
    assert re.search(rf"{re.escape(strongest['word'])} +\+{strongest['share']:.3f}", said)


def test_the_words_of_a_page_after_its_model_is_gone(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = desk / "quality.bin"
    away = model.rename(desk / "away.bin")
    try:
        assert inspect([str(desk / "all" / "cut"), "--url", fallen(desk)]) == 0
        assert "Words that moved its score of good" in capsys.readouterr().out
    finally:
        away.rename(model)


def test_the_words_of_sampled_pages_in_the_report(desk: Path, tmp_path: Path) -> None:
    assert inspect([str(desk / "all" / "cut"), "--html", str(tmp_path / "report.html")]) == 0
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text.count("Words that moved its score.") == 3  # pages shown of a rule
    assert "lower it: " in text


def test_the_words_of_a_page_in_the_viewer(desk: Path) -> None:
    corpus = open_corpus(desk / "all" / "cut")
    with TestClient(make_app(corpus), base_url="http://127.0.0.1:8000") as client:
        listed = client.get("/", params={"outcome": "classifier/low_score"}).text
        [link, *_] = re.findall(r'href="(/page[?][^"]+)', listed)
        page = client.get(html.unescape(link)).text
        assert "Words that moved its score of <bdi>good</bdi>" in page
        assert "<caption>Lower it</caption>" in page
        judged = client.get("/why", params={"url": fallen(desk)}).text
        assert "Words that moved its score of <bdi>good</bdi>" in judged


def test_the_quantile_of_a_column_is_the_cut_that_keeps_it(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = desk / "all" / "scored"
    assert classifier(["quantile", str(folder), "--keep", "0.5", "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out)["cuts"]
    assert found["kept"] == sum(score >= found["above"] - 1e-7 for score in kept(folder).values())
    assert found["kept"] == len(kept(folder)) // 2
    assert classifier(["quantile", str(folder), "--column", "classifier_scor"]) == 2
    assert "Did you mean 'classifier_score'" in capsys.readouterr().err
    assert classifier(["quantile", str(folder), "--column", "language_score"]) == 0
    assert classifier(["quantile", str(folder), "--column", "url"]) == 2
    assert "holds string: expected scores" in capsys.readouterr().err
