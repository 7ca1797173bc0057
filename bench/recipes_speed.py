"""The cost of the other recipes: CPU time of one build of `en`, and of one with all recipes, alternately."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.inputs import pages_of
from bench.parity import ROOT
from c4pipe.page import Kept
from c4pipe.recipes import DCLM, FINEWEB, GOPHER
from c4pipe.stages import Identify
from c4pipe.text.between import numbered_unicode
from c4pipe.text.counted import numbered_english

ALL = ",".join(["en", *(preset.name for preset in (GOPHER, FINEWEB, DCLM))])
BADWORDS = ROOT / "c4pipe" / "data" / "badwords"


def measured(files: Sequence[Path], rounds: int) -> str:
    """Alternate builds with one worker; the ratio of each round, and the cost of word splitting alone."""
    seconds: dict[str, list[float]] = {"en": [], ALL: []}
    for _ in range(rounds):
        for presets, taken in seconds.items():
            taken.append(_build(files, presets))
    ratios = [all_ / one for one, all_ in zip(seconds["en"], seconds[ALL], strict=True)]
    lines = [
        f"{name}: {', '.join(f'{each:.1f}' for each in taken)} s of CPU, start-up included"
        for name, taken in seconds.items()
    ]
    words, pages = _words(files)
    return "\n".join(
        [
            *lines,
            f"times `en`: {', '.join(f'{ratio:.2f}' for ratio in ratios)}; median {statistics.median(ratios):.2f}",
            f"word splitting, English and by boundaries: {words:.1f} s for {pages:,} pages in English, "
            "from a cold start",
        ]
    )


def _build(files: Sequence[Path], presets: str) -> float:
    """CPU seconds of a build with one worker, including child processes."""
    with tempfile.TemporaryDirectory(prefix="recipes-") as folder:
        output = str(Path(folder, "c"))
        before = os.times()
        subprocess.run(
            [
                sys.executable, "-m", "beam_jobs.build_c4", "--input", *map(str, files), "--output", output,
                "--preset", presets, "--badwords-dir", str(BADWORDS), "--workers", "1",
            ],
            check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _words(files: Sequence[Path]) -> tuple[float, int]:
    """CPU seconds for splitting all English pages into words, and the number of these pages."""
    (language,) = (stage for stage in GOPHER.stages if isinstance(stage, Identify))
    judge = language.bind(None)
    texts = [page.text for page in pages_of(files) if isinstance(judge(page), Kept)]
    started = time.process_time()
    for text in texts:
        numbered_english(text)
        numbered_unicode(text)
    return time.process_time() - started, len(texts)
