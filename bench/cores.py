"""The gain of more cores, simulated from the measured seconds of every element of a build.

    python -m bench.cores [--pages 96000 | --input WET...] [--workers 1,2,4,16,64] [--write]

One build by one worker records the CPU seconds of each call of each step. The simulated steps run one after another, as
in Beam's local runner: a step's elements are dealt out in equal numbers before it begins, and the next step waits for
all. `best` gives the longest element first to whichever worker is free, as an engine with a work queue may. What
happens before the workers start, and the runner's own work, use one core only.

A larger build has more units of work, as many but larger partitions of its shuffles, one more output shard for each 256
MB, and the same single elements, which grow (`scaled`). Disk and memory are not limited here. Prints the table of
docs/explanation/scale.md, which `--write` puts there, and writes bench/results/cores.json.
"""

from __future__ import annotations

import argparse
import heapq
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from subprocess import run
from typing import Any, NamedTuple

from bench.competitors import our_command
from bench.inputs import make_files
from bench.parity import ROOT, Lists
from bench.scale import keep, markdown
from c4pipe.passes.merging import SHARD_BYTES

SIZES = (1, 100)  # multiples of the measured pages
WORKER_START = 0.35  # seconds of each worker: fork, imports, and compilation for the first page

# What an element of a step is: a unit of work or a group of them, a partition of a shuffle, an output shard, or all.
UNIT, PARTITION, SHARD, ALL = "unit", "partition", "shard", "all"
STEPS = {
    "StageUnit": UNIT,
    "ClaimUrls": UNIT,
    "Resolve url": PARTITION,
    "ClaimText": UNIT,
    "Resolve text": PARTITION,
    "ApplyGroup": UNIT,
    "SampledRefs": UNIT,
    "WriteRestore": UNIT,
    "PlanConfig": ALL,
    "WriteShard": SHARD,
    "WriteSample": PARTITION,  # one for each reason, whatever the size: see `scaled`
    "Finalize": ALL,
}


class Measured(NamedTuple):
    """One build by one worker, in CPU seconds."""

    start: float  # before the first element
    steps: dict[str, list[float]]  # of each element
    rest: float  # of the runner itself
    shards: float  # output shards of 256 MB that it fills


def scaled(found: Measured, times: float) -> Measured:
    """The same build of so many times the pages. Elements have the average size of those measured."""
    steps = {}
    for name, seconds in found.steps.items():
        kind, mean = STEPS[name], sum(seconds) / max(1, len(seconds))
        if kind == UNIT and times != 1:
            steps[name] = [mean] * round(len(seconds) * times)
        elif name == "WriteSample":
            steps[name] = seconds  # 200 pages per reason, whatever the number of pages
        elif kind == SHARD and times != 1:
            whole, shards = sum(seconds) * times, max(1, round(found.shards * times))
            steps[name] = [whole / shards] * shards
        else:
            steps[name] = [value * times for value in seconds]
    return Measured(found.start, steps, found.rest * times, found.shards * times)


def dealt(seconds: Sequence[float], workers: int) -> float:
    """Seconds until all are done, if worker k has the elements k, k + n, k + 2 n, ..."""
    return max(sum(seconds[k::workers]) for k in range(workers))


def longest_first(seconds: Sequence[float], workers: int) -> float:
    """Seconds until all are done, if each free worker takes the longest remaining element."""
    busy = [0.0] * workers
    for value in sorted(seconds, reverse=True):
        heapq.heapreplace(busy, busy[0] + value)
    return max(busy)


class Makespan(NamedTuple):
    """How long a build takes, and which part uses only one core."""

    seconds: float
    alone: dict[str, float]  # seconds beyond an equal share of each core


def makespan(found: Measured, workers: int, best: bool = False) -> Makespan:
    """The duration with so many workers, each on its own core."""
    deal = longest_first if best else dealt
    took = {name: deal(seconds, workers) for name, seconds in found.steps.items() if seconds}
    alone = {name: value - sum(found.steps[name]) / workers for name, value in took.items()}
    alone |= {"start": found.start, "runner": found.rest}
    started = WORKER_START if workers > 1 else 0.0
    return Makespan(found.start + found.rest + started + sum(took.values()), alone)


def cores_table(found: Measured, pages: int, workers: Sequence[int]) -> str:
    """One row per size and number of cores."""
    rows: list[Sequence[str]] = [("pages", "cores", "times one", "dealt as best", "of all cores", "what stops it")]
    for times in SIZES:
        build = scaled(found, times)
        one = makespan(build, 1).seconds
        for number in workers:
            here, best = makespan(build, number), makespan(build, number, best=True)
            worst = sorted(here.alone.items(), key=lambda pair: -pair[1])[:3] if number > 1 else []
            stops = ", ".join(f"{name} {value:.1f} s" for name, value in worst)
            cells = (
                f"{one / here.seconds:.2f}",
                f"{one / best.seconds:.2f}",
                f"{one / here.seconds / number:.0%}",
                stops,
            )
            rows.append((f"{pages * times:,}", str(number), *cells))
    return markdown(rows)


def measured(files: Sequence[Path], lists: Lists, folder: Path) -> Measured:
    """Builds the files in its own process, which records the time of each element."""
    note = folder / "elements.json"
    command = our_command(files, folder / "c4", "en", lists, 1)
    done = run([sys.executable, "-m", "bench.cores", "--note", str(note), *command[3:]], cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit("bench: the build failed.")
    told = json.loads(note.read_text(encoding="utf-8"))
    manifest = json.loads((folder / "c4" / "manifest.json").read_bytes())
    return Measured(**told, shards=sum(shard["memory"] for shard in manifest["shards"]) / SHARD_BYTES)


def noted(note: Path, arguments: Sequence[str]) -> int:
    """The build itself: `build_c4` with its steps wrapped."""
    from beam_jobs import build_c4
    from c4pipe.flow import apply, dedup, read, write

    steps: dict[str, list[float]] = {name: [] for name in STEPS}
    begun: list[float] = []
    for module in (read, dedup, apply, write):
        for name in {step.partition(" ")[0] for step in STEPS} & {*vars(module)}:
            if vars(module)[name].__module__ == module.__name__:
                _wrap(vars(module)[name], name, steps, begun)
    code = build_c4.main(arguments)
    spent = sum(map(sum, steps.values()))
    told = {"start": begun[0], "steps": steps, "rest": max(0.0, time.process_time() - begun[0] - spent)}
    note.write_text(json.dumps(told), encoding="utf-8")
    return code


def _wrap(kind: Any, name: str, steps: Mapping[str, list[float]], begun: list[float]) -> None:
    process = kind.process

    def timed(self: Any, element: Any) -> Iterator[Any]:
        start = time.process_time()
        begun.append(start)
        given = [*(process(self, element) or ())]  # a generator does its work while it is consumed
        which = f"{name} {self._kind}" if name == "Resolve" else name
        steps[which].append(time.process_time() - start)
        return iter(given)

    kind.process = timed


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints the table and keeps it."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["--note"]:
        return noted(Path(words[1]), words[2:])
    parser = argparse.ArgumentParser(prog="python -m bench.cores", description="Simulates a build on more cores.")
    parser.add_argument("--pages", type=int, default=96_000)
    parser.add_argument("--input", nargs="+", type=Path, metavar="WET", help="files to use, with so many --pages")
    parser.add_argument("--workers", type=lambda text: [int(n) for n in text.split(",")], default=[1, 2, 4, 16, 64])
    parser.add_argument("--badwords-dir", type=Path, metavar="DIR")
    parser.add_argument("--write", action="store_true", help="write the table into docs/explanation/scale.md")
    args = parser.parse_args(words)
    if args.pages < 1 or min(args.workers) < 1:
        parser.error("--pages and --workers must be above 0")
    lists = Lists.find(args.badwords_dir)
    with tempfile.TemporaryDirectory(prefix="bench-cores-") as name:
        folder = Path(name)
        found = measured(args.input or make_files(folder / "wet", args.pages), lists, folder)
    keep("cores", found._asdict(), cores_table(found, args.pages, args.workers), args.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
