"""Each preset over data_samples, through the real job: page for page what data_samples/expected says."""

import pytest

from c4pipe.presets import PRESETS
from tests.golden import EXPECTED, build, render


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


def test_every_golden_file_belongs_to_a_preset():
    assert {path.stem for path in EXPECTED.glob("*.txt")} == set(PRESETS)
