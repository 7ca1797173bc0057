"""How time and memory grow with pages (our build of `en`, one worker, 3,000 to 96,000) and with workers.

A first build is not counted: its one-time compilation takes 150 MiB. Each size is built twice, and the largest once
with several workers. Next to the mean is the spread of the two, at most 5 % if nothing is wrong. Memory is that of
`runs`: the private memory of all processes, and the libraries of one.

    python -m bench.growth [--lines 250000,1000000,4000000] [--badwords-dir DIR]

measures the cost of a kept line: pages of 100 unique lines that the cleaning keeps. All but one page in fifty are
dropped at the last stage for a bad word, so the output shard stays small, as with real pages.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean

from bench.competitors import our_command
from bench.inputs import FILE_PAGES, record
from bench.parity import ROOT, Lists
from bench.runs import Run, measure
from c4pipe.page import Page

SIZES = (3000, 6000, 12_000, 24_000, 48_000, 96_000)
WORKERS_GROWN = (1, 2, 4)
OF_WORKERS = 24_000  # pages for builds with several workers
PAGE_LINES = 100  # lines of a made-up page
LEFT_IN = 50  # one in so many of these is kept
BAD = "An orgy was what they wrote about in this sentence."


def grow(
    files: Sequence[Path], sizes: Sequence[int], lists: Lists, folder: Path, say: Callable[[str], None]
) -> tuple[dict[int, Run], dict[int, int], dict[int, float]]:
    """The cost of a build of so many pages of the files, the lines kept until the text dedup, and the difference of its
    two peaks, as a share of the lower.
    """
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
    """The cost of a build of all files with so many workers."""
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
    """Lines that the cleaning kept, which the text dedup must hold."""
    manifest = json.loads((corpus / "manifest.json").read_bytes())
    [clean] = [stage for stage in manifest["ledger"]["stages"] if stage["stage"] == "clean"]
    return int(clean["lines"]["kept"])


def make_lines(folder: Path, lines: int) -> list[Path]:
    """WET files of 2,500 pages of `PAGE_LINES` lines each, all lines different; at least `lines` in all."""
    folder.mkdir(parents=True)
    made: list[Path] = []
    for first in range(0, lines // PAGE_LINES, 2500):
        made.append(folder / f"lines-{len(made):05d}.warc.wet.gz")
        pages = map(_page_of_lines, range(first, min(first + 2500, lines // PAGE_LINES)))
        made[-1].write_bytes(b"".join(gzip.compress(record(page), 1, mtime=0) for page in pages))
    return made


def _page_of_lines(number: int) -> Page:
    lines = [f"Of {number} they saw the station number {n} and its {n * number} windows." for n in range(PAGE_LINES)]
    text = "\n".join([*([BAD] if number % LEFT_IN else []), *lines])
    return Page(f"http://site{number}.example/", text, "2026-01-01T00:00:00Z")


def main(argv: Sequence[str] | None = None) -> int:
    """Builds pages of so many lines and prints the memory cost per line."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description="What a kept line costs in memory.")
    parser.add_argument(
        "--lines", type=lambda text: sorted({int(n) for n in text.split(",")}), default=[250_000, 1_000_000, 4_000_000]
    )
    parser.add_argument("--badwords-dir", type=Path, metavar="DIR")
    args = parser.parse_args(argv)
    if args.lines[0] < 250_000 or len(args.lines) < 2:
        parser.error("--lines needs at least two numbers of 250,000 or more")
    lists = Lists.find(args.badwords_dir)
    with tempfile.TemporaryDirectory(prefix="bench-growth-") as name:
        folder = Path(name)
        files = make_lines(folder / "wet", args.lines[-1])
        _built(files[:1], 1, lists, folder)
        found = []
        for wanted in args.lines:
            run, lines = _built(files[: wanted // (2500 * PAGE_LINES)], 1, lists, folder)
            found.append((lines, run.rss))
            print(f"{lines:,} lines kept: {run.rss:.0f} MiB, {run.cpu:.1f} CPU s", flush=True)
    (few, low), (many, high) = found[0], found[-1]
    print(f"memory per line: {(high - low) * 2**20 / (many - few):.1f} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
