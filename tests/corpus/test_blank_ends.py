"""Blank lines at the ends of a page are dropped with the white space around its text, and the ledger balances
nevertheless.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from beam_jobs import build_c4
from c4pipe.corpus.ledger import lines_in
from c4pipe.presets import EN, PRESETS
from c4pipe.rules import NoJavascript
from c4pipe.stages import Clean
from tests.conftest import quicken_pipelines
from tests.wetfiles import WebPage, manifest_of, story, wet


@pytest.mark.parametrize(
    ("before", "left", "dropped", "lines"),
    [
        ("JavaScript\n\nOne.\nTwo.", "One.\nTwo.", 1, 3),
        ("One.\n\nTwo.", "One.\n\nTwo.", 0, 3),  # within a text they are lines
        ("One.\n \nJavaScript\n\n", "One.", 1, 2),
        ("One.\nTwo.", "One.", 0, 2),  # a line that is no blank one is missed: the ledger will say so
        ("One.\n\nTwo.\nThree.", "One.", 0, 4),
        ("", "", 0, 0),
    ],
)
def test_lines_that_came_in(before: str, left: str, dropped: int, lines: int) -> None:
    assert lines_in(before, left, dropped) == lines


@pytest.mark.parametrize("behind", ["url", "language"])
def test_a_preset_whose_rules_let_blank_lines_stand_is_built(
    behind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In front of the dedup of text and behind it."""
    quicken_pipelines()
    preset = EN.without("clean").after(behind, Clean("clean", (NoJavascript(),)))
    monkeypatch.setitem(PRESETS, "en", preset)
    (tmp_path / "a.warc.wet.gz").write_bytes(wet([WebPage("http://a.example/", f"JavaScript\n\n\n{story(100)}")]))
    arguments = ["--input", str(tmp_path / "a.warc.wet.gz"), "--output", str(tmp_path / "out"), "--workers", "1"]
    assert build_c4.main(arguments) == 0
    (row,) = (stage for stage in manifest_of(tmp_path / "out")["ledger"]["stages"] if stage["stage"] == "clean")
    assert row["lines_dropped"] == {"javascript": 1}
    assert row["lines"]["in"] == row["lines"]["kept"] + 1
