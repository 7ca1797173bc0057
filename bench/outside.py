"""Data outside the checkout that benches and tests use if it exists."""

from __future__ import annotations

import os
from pathlib import Path

from c4pipe.text.punkt import find_punkt

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"  # test data that is not public


def punkt_data() -> Path | None:
    """A folder for NLTK_DATA: where c4pipe itself finds Punkt, or else ../shared/nltk_data; None if there is none."""
    found = find_punkt(ROOT / "assets" / "nltk_data")
    if found is not None:
        return found.parents[2]  # above tokenizers/punkt_tab/english
    return SHARED / "nltk_data" if (SHARED / "nltk_data").is_dir() else None


def name_punkt() -> bool:
    """Points NLTK_DATA to it, for this process and its children. Returns whether it exists."""
    data = punkt_data()
    if data is not None:
        os.environ["NLTK_DATA"] = str(data)
    return data is not None
