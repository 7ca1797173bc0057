"""The example recipes work at the size of a sample, and equal the presets that they spell out."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from c4pipe.presets import EN, MULTILINGUAL, PRESETS
from c4pipe.stages import Size
from c4pipe.stages.personal import with_personal_masked
from examples import c4, fineweb, mc4, t5_table_8
from tests.conftest import quicken_pipelines
from tests.wetfiles import manifest_of, rows

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "data_samples"
LONGEST = 120  # lines that are read in one sitting


@pytest.fixture(autouse=True)
def quick() -> None:
    quicken_pipelines()


def test_c4_is_en(tmp_path: Path) -> None:
    assert c4.C4.stages == EN.stages
    sites = str(SAMPLES / "sites.warc.wet.gz")
    assert c4.main(["--input", sites, "--output", str(tmp_path / "c4"), "--workers", "1"]) == 0
    stages = manifest_of(tmp_path / "c4")["ledger"]["stages"]
    assert [stage["stage"] for stage in stages] == [stage.name for stage in EN.stages]
    assert len(list(rows(tmp_path / "c4"))) == stages[-1]["kept"] > 10


def test_mc4_is_multilingual_with_the_papers_least_number(tmp_path: Path) -> None:
    assert mc4.MULTILINGUAL_C4.stages == MULTILINGUAL.on(Size("size", pages=10_000)).stages
    world = ["--input", str(SAMPLES / "world.warc.wet.gz"), "--workers", "1"]
    places = ["--output", str(tmp_path / "mc4"), "--mixture", str(tmp_path / "mixed")]
    assert mc4.main([*world, *places, "--min-pages", "0"]) == 0
    languages = {shard["config"] for shard in manifest_of(tmp_path / "mc4")["shards"]}
    assert {"de", "ja"} <= languages
    assert manifest_of(tmp_path / "mixed")["mixture"]


def test_too_few_pages_of_all_languages_end_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = ["--input", str(SAMPLES / "plain.warc.wet"), "--workers", "1"]
    places = ["--output", str(tmp_path / "mc4"), "--mixture", str(tmp_path / "mixed")]
    assert mc4.main([*plain, *places]) == 4
    assert "--min-pages N sets how many they need" in capsys.readouterr().err
    assert not (tmp_path / "mixed").exists()


def test_fineweb_is_fineweb_with_near_duplicates_and_masks(tmp_path: Path) -> None:
    assert fineweb.FINEWEB.stages[:-2] == PRESETS["fineweb"].stages
    assert fineweb.FINEWEB.stages == with_personal_masked(PRESETS["fineweb.near"], ("email", "ip")).stages
    sites = str(SAMPLES / "sites.warc.wet.gz")
    assert fineweb.main(["--input", sites, "--output", str(tmp_path / "fw"), "--workers", "1"]) in (0, 4)
    stages = [stage["stage"] for stage in manifest_of(tmp_path / "fw")["ledger"]["stages"]]
    assert stages == [stage.name for stage in fineweb.FINEWEB.stages]


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs torch: make setup")
def test_table_8_is_planned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = ["--input", str(SAMPLES), "--url-list", str(SAMPLES / "urls.txt"), "--out", str(tmp_path)]
    assert t5_table_8.main([*inputs, "--seeds", "1", "--dry-run"]) == 0
    said = capsys.readouterr().out
    for name in t5_table_8.PRESETS:
        assert manifest_of(tmp_path / "corpora" / name)["preset"]["name"] == name
        assert name in said
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("[a-z]*.py")), ids=lambda path: path.name)
def test_an_example_is_read_in_one_sitting_and_says_how_it_is_run(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert f"python -m examples.{path.stem} --input" in text
