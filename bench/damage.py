"""Flips, cuts, swaps and deletes staged files at random; the next command must still write the same bytes.

`python -m bench.damage --trials 150` damages one file at a time in a staging folder that was kept or left over, of
builds and of rebalancings, runs the same command and compares every file with an undisturbed run. The only other
accepted result is one line that names the file. `make soak` runs it after `bench.soak`.
"""

from __future__ import annotations

import argparse
import errno
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from bench.soak import Fault, ended, start
from c4pipe.flow.files import NOTE
from tests.wetfiles import WebPage, digests, story, wet

RESULTS = Path(__file__).parent / "results" / "damage.json"
KINDS = ("flip", "flip", "flip", "cut", "swap", "replace", "lose")


class Case(NamedTuple):
    """A command, its undamaged output, and staging folders of earlier runs."""

    job: str  # a module of beam_jobs
    options: tuple[str, ...]
    expected: dict[str, str]
    left: list[Path]


def staged_files(output: Path) -> list[Path]:
    """The files in the staging folder of an output, except the note that marks the folder."""
    return sorted(path for path in output.glob(".staging-*/**/*") if path.is_file() and path.name != NOTE)


def damage(output: Path, random: random.Random) -> str:
    """Damages one staged file in one of the `KINDS` of ways. Returns a description."""
    files = staged_files(output)
    path, other, kind = random.choice(files), random.choice(files), random.choice(KINDS)
    data = bytearray(path.read_bytes())
    if kind == "flip" and data:
        bit = random.randrange(8 * len(data))
        data[bit // 8] ^= 1 << bit % 8
    elif kind == "cut" and data:
        del data[random.randrange(len(data)) :]
    elif kind == "swap":
        data, mine = bytearray(other.read_bytes()), data
        other.write_bytes(mine)
    elif kind == "replace":
        data = bytearray(other.read_bytes())
    elif kind == "lose":
        path.unlink()
        return f"lose {path.relative_to(output)}"
    path.write_bytes(data)
    names = [str(each.relative_to(output)) for each in ((path, other) if kind in ("swap", "replace") else (path,))]
    return f"{kind} {' and '.join(names)}"


class Trials:
    """Runs commands on damaged folders and counts the results."""

    def __init__(self, folder: Path, seed: int):
        self.folder, self.random = folder, random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []
        (folder / "wet").mkdir()
        for number in range(2):
            pages = [WebPage(f"http://a{number}.example/{i}", story(1000 * number + 10 * i)) for i in range(40)]
            (folder / "wet" / f"{number}.warc.wet.gz").write_bytes(wet([*pages, *pages[:3]]))
        (folder / "badwords").mkdir()
        (folder / "badwords" / "en.txt").write_text("snollygoster\n")
        build = ("--input", str(folder / "wet"), "--badwords-dir", str(folder / "badwords"))
        self.cases = [
            self._case("build_c4", build),
            self._case("build_c4", (*build, "--spill-rows", "1", "--preset", "en.noclean")),
            self._case("rebalance", ("--corpus", str(folder / "build_c4-0" / "whole"), "--shards", "3")),
        ]

    def _case(self, job: str, options: tuple[str, ...], broken_off: int = 4) -> Case:
        home = self.folder / f"{job}-{len(list(self.folder.glob(f'{job}-*')))}"
        home.mkdir()
        code = self.run(job, options, home / "whole")
        assert code == 0, (self.folder / "log").read_text()
        operations = int((self.folder / "log.operations").read_text())
        left = []
        if job == "build_c4":  # a rebalancing has no --keep-staging
            left.append(home / "kept")
            assert self.run(job, (*options, "--keep-staging"), left[0]) == 0
        for number in range(broken_off):  # from a quarter of the operations on; the last third cleans up
            left.append(home / f"left-{number}")
            at = operations * (broken_off + 2 * number + 1) // (5 * broken_off)
            assert self.run(job, options, left[-1], Fault(at, errno.EIO, lasting=True)) == 1
        return Case(job, options, digests(home / "whole"), [path for path in left if staged_files(path)])

    def run(self, job: str, options: tuple[str, ...], output: Path, fault: Fault | None = None) -> int:
        workers = () if "--workers" in options else ("--workers", "1")
        argv = ["--output", str(output), *options, *workers]
        return ended(start(argv, self.folder / "log", fault, job))

    def trial(self, workers: int = 1) -> None:
        """Damages one file, then runs the command."""
        case = self.random.choice(self.cases)
        template, output = self.random.choice(case.left), self.folder / "damaged"
        shutil.copytree(template, output)
        did = damage(output, self.random)
        overwrite = ("--overwrite",) if template.name == "kept" else ()
        code = self.run(case.job, (*case.options, *overwrite, "--workers", str(workers)), output)
        said = [line for line in (self.folder / "log").read_text().splitlines() if line.startswith(case.job)]
        self.counts["trials"] += 1
        self.counts[did.partition(" ")[0]] += 1
        self.counts["found and made again"] += "was damaged" in (self.folder / "log").read_text()
        if code == 0 and digests(output) == case.expected:
            self.counts["the same bytes"] += 1
        elif code == 1 and len(said) == 1 and "is damaged" in said[0]:
            self.counts["one line"] += 1
        else:
            self.counts["other bytes" if code == 0 else "failed"] += 1
            self.failures.append(f"{case.job} {' '.join(case.options)}, {template.name}, {did}: exit {code}, {said}")
            print(f"FAILED {self.failures[-1]}", flush=True)
        shutil.rmtree(output)


def main() -> int:
    """Runs the trials. Returns 1 if any wrote other bytes, or ended in more than one line."""
    p = argparse.ArgumentParser(prog="python -m bench.damage", description=(__doc__ or "").partition("\n")[0])
    p.add_argument("--trials", type=int, default=150)
    p.add_argument("--seed", type=int, default=0)
    args = p.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="c4-damage-") as folder:
        trials = Trials(Path(folder), args.seed)
        for number in range(args.trials):
            trials.trial(workers=2 if number % 10 == 9 else 1)
            print(", ".join(f"{n} {what}" for what, n in sorted(trials.counts.items())), flush=True)
    result = {"minutes": round((time.monotonic() - begin) / 60, 1), "seed": args.seed, **trials.counts}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result | {"failures": trials.failures}, indent=2) + "\n")
    return 1 if trials.failures else 0


if __name__ == "__main__":
    sys.exit(main())
