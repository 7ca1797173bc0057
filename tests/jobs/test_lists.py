"""Lists of words as people save them, through a build: what is found, and notes on entries that never match."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from beam_jobs import build_c4
from bench.outside import name_punkt
from tests import needs


def _build(folder: Path, preset: str) -> dict[str, object]:
    words = folder / "words"
    words.mkdir()
    (words / "en.txt").write_text("Harbour\nferry\n")
    first = "The harbour office opens at eight in the morning and closes rather late at night."
    wet = folder / "pages.wet"
    text = "\n".join(
        [first, "Nobody waits in the hall beside the stairs.", "It is a quiet place by the sea, and it is well known."]
    )
    wet.write_text(
        "WARC/1.0\nWARC-Type: conversion\nWARC-Target-URI: http://a.example/\nWARC-Date: 2024-05-01T00:00:00Z\n"
        f"Content-Length: {len(text)}\n\n{text}\n\n"
    )
    arguments = ["--input", str(wet), "--output", str(folder / "c4"), "--preset", preset, "--workers", "1"]
    assert build_c4.main([*arguments, "--badwords-dir", str(words)]) in (0, 4)
    return json.loads((folder / "c4" / "manifest.json").read_text())  # type: ignore[no-any-return]


def _last(manifest: dict[str, object]) -> object:
    return next(s for s in manifest["ledger"]["stages"] if s["stage"] == "badwords")["rejected"]  # type: ignore[index]


def test_a_capital_in_a_list_is_no_matter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = _build(tmp_path, "en")
    assert _last(manifest) == {"bad_word": 1}
    assert "can never match" not in capsys.readouterr().err
    assert not [file for file in manifest["files"] if "note" in file]  # type: ignore[attr-defined]


@pytest.mark.skipif(not name_punkt(), reason=needs.PUNKT)
def test_in_the_exact_preset_it_is_dead_and_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = _build(tmp_path, "en.tfds")
    assert _last(manifest) == {}
    assert "note: en.tfds reads en.txt: 1 of 2 entries can never match: they hold capitals" in capsys.readouterr().err
    (note,) = [file["note"] for file in manifest["files"] if "note" in file]  # type: ignore[attr-defined]
    assert note == "1 of 2 entries can never match: they hold capitals"
