"""How time and memory grow with the pages: our build of `en`, one worker, from 3,000 to 96,000; and with workers.

A build before all others is not counted: what it compiles once takes 150 MiB. Each size is built twice, and the
largest with several workers once; beside the mean stands how far the two are apart, which is 5 % at most where nothing
is wrong. Memory is that of `runs`: what all processes have of their own, and the libraries of one of them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean

from bench.competitors import our_command
from bench.inputs import FILE_PAGES
from bench.parity import ROOT, Lists
from bench.runs import Run, measure

SIZES = (3000, 6000, 12_000, 24_000, 48_000, 96_000)
WORKERS_GROWN = (1, 2, 4)
OF_WORKERS = 24_000  # pages that they build


def grow(
    files: Sequence[Path], sizes: Sequence[int], lists: Lists, folder: Path, say: Callable[[str], None]
) -> tuple[dict[int, Run], dict[int, int], dict[int, float]]:
    """What a build of so many pages of the files took, the lines it kept until the dedup of text, and how far its two
    peaks are apart, as a share of the lower."""
    lines, apart = {}, {}
    _built(files[:1], 1, lists, folder)
    taken: dict[int, list[Run]] = {pages: [] for pages in sizes}
    for pages in [*sizes, *sizes]:
        run, lines[pages] = _built(files[: pages // FILE_PAGES], 1, lists, folder)
        taken[pages].append(run)
        say(f"{pages:,} pages: {run.wall:.1f} s, {run.rss:,.0f} MiB")
    for pages, runs in taken.items():
        low, high = sorted(run.rss for run in runs)
        apart[pages] = high / low - 1
    return {pages: Run(*map(mean, zip(*runs, strict=True))) for pages, runs in taken.items()}, lines, apart


def grow_workers(
    files: Sequence[Path], workers: Sequence[int], lists: Lists, folder: Path, say: Callable[[str], None]
) -> dict[int, Run]:
    """What a build of all the files takes with so many workers."""
    taken = {}
    for number in workers:
        taken[number], _ = _built(files, number, lists, folder)
        say(f"{number} workers: {taken[number].wall:.1f} s, {taken[number].rss:,.0f} MiB")
    return taken


def _built(files: Sequence[Path], workers: int, lists: Lists, folder: Path) -> tuple[Run, int]:
    output = folder / "grown"
    run = measure(our_command(files, output, "en", lists, workers), folder / "log", ROOT)
    lines = kept_lines(output)
    shutil.rmtree(output)
    return run, lines


def kept_lines(corpus: Path) -> int:
    """Lines that the cleaning kept: what the dedup of text has to remember."""
    manifest = json.loads((corpus / "manifest.json").read_bytes())
    [clean] = [stage for stage in manifest["ledger"]["stages"] if stage["stage"] == "clean"]
    return int(clean["lines"]["kept"])
