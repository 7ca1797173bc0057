"""bench.exclusions at a small size."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import exclusions


def test_what_keeps_pages_out_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exclusions, "RESULTS", tmp_path / "new" / "exclusions.json")
    monkeypatch.setattr(exclusions, "PAGES", 500)
    assert exclusions.main(["--entries", "1000"]) == 0
    rows = json.loads(exclusions.RESULTS.read_text())["rows"]
    assert [row["pages out"] for row in rows] == [5, 5, 0, 0]  # robots.txt forbids other paths
    assert max(row["us a page"] for row in rows) < 1000
