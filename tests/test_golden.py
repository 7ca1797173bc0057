"""Each preset over data_samples, through the real job, gives page for page what data_samples/expected says."""

import re

import pytest

from c4pipe.presets import PRESETS
from tests.golden import EXPECTED, build, picture, render
from tests.wetfiles import ROOT, manifest_of, rows


@pytest.fixture
def corpus(request, preset, once):
    """The corpus of a preset. All but the exact one come from one reading; that one needs Punkt."""
    if preset == "en.tfds":
        request.getfixturevalue("punkt")
        return once("golden en.tfds", lambda folder: build([preset], folder))
    others = [name for name in PRESETS if name != "en.tfds"]
    return once("golden", lambda folder: build(others, folder)) / preset


@pytest.mark.parametrize("preset", PRESETS)
def test_the_corpus_is_the_golden_one(preset, corpus):
    assert render(corpus) == (EXPECTED / f"{preset}.txt").read_text(encoding="utf-8"), "see `make golden`"


@pytest.mark.parametrize("preset", PRESETS)
def test_its_ledger_balances(preset, corpus):
    manifest = manifest_of(corpus)
    stages = manifest["ledger"]["stages"]
    assert manifest["ledger"]["records"] == stages[0]["in"] == sum(item["records"] for item in manifest["inputs"])
    for before, stage in zip([None, *stages], stages, strict=False):
        assert stage["in"] == stage["kept"] + sum(stage["rejected"].values())
        assert before is None or stage["in"] == before["kept"]
    assert stages[-1]["kept"] == sum(shard["rows"] for shard in manifest["shards"]) == len(list(rows(corpus)))
    assert not [path for path in corpus.rglob("*") if path.name.startswith(".")]


def words_of(svg):
    """What a picture of a terminal says, without sizes, which depend on the zstd version, and without skipped paths,
    which depend on whether Python has cached modules of the folder.
    """
    words = "\n".join(re.findall(r"<text[^>]*>(.*?)</text>", svg))
    return re.sub(r"[\d.,]+&#160;MB|\d+&#160;other&#160;paths.*?(?=\n[^\n]*corpus:)", "", words, flags=re.DOTALL)


@pytest.mark.parametrize("preset", ["en"])
def test_the_picture_of_the_readme_is_of_today(preset, corpus):
    drawn = (ROOT / "docs" / "build.svg").read_text(encoding="utf-8")
    assert "badwords" in words_of(drawn)
    assert words_of(picture(corpus)) == words_of(drawn), "see `make pictures`"


def test_every_golden_file_belongs_to_a_preset():
    assert {path.stem for path in EXPECTED.glob("*.txt")} == set(PRESETS)
