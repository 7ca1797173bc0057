"""How time and memory grow with the pages: our build of `en`, one worker, from 3,000 to 96,000."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.competitors import our_command
from bench.inputs import FILE_PAGES
from bench.parity import ROOT, Lists
from bench.runs import Run, measure

SIZES = (3000, 6000, 12_000, 24_000, 48_000, 96_000)


def grow(
    files: Sequence[Path], sizes: Sequence[int], lists: Lists, folder: Path, say: Callable[[str], None]
) -> tuple[dict[int, Run], dict[int, int]]:
    """What a build of so many pages of the files took, and the lines it kept until the dedup of text."""
    runs, lines = {}, {}
    for pages in sizes:
        output = folder / "grown"
        command = our_command(files[: pages // FILE_PAGES], output, "en", lists, 1)
        runs[pages] = measure(command, folder / "log", ROOT)
        lines[pages] = kept_lines(output)
        shutil.rmtree(output)
        say(f"{pages:,} pages: {runs[pages].wall:.1f} s, {runs[pages].rss:,.0f} MiB")
    return runs, lines


def kept_lines(corpus: Path) -> int:
    """Lines that the cleaning kept: what the dedup of text has to remember."""
    manifest = json.loads((corpus / "manifest.json").read_bytes())
    [clean] = [stage for stage in manifest["ledger"]["stages"] if stage["stage"] == "clean"]
    return int(clean["lines"]["kept"])
