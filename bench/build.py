"""How fast, and how big: a build against the reference's own functions over the same pages.

`make bench`, or `python -m bench.build [--pages 12000] [--rounds 3] [--growth]`. Each run is a process of its own and
the runs are interleaved, so that a busy minute of the machine hits all alike; the median of the rounds counts.
The reference runs without Beam and writes no Parquet, no statistics and no rejected pages: it has less to do.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import chain, count, islice
from pathlib import Path
from typing import NamedTuple

from bench.parity import ROOT, SHARED, Lists, reference_command, reference_python

RESULTS = ROOT / "bench" / "results" / "build.json"
GROWTH = (3000, 6000, 12_000, 24_000, 48_000)
FILE_PAGES = 3000


class Run(NamedTuple):
    """What one process took."""

    wall: float  # seconds
    cpu: float  # seconds, with its children
    rss: float  # MiB, at its peak


def records(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """(header, body) of each record of an intact WET file."""
    data = gzip.decompress(path.read_bytes())
    at = 0
    while at < len(data):
        end = data.index(b"\r\n\r\n", at) + 4
        header = data[at:end]
        size = int(re.search(rb"(?i)^content-length:\s*(\d+)", header, re.MULTILINE)[1])  # type: ignore[index]
        yield header, data[end : end + size]
        at = end + size + 4


def changed(header: bytes, body: bytes, copy: int) -> bytes:
    """A record as of another site: its address is new, and so is each line, but for what the site itself repeats."""
    if copy:
        header = re.sub(rb"(WARC-Target-URI: https?://)", rb"\g<1>copy%d." % copy, header)
        body = b"\n".join(line.replace(b" ", b" %d " % copy, 1) for line in body.split(b"\n"))
        header = re.sub(rb"(?mi)^(content-length:\s*)\d+", rb"\g<1>%d" % len(body), header)
    return header + body + b"\r\n\r\n"


def make_inputs(folder: Path, pages: int) -> list[Path]:
    """WET files of 3,000 pages each: those of ../shared/wet_bench as often over as it takes, else pages made up."""
    sources = sorted(SHARED.glob("wet_bench/*.wet.gz"))
    if not sources:
        command = [sys.executable, str(ROOT / "bench" / "make_wet.py"), "--pages", str(pages), "--output", str(folder)]
        subprocess.run([*command, "--files", str(-(-pages // FILE_PAGES))], check=True, stdout=subprocess.DEVNULL)
        return sorted(folder.glob("*.wet.gz"))
    made = []
    wanted = islice(_copies(sources), pages)
    while batch := list(islice(wanted, FILE_PAGES)):
        made.append(folder / f"bench-{len(made):03d}.warc.wet.gz")
        made[-1].write_bytes(b"".join(gzip.compress(record, 6, mtime=0) for record in batch))
    return made


def _copies(sources: Sequence[Path]) -> Iterator[bytes]:
    for copy in count():
        for header, body in chain.from_iterable(map(records, sources)):
            if b"WARC-Type: conversion" in header:
                yield changed(header, body, copy)


def measure(command: Sequence[str], log: Path) -> Run:
    """Runs a command to its end."""
    started = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"bench: {' '.join(command[:6])} ... failed:\n{log.read_text(errors='replace')[-2000:]}")
    return Run(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def our_command(inputs: Sequence[Path], output: Path, preset: str, lists: Lists, workers: int) -> list[str]:
    """The command line of a build."""
    command = [sys.executable, "-m", "beam_jobs.build_c4", "--input", *map(str, inputs), "--output", str(output)]
    return [*command, "--preset", preset, "--badwords-dir", str(lists.badwords), "--workers", str(workers)]


def against_reference(folder: Path, pages: int, rounds: int, workers: int, lists: Lists) -> dict[str, list[Run]]:
    """The runs of each competitor."""
    inputs = make_inputs(folder, pages)
    runs: dict[str, list[Run]] = {"c4pipe en.tfds": [], "c4pipe en": []}
    if reference_python().exists():
        runs = {"reference": []} | runs
    else:
        print(f"bench: without the reference, for {reference_python()} is not there (make bench).", file=sys.stderr)
    for number in range(rounds):
        for name in runs:
            if name == "reference":
                command = reference_command(inputs, folder / "reference.jsonl", "en", lists)
            else:
                command = our_command(inputs, folder / f"{name}-{number}", name.split()[1], lists, workers)
            runs[name].append(measure(command, folder / "log"))
            print(f"  round {number + 1}: {name:<15} {runs[name][-1].wall:7.1f} s", file=sys.stderr)
    return runs


def growth(folder: Path, workers: int, lists: Lists) -> dict[int, Run]:
    """Our build of `en` on more and more pages."""
    found = {}
    for pages in GROWTH:
        inputs = folder / f"inputs-{pages}"
        inputs.mkdir()
        command = our_command(make_inputs(inputs, pages), folder / f"c4-{pages}", "en", lists, workers)
        found[pages] = measure(command, folder / "log")
        print(f"  {pages:,} pages: {found[pages].wall:.1f} s", file=sys.stderr)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints the tables and writes bench/results/build.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.build", description="A build against TFDS's own functions.")
    parser.add_argument("--pages", type=int, default=12_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1, help="of our build (the reference has one)")
    parser.add_argument("--growth", action="store_true", help="also build 3,000 to 48,000 pages")
    parser.add_argument("--badwords-dir", type=Path, metavar="DIR")
    args = parser.parse_args(argv)
    lists = Lists.find(args.badwords_dir)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        runs = against_reference(Path(name), args.pages, args.rounds, args.workers, lists)
        grown = growth(Path(name), args.workers, lists) if args.growth else {}
    results = {
        "pages": args.pages,
        "workers": args.workers,
        "machine": {"cores": os.cpu_count(), "load": os.getloadavg()[0], "python": platform.python_version()},
        "runs": {name: [run._asdict() for run in made] for name, made in runs.items()},
        "growth": {pages: run._asdict() for pages, run in grown.items()},
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(table(runs, args.pages))
    if grown:
        print(growth_table(grown))
    print(f"written to {RESULTS.relative_to(ROOT)}")
    return 0


def table(runs: dict[str, list[Run]], pages: int) -> str:
    """Medians over the rounds."""
    lines = [
        f"{pages:,} pages        {'wall s':>8} {'CPU s':>8} {'ms/page':>8} {'pages/s':>8} {'peak MiB':>9} {'times':>6}"
    ]
    first = statistics.median(run.wall for run in next(iter(runs.values())))
    for name, made in runs.items():
        wall, cpu, rss = (statistics.median(values) for values in zip(*made, strict=True))
        lines.append(
            f"{name:<19} {wall:>8.1f} {cpu:>8.1f} {1000 * cpu / pages:>8.2f} {pages / wall:>8,.0f} {rss:>9,.0f} "
            f"{first / wall:>6.1f}"
        )
    return "\n".join(lines)


def growth_table(grown: dict[int, Run]) -> str:
    """One line a size."""
    lines = [f"c4pipe en, pages     {'wall s':>8} {'CPU s':>8} {'ms/page':>8} {'peak MiB':>9}"]
    for pages, run in grown.items():
        lines.append(f"{pages:<20,} {run.wall:>8.1f} {run.cpu:>8.1f} {1000 * run.cpu / pages:>8.2f} {run.rss:>9,.0f}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
