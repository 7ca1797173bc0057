"""What benches and tests use of what lies outside the checkout, where it is there."""

from __future__ import annotations

import os
from pathlib import Path

from c4pipe.text.punkt import find_punkt

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"  # test data that is not public


def punkt_data() -> Path | None:
    """What NLTK_DATA may name: where c4pipe itself finds Punkt, or else ../shared/nltk_data; None without it."""
    found = find_punkt(ROOT / "assets" / "nltk_data")
    if found is not None:
        return found.parents[2]  # above tokenizers/punkt_tab/english
    return SHARED / "nltk_data" if (SHARED / "nltk_data").is_dir() else None


def name_punkt() -> bool:
    """Points NLTK_DATA to it, for this process and those that it starts; whether it is there."""
    data = punkt_data()
    if data is not None:
        os.environ["NLTK_DATA"] = str(data)
    return data is not None
