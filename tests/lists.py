"""Word lists for test builds: options without effect are refused, and not every preset reads word lists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from c4pipe.part import everything
from c4pipe.presets import find_preset
from c4pipe.rules import BadWords


def word_lists(folder: Path, options: Sequence[object] = ()) -> list[str]:
    """`--badwords-dir FOLDER` where a preset that the options name reads lists; by default `en` does."""
    words = [*map(str, options)]
    named = words[words.index("--preset") + 1] if "--preset" in words else "en"
    return ["--badwords-dir", str(folder)] if reads(named, BadWords) else []


def reads(presets: str, kind: type) -> bool:
    """Whether one of the presets has such a part. One that cannot be found is left to the build to say."""
    try:
        stages = [find_preset(name).stages for name in presets.split(",")]
        return any(isinstance(part, kind) for each in stages for part in everything(each))
    except Exception:
        return True
