"""The cost of a process, and comparisons of several.

Competitors alternate, A B C A B C, so that a busy minute of the machine affects all equally. In every round each first
reads a handful of pages: that is its start-up. What its long run takes beyond that is the cost of the pages.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Literal, NamedTuple

LOOK = 0.25  # seconds between two memory samples


class Run(NamedTuple):
    """The cost of one process and its children."""

    wall: float  # seconds
    cpu: float  # seconds
    rss: float  # MiB at the peak, all its processes together


class FailedError(Exception):
    """A command ended with an error; names it, with the end of its output."""


class Rounds(NamedTuple):
    """One competitor's runs, a pair per round: on a handful of pages, and on all."""

    short: list[Run]
    long: list[Run]


class Cost(NamedTuple):
    """Medians over the rounds. Net is without the start-up, counting the pages that only the long run had; see
    `net`.
    """

    wall: float
    cpu: float
    rss: float
    start: float  # CPU seconds on a handful of pages
    net_cpu: float | None
    net_wall: float | None


def measure(command: Sequence[str], log: Path, cwd: Path, environment: Mapping[str, str] | None = None) -> Run:
    """Runs a command to its end; its output goes to `log`. Raises FailedError."""
    # Through a small process: the kernel counts the parent's memory at the fork in the child's peak.
    done = subprocess.run(
        [sys.executable, "-P", __file__, str(log), *command],
        stdout=subprocess.PIPE,
        cwd=cwd,
        env=environment,
        check=False,
    )
    if done.returncode:
        raise FailedError(last_words(log))
    return Run(*json.loads(done.stdout))


def _between(log: Path, command: Sequence[str]) -> int:
    """Runs the command and prints its cost."""
    started = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        with _Watch(process.pid) as watch:
            _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    # The kernel's peak is exact, but only for the largest process.
    print(json.dumps([wall, usage.ru_utime + usage.ru_stime, max(watch.peak / 2**20, usage.ru_maxrss / 2**10)]))
    return 1 if process.returncode else 0


class _Watch(Thread):
    """Samples the memory of a process and its children, all together, until stopped.

    Private memory counts as often as it exists; a page shared by a fork counts once. Mapped files, which are libraries,
    count once, for the process that maps most of them: they are in memory once, and mappings by other processes of the
    machine do not matter.
    """

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self._pid, self._over = pid, Event()
        self.peak = 0  # bytes

    def run(self) -> None:
        while not self._over.wait(LOOK):
            held = _held(self._pid)
            self.peak = max(self.peak, sum(own for own, _ in held) + max((mapped for _, mapped in held), default=0))

    def __enter__(self) -> _Watch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()


def last_words(log: Path) -> str:
    """The last line that is not empty: in a traceback, the error."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it printed nothing"


def _held(pid: int) -> list[tuple[int, int]]:
    """Bytes of memory of a process and each descendant: private, and of mapped files."""
    found = []
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines()[1:]
        kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(b":") for line in lines)}
        found.append((1024 * kib[b"Pss_Anon"], 1024 * (kib[b"Rss"] - kib[b"Anonymous"])))
        children = b" ".join(path.read_bytes() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    except (OSError, KeyError):  # it ended meanwhile, or the system does not report it
        return found
    return [*found, *(pair for child in children.split() for pair in _held(int(child)))]


def costs(rounds: Rounds) -> Cost:
    """The medians."""
    return Cost(
        wall=statistics.median(run.wall for run in rounds.long),
        cpu=statistics.median(run.cpu for run in rounds.long),
        rss=statistics.median(run.rss for run in rounds.long),
        start=statistics.median(run.cpu for run in rounds.short),
        net_cpu=net(rounds, "cpu"),
        net_wall=net(rounds, "wall"),
    )


def net(rounds: Rounds, what: Literal["cpu", "wall"]) -> float | None:
    """Seconds beyond the start-up; None if they are within the variation of start-ups."""
    starts = [getattr(run, what) for run in rounds.short]
    beyond = statistics.median(getattr(run, what) for run in rounds.long) - statistics.median(starts)
    return beyond if beyond > max(starts) - min(starts) else None


class Times(NamedTuple):
    """A competitor's seconds relative to ours: the whole process, and without start-up if that is measurable."""

    whole: float
    net: float | None


def times(theirs: Rounds, ours: Rounds, what: Literal["cpu", "wall"] = "cpu") -> Times:
    """The whole is the median of the rounds' own ratios, since a slow round slows both."""
    pairs = zip(theirs.long, ours.long, strict=True)
    whole = statistics.median(getattr(their, what) / getattr(our, what) for their, our in pairs)
    beyond, our_own = net(theirs, what), net(ours, what)
    return Times(whole, beyond / our_own if beyond and our_own else None)


if __name__ == "__main__":
    sys.exit(_between(Path(sys.argv[1]), sys.argv[2:]))
