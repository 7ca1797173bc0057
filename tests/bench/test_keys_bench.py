"""bench.keys at a small size, and the limits on the size of keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import keys

MOST_BYTES = 40  # for each line that came to a dedup, its page's URL and signature with it


def test_keys_are_measured_and_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "RESULTS", tmp_path / "keys.json")
    assert keys.main(["--keys", "100000"]) == 0
    owned, bare = json.loads((tmp_path / "keys.json").read_text())["hashes"]
    assert (owned["keys"], bare["keys"]) == (100_000, 100_000)
    assert owned["bytes a key"] < 15.1
    assert bare["bytes a key"] < 7.1
    # A page of ten lines, a URL and the 14 keys of a signature, which is a short one.
    assert (10 * owned["bytes a key"] + bare["bytes a key"] + 14 * owned["bytes a key"]) / 10 < MOST_BYTES
