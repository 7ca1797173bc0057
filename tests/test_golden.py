"""Each preset over data_samples, through the real job: page for page what data_samples/expected says."""

import pytest

from c4pipe.presets import PRESETS
from tests.golden import EXPECTED, PUNKT, build, render


@pytest.mark.parametrize("preset", PRESETS)
def test_the_corpus_is_the_golden_one(preset, tmp_path):
    if preset == "en.tfds" and not PUNKT.is_dir():
        pytest.skip(f"en.tfds needs Punkt's data, and {PUNKT} is not there")
    found = render(build(preset, tmp_path / "corpus"))
    assert found == (EXPECTED / f"{preset}.txt").read_text(encoding="utf-8"), "see `make golden`"


def test_every_golden_file_belongs_to_a_preset():
    assert {path.stem for path in EXPECTED.glob("*.txt")} == set(PRESETS)
