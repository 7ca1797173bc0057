"""The page of a reason: its text where there are docs, what is declared where there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from c4pipe.inspect import rule_pages


def test_the_page_is_that_of_the_docs() -> None:
    assert rule_pages.rule_page("few_words").startswith("# `few_words`\n\nDrops a line that has fewer than 5 words.\n")
    assert "## On real pages" in rule_pages.rule_page("few_words")


def test_without_docs_it_is_what_is_declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_pages, "_FOLDER", tmp_path)
    text = rule_pages.rule_page("few_words")
    assert text.startswith("# `few_words`\n\nA line that has fewer than 5 words.\n\nSource: TFDS c4 3.1.0")


@pytest.mark.parametrize("code", ["", "my_rule", "../../etc/passwd", "README"])
def test_an_unknown_reason_has_none(code: str) -> None:
    assert rule_pages.rule_page(code) == ""
    assert rule_pages.rule_page_path(code) == ""
