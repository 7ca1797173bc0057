"""What the recipes of others cost: the CPU of one build of `en`, and of one of `en` with all of them, in turns."""

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
from c4pipe.recipes import DCLM, FINEWEB, GOPHER
from c4pipe.text import english

ALL = ",".join(["en", *(preset.name for preset in (GOPHER, FINEWEB, DCLM))])
BADWORDS = ROOT / "c4pipe" / "data" / "badwords"


def measured(files: Sequence[Path], rounds: int) -> str:
    """Both builds by turns, one worker; the ratio of each round, and what cutting English words alone takes."""
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
            f"of that English words: {words:.1f} s for all {pages:,} pages, whatever their language, from a cold start",
        ]
    )


def _build(files: Sequence[Path], presets: str) -> float:
    """CPU seconds of a build with one worker, those of its children too."""
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
    texts = [page.text for page in pages_of(files)]
    started = time.process_time()
    for text in texts:
        english.english_words(text)
    return time.process_time() - started, len(texts)
