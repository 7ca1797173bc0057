"""Builds that are killed and broken at random, resumed until they are done, and compared: `make soak`.

Every build runs in its own process, forked from one that has imported everything. It is killed (SIGKILL, SIGTERM or
SIGINT to the whole process group) at a random time or at one of its file operations, or one of these fails as on a full
disk (ENOSPC from then on) or a bad one (EIO, once). At no time may a corpus file's name hold anything else, and in the
end every byte must match an undisturbed build.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from c4pipe.files import storage
from c4pipe.flow import inputs, placing
from tests.wetfiles import SAMPLES, corpus, digests

inputs.TOGETHER = -1  # here each small input is a unit, since most things go wrong between units

RESULTS = Path(__file__).parent / "results" / "soak.json"
PATIENCE = 120  # seconds that one build may take
DISTURBANCES = 4  # most disturbances of one corpus


class Fault(NamedTuple):
    """What happens at file operation `at` of a build, from 1: an error with that number, or a kill if it is 0."""

    at: int
    code: int = 0
    lasting: bool = False  # every later operation fails as well


class Seam:
    """Intercepts a build's file operations: creates, writes, fsyncs, renames, mkdirs, removals of a folder, and its
    exchange for the new one next to it.

    `path` in `hits` is a name below that folder: files that a build writes, not those it reads.
    """

    def __init__(self, folder: Path, fault: Fault | None = None):
        self._folders = str(folder), f"{folder.parent}/.{folder.name}.made-"
        self._fault = fault
        self._lock = threading.Lock()
        self.hits: list[tuple[str, str]] = []

    def install(self, put: Callable[[Any, str, Any], None] = setattr) -> Seam:
        """Installs itself; `put` may be a setter that can be undone."""
        for name in ("replace", "rename", "mkdir", "fsync", "unlink", "rmdir", "link"):
            put(os, name, self._watched(name, getattr(os, name)))
        put(placing, "exchange", self._watched("exchange", placing.exchange))
        vars(storage).setdefault("open", open)
        put(storage, "open", self._open)
        return self

    def hit(self, what: str, path: Any) -> None:
        if not str(path).startswith(self._folders):
            return
        with self._lock:
            self.hits.append((what, str(path)))
            number, fault = len(self.hits), self._fault
        if fault is None or number < fault.at or (number > fault.at and not fault.lasting):
            return
        if not fault.code:
            os.killpg(0, signal.SIGKILL)
        raise OSError(fault.code, os.strerror(fault.code), str(path))

    def _watched(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(target: Any, *rest: Any, **named: Any) -> Any:
            if name == "fsync":
                target_path = _path_of(target)
            else:  # a folder is emptied by names from there
                target_path = f"{_path_of(named['dir_fd'])}/{target}" if named.get("dir_fd") is not None else target
            self.hit(name, target_path)
            return real(target, *rest, **named)

        return call

    def _open(self, path: Any, mode: str) -> BinaryIO:
        if mode == "rb":
            return open(path, mode)
        self.hit("create", path)
        return io.BufferedWriter(_Watched(str(path), self))


class _Watched(io.FileIO):
    def __init__(self, path: str, seam: Seam):
        super().__init__(path, "w")
        self._seam = seam

    def write(self, data: Any) -> int:
        self._seam.hit("write", self.name)
        return super().write(data)


def _path_of(descriptor: int) -> str:
    with suppress(OSError):
        return os.readlink(f"/proc/self/fd/{descriptor}")
    return ""


def in_child(argv: list[str], log: str, fault: Fault | None, job: str) -> None:
    """Runs in a forked process: one build (or another job), as the leader of its own process group."""
    os.setsid()
    with open(log, "wb", buffering=0) as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main = importlib.import_module(f"beam_jobs.{job}").main
    output = argv[argv.index("--output") + 1] if "--output" in argv else "/nowhere"
    seam = Seam(Path(output), fault).install()
    code = 70
    try:
        code = main(argv)
    except SystemExit:  # --help
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        Path(f"{log}.operations").write_text(str(len(seam.hits)))
        os._exit(code)


def start(argv: list[str], log: Path, fault: Fault | None = None, job: str = "build_c4") -> Any:
    """A build in its own process, without the seconds for imports."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["beam_jobs.build_c4"])
    process = context.Process(target=in_child, args=(argv, str(log), fault, job))
    process.start()
    return process


def send(process: Any, number: int) -> None:
    """Sends a signal to the whole process group."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:  # it has no group yet, or has ended
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


def ended(process: Any) -> int:
    """Waits for its exit code; a hang is an error."""
    process.join(PATIENCE)
    if process.exitcode is None:
        send(process, signal.SIGKILL)
        raise TimeoutError(f"a build hung for {PATIENCE} s")
    return int(process.exitcode)


def wrong(folder: Path, expected: dict[str, str]) -> list[str]:
    """Final names with wrong bytes, including those of a manifest that came too early."""
    found = {name: sha for name, sha in digests(folder).items() if not _passing(name)}
    if "manifest.json" in found and found != expected:
        return sorted(set(expected) ^ set(found)) or ["manifest.json"]
    return [name for name, sha in found.items() if expected.get(name) != sha]


def _passing(name: str) -> bool:
    return name.startswith((".staging-", ".made-", ".lock"))


class Soak:
    """The loop and its counts."""

    def __init__(self, folder: Path, seed: int):
        self.random = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []
        self.folder = folder
        source = corpus(folder / "wet")
        shutil.copy(SAMPLES / "damaged.warc.wet.gz", source)
        shutil.copy(SAMPLES / "truncated.warc.wet.gz", source)
        (folder / "badwords").mkdir()
        (folder / "badwords" / "en.txt").write_text("snollygoster\n")
        self.inputs = source
        assert ended(start(["--help"], folder / "log")) == 0  # the imports
        begin = time.monotonic()
        assert ended(start(self.argv(folder / "whole"), folder / "log")) == 0, (folder / "log").read_text()
        self.seconds = time.monotonic() - begin
        self.expected = digests(folder / "whole")
        self.operations = int((folder / "log.operations").read_text())
        self.left: list[int] = []

    def argv(self, output: Path, *options: str) -> list[str]:
        lists = ["--badwords-dir", str(self.folder / "badwords")]
        workers = [] if "--workers" in options else ["--workers", "1"]
        return ["--input", str(self.inputs), "--output", str(output), *lists, *workers, *options]

    def operation(self) -> int:
        """A file operation that was not tried yet, as long as there are any."""
        if not self.left:
            self.left = list(range(1, self.operations + 1))
            self.random.shuffle(self.left)
        return self.left.pop()

    def corpus(self, number: int) -> None:
        """One corpus, disturbed a few times, then done."""
        output = self.folder / f"c4-{number}"
        options = self.random.choice([(), (), (), ("--spill-rows", "1"), ("--workers", "2")])
        for _ in range(self.random.randint(1, DISTURBANCES)):
            self.disturb(self.argv(output, *options), output, two="--workers" in options)
        code = self.run(self.argv(output))
        if code != 0 or digests(output) != self.expected:
            self.fail(f"corpus {number}: exit {code}, {wrong(output, self.expected)}, {sorted(digests(output))}")
        shutil.rmtree(output)
        self.counts["corpora"] += 1

    def disturb(self, argv: list[str], output: Path, two: bool) -> None:
        """One build with one disturbance."""
        kind = self.random.choice(["time", "time", "term", "int", "operation", "full", "bad"])
        log, fault = self.folder / "log", None
        if kind in ("operation", "full", "bad") and not two:
            code = {"operation": 0, "full": errno.ENOSPC, "bad": errno.EIO}[kind]
            fault = Fault(self.operation(), code, lasting=kind == "full")
            found = self.run(argv, fault)
            if code:
                said = [
                    line for line in log.read_text().splitlines() if not line.startswith("note:") and "ETA" not in line
                ]
                self.counts["faults"] += found != 0  # a resumed build has fewer operations, so the fault may not occur
                if found == 0:
                    self.counts["disturbances that came too late"] += 1
                elif found not in (1, 2) or len(said) != 1 or not said[0].startswith("build_c4: "):
                    self.fail(f"{fault}: exit {found}, {said[-3:]}")
            else:
                late = found != -signal.SIGKILL
                self.counts["disturbances that came too late" if late else "kills at an operation"] += 1
        else:
            number = {"term": signal.SIGTERM, "int": signal.SIGINT}.get(kind, signal.SIGKILL)
            process = start(argv, log)
            time.sleep(self.random.uniform(0, (3 if two else 0.8) * self.seconds))
            send(process, number)
            found = ended(process)
            self.counts["builds"] += 1
            dead = {signal.SIGTERM: 143, signal.SIGINT: 130}.get(number, -signal.SIGKILL)
            late = found == 0
            self.counts["disturbances that came too late" if late else f"kills at a time ({number.name})"] += 1
            if found not in (0, dead, -number):
                self.fail(f"{number.name}: exit {found}, {log.read_text()[-300:]}")
        for name in wrong(output, self.expected) if output.is_dir() else []:
            self.fail(f"{kind} {fault}: {name} is not what it must be")

    def run(self, argv: list[str], fault: Fault | None = None) -> int:
        self.counts["builds"] += 1
        return ended(start(argv, self.folder / "log", fault))

    def fail(self, what: str) -> None:
        self.failures.append(what)
        print(f"FAILED {what}", flush=True)


def main() -> int:
    """Soaks for a while. Returns 1 if anything was lost."""
    p = argparse.ArgumentParser(prog="python -m bench.soak", description=(__doc__ or "").partition("\n")[0])
    p.add_argument("--minutes", type=float, default=30)
    p.add_argument("--seed", type=int, default=0)
    args = p.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="c4-soak-") as folder:
        soak = Soak(Path(folder), args.seed)
        print(f"undisturbed: {soak.seconds:.1f} s, {soak.operations} file operations", flush=True)
        while time.monotonic() - begin < 60 * args.minutes:
            soak.corpus(soak.counts["corpora"])
            print(", ".join(f"{n} {what}" for what, n in sorted(soak.counts.items())), flush=True)
    counts = dict(sorted(soak.counts.items()))
    kills = sum(n for what, n in counts.items() if what.startswith("kills"))
    result = {
        "minutes": round((time.monotonic() - begin) / 60, 1),
        "seed": args.seed,
        "operations of a build": soak.operations,
        "kills": kills,
        **counts,
        "failures": soak.failures,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    faults, builds = counts.get("faults", 0), counts.get("builds", 0)
    print(f"{kills} kills, {faults} faults, {builds} builds, {len(soak.failures)} failures")
    return 1 if soak.failures else 0


if __name__ == "__main__":
    sys.exit(main())
