"""The overhead of Dask: `en` from the same pages by the local runner, by DaskRunner, and with a killed worker.

    python -m bench.dask_build [--pages 12000] [--rounds 2] [--workers 1,2,4] [--write]

Each run is a separate process; the cost of a build with all its processes is counted (`runs`). A worker is killed when
half of the units are staged: its nanny starts another one, and Dask repeats the lost work. If the builds differ by a
byte, the bench stops. Prints the table of docs/explanation/scale.md, which `--write` puts there, and writes
bench/results/dask.json.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.competitors import our_command
from bench.inputs import FILE_PAGES, make_files
from bench.parity import ROOT, Lists
from bench.runs import Run, measure
from bench.scale import keep, markdown

LOOK = 0.05  # seconds between two checks of the staging folder
SPAWNED = b"multiprocessing.spawn"  # appears in the command line of a Dask worker process


class Way(NamedTuple):
    """How the pages are built."""

    name: str
    workers: int
    options: tuple[str, ...]
    kill: bool = False


def ways(workers: Sequence[int]) -> list[Way]:
    """The local runner and Dask with so many workers; the last one again with a killed worker."""
    local = [Way(f"local, {n}", n, ()) for n in workers]
    dask = [Way(f"Dask, {n}", n, ("--runner", "DaskRunner")) for n in workers]
    most = dask[-1]
    killed = [most._replace(name=f"{most.name}, one killed half-way", kill=True)] if most.workers > 1 else []
    return [*local, *dask, *killed]


def build(way: Way, files: Sequence[Path], lists: Lists, folder: Path) -> tuple[Run, str]:
    """The cost of one build, and the digest of its corpus."""
    output = folder / "c4"
    command = [*our_command(files, output, "en", lists, way.workers), *way.options]
    with _death(output, len(files) // 2) if way.kill else _life() as died:
        run = measure(command, folder / "log", ROOT)
    if way.kill and not died:
        raise SystemExit("bench: the build was over before a worker could be killed. Give it more --pages.")
    digest = hashlib.sha256((output / "manifest.json").read_bytes()).hexdigest()  # contains the digests of all files
    shutil.rmtree(output)
    return run, digest


@contextmanager
def _life() -> Iterator[list[int]]:
    yield []


@contextmanager
def _death(output: Path, staged: int) -> Iterator[list[int]]:
    """Kills one of the workers below this process as soon as so many units are staged; yields whom it killed."""
    killed: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK):
            if sum(1 for _ in output.glob("**/staged/*.summary.json")) >= staged:
                found = workers_below(os.getpid())
                if found:
                    os.kill(found[-1], signal.SIGKILL)
                    killed.append(found[-1])
                    return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def workers_below(pid: int) -> list[int]:
    """The worker processes of a Dask cluster that are children of a process, or of its children."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in path.read_text().split()]
        except OSError:  # a thread that ended meanwhile
            continue
        for child in children:
            try:
                own = SPAWNED in Path(f"/proc/{child}/cmdline").read_bytes()
            except OSError:
                continue
            found += [child] if own else workers_below(child)
    return found


def dask_table(runs: dict[str, Run], pages: int) -> str:
    """One row per way. "Beyond" is the cost above the local runner with one worker."""
    first = next(iter(runs.values()))
    rows: list[Sequence[str]] = [("`en`, workers", "wall s", "CPU s", "CPU ms a page", "CPU s beyond", "MiB in all")]
    for name, run in runs.items():
        beyond = "" if run is first else f"{run.cpu - first.cpu:.1f}"
        cells = (f"{run.wall:.1f}", f"{run.cpu:.1f}", f"{1000 * run.cpu / pages:.3f}", beyond, f"{run.rss:,.0f}")
        rows.append((name, *cells))
    return markdown(rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints the table and keeps it."""
    parser = argparse.ArgumentParser(prog="python -m bench.dask_build", description="What Dask costs.")
    parser.add_argument("--pages", type=int, default=12_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--workers", type=lambda text: [int(n) for n in text.split(",")], default=[1, 2, 4])
    parser.add_argument("--badwords-dir", type=Path, metavar="DIR")
    parser.add_argument("--write", action="store_true", help="write the table into docs/explanation/scale.md")
    args = parser.parse_args(argv)
    if args.pages < 4 * FILE_PAGES or args.rounds < 1 or min(args.workers) < 1:
        parser.error(f"--pages must be {4 * FILE_PAGES:,} at least, --rounds and --workers above 0")
    lists = Lists.find(args.badwords_dir)
    taken: dict[str, list[Run]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-dask-") as name:
        folder = Path(name)
        files = make_files(folder / "wet", args.pages)
        digests = set()
        for _ in range(args.rounds):
            for way in ways(args.workers):
                run, digest = build(way, files, lists, folder)
                taken.setdefault(way.name, []).append(run)
                digests.add(digest)
                print(f"  {way.name}: {run.wall:.1f} s, CPU {run.cpu:.1f} s", file=sys.stderr, flush=True)
    if len(digests) > 1:
        raise SystemExit("bench: the corpora differ.")
    runs = {name: Run(*map(median, zip(*found, strict=True))) for name, found in taken.items()}
    told = {"pages": args.pages, "rounds": args.rounds, "runs": {name: run._asdict() for name, run in runs.items()}}
    keep("dask", told, dask_table(runs, args.pages), args.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
