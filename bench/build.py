"""Speed and memory of our build, stage by stage, next to other tools on the same pages in the same run.

    python -m bench.build [--pages 12000 | --input WET...] [--rounds 3] [--rivals NAME,...] [--growth] [--quick]

`make bench` installs the rivals first. Each run is a separate process, and the runs alternate (`runs`). A rival that is
missing or fails is named with the reason (`competitors`). Progress goes to stderr, the tables to stdout, and all
numbers to bench/results/bench.json.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.competitors import Competitor, builds, chosen, our_command, our_name, readers
from bench.flame import ProfileError, record
from bench.growth import OF_WORKERS, SIZES, WORKERS_GROWN, grow, grow_workers
from bench.inputs import FILE_PAGES, Inputs, first, linked, make_files, prepare
from bench.parity import ROOT, Lists
from bench.report import report
from bench.runs import FailedError, Rounds, Run, last_words, measure
from bench.stages import shares
from bench.tables import growth_table, stage_table, workers_table

RESULTS = ROOT / "bench" / "results" / "bench.json"
PRESETS = ("en", "en.tfds")
WORKERS = (1, 2)
SHORT = 20  # pages of the run that measures start-up
READS = 5  # runs of each reader per round: for the second that one takes, a busy machine may be half as fast


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints the tables, and writes the JSON so far after each part."""
    args = arguments(argv)
    lists = Lists.find(args.badwords_dir)
    presets, workers = (PRESETS[:1], WORKERS[:1]) if args.quick else (PRESETS, WORKERS)
    field = chosen([*readers(), *builds(lists, presets, workers)], args.rivals)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        say("reading the inputs" if args.input else f"making the inputs, {args.pages:,} pages")
        files = linked(args.input, folder / "wet") if args.input else make_files(folder / "wet", args.pages)
        long, short = prepare(files, folder / "long"), first(files, SHORT, folder / "short")
        if long.pages <= SHORT:
            raise SystemExit(f"bench: the inputs have {long.pages} pages; more than {SHORT} can be measured.")
        rounds, skipped, said = interleaved(field, short, long, args.rounds, folder)
        results = (
            surroundings()
            | {"rounds": args.rounds, "rivals": said, "stages": {}}
            | report(rounds, skipped, long, short)
        )
        save(results, args.output)
        if not args.quick:
            spent = {preset: results["costs"][our_name(preset, 1)]["ms_per_page"] for preset in presets}
            seen = {our_name(preset, 1): (preset, files, spent[preset]) for preset in presets}
            results["stages"] = stages(seen, lists, folder)
            save(results, args.output)
        if args.growth:
            say(f"making {SIZES[-1]:,} pages")
            files = make_files(folder / "growth", SIZES[-1])
            grown, lines, apart = grow(files, SIZES, lists, folder, say)
            results["growth"] = {
                pages: run._asdict() | {"lines": lines[pages], "apart": apart[pages]} for pages, run in grown.items()
            }
            print(f"\n{growth_table(grown, lines, apart)}")
            several = grow_workers(files[: OF_WORKERS // FILE_PAGES], WORKERS_GROWN, lists, folder, say)
            results["growth_of_workers"] = {number: run._asdict() for number, run in several.items()}
            print(f"\n{workers_table(several, OF_WORKERS)}")
            save(results, args.output)
            last = 1000 * grown[SIZES[-1]].cpu / SIZES[-1]
            results["stages"] |= stages({f"c4pipe en, {SIZES[-1]:,} pages": ("en", files, last)}, lists, folder)
            save(results, args.output)
    print(f"\nwritten to {args.output}")
    return 0


def save(results: dict[str, Any], output: Path) -> None:
    """Writes the measurements so far."""
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(rounded(results), indent=1) + "\n", encoding="utf-8")


def rounded(value: Any) -> Any:
    """The same rounded to four decimal places: more are noise."""
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner) for inner in value]
    return round(value, 4) if isinstance(value, float) else value


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options; `--quick` is a smoke test whose figures mean nothing."""
    parser = argparse.ArgumentParser(prog="python -m bench.build", description="Compares our build with other tools.")
    parser.add_argument("--pages", type=int, help="default: 12000")
    parser.add_argument("--input", nargs="+", type=Path, metavar="WET", help="measure on these files instead")
    parser.add_argument("--rounds", type=int, help="default: 3")
    parser.add_argument(
        "--rivals", type=lambda names: names.split(","), metavar="NAME,...", help="or none; default: all"
    )
    parser.add_argument("--growth", action="store_true", help=f"also build {SIZES[0]:,} to {SIZES[-1]:,} pages")
    parser.add_argument("--quick", action="store_true", help="one round of few pages: does it run at all?")
    parser.add_argument("--badwords-dir", type=Path, metavar="DIR")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="JSON")
    args = parser.parse_args(argv)
    args.pages = args.pages or (60 if args.quick else 12_000)
    args.rounds = args.rounds or (1 if args.quick else 3)
    if args.pages <= SHORT or args.rounds < 1:
        parser.error(f"--pages must be above {SHORT}, --rounds above 0")
    return args


def interleaved(
    field: Sequence[Competitor], short: Inputs, long: Inputs, rounds: int, folder: Path
) -> tuple[dict[Competitor, Rounds], dict[str, str], dict[str, Any]]:
    """Alternating runs of all; who was skipped and why; what the scripts report. Exits if ours fails."""
    skipped = {competitor.name: competitor.missing for competitor in field if competitor.missing}
    made = {competitor: Rounds([], []) for competitor in field if not competitor.missing}
    said = {}
    read_only = [competitor for competitor in made if competitor.kind == "reader"]
    building = [competitor for competitor in made if competitor.kind != "reader"]
    for number in range(rounds):
        for competitor in [*READS * read_only, *building]:
            if competitor not in made:
                continue
            try:
                for inputs, runs in zip((short, long), made[competitor], strict=True):
                    runs.append(run(competitor, inputs, folder))
            except FailedError as error:
                if competitor.is_ours:
                    raise SystemExit(f"bench: {competitor.name} failed: {error}") from error
                skipped[competitor.name] = f"failed: {error}"
                del made[competitor]
            else:
                if (words := last_words(folder / "log")).startswith("{"):
                    said[competitor.name] = json.loads(words)
                say(f"round {number + 1}: {competitor.name:<26} {made[competitor].long[-1].wall:7.1f} s")
    for name, reason in skipped.items():
        say(f"skipped: {name}: {reason}")
    return made, skipped, said


def run(competitor: Competitor, inputs: Inputs, folder: Path) -> Run:
    """One run, whose output is deleted."""
    output = folder / "output"
    output.mkdir()
    try:
        return measure(competitor.command(inputs, output / "c4"), folder / "log", ROOT, competitor.environment())
    finally:
        shutil.rmtree(output)


def stages(builds: Mapping[str, tuple[str, Sequence[Path], float]], lists: Lists, folder: Path) -> dict[str, Any]:
    """Prints where our builds spend their time, and returns it. {name: (preset, files, milliseconds a page)}"""
    found = {}
    raw = folder / "stacks.raw"
    try:
        for name, (preset, files, cost) in builds.items():
            say(f"once more under py-spy: {name}")
            record(our_command(files, folder / "seen", preset, lists, 1), raw, "raw")
            shutil.rmtree(folder / "seen")
            found[name] = {"ms_per_page": cost, "shares": shares(raw)}
    except ProfileError as error:  # not every machine lets one process inspect another
        print(f"\nskipped: stages: {error}")
    if found:
        print(f"\n{stage_table(found)}")
    return found


def surroundings() -> dict[str, Any]:
    """What the figures depend on besides the inputs."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = ("apache-beam", "pyarrow", "numpy", "isal", "numba", "google-re2")
    cpu = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    return {
        "date": datetime.date.today().isoformat(),
        "commit": commit.stdout.strip(),
        "machine": {
            "cores": len(os.sched_getaffinity(0)),
            "cpu": cpu.partition(":")[2].strip(),
            "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
            "load": os.getloadavg()[0],
            "system": platform.platform(),
        },
        "versions": {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in names},
    }


def say(text: str) -> None:
    """A line of progress."""
    print(f"  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
