"""Where a build spends its time, by stage: stacks from `py-spy record -f raw`, each assigned to one stage.

    outermost (file:line);...;innermost (file:line) COUNT -> {"read": 0.11, "clean": 0.2, ...}

A stack belongs to the innermost frame whose file has a stage below. Files without one (pyarrow, text helpers, the
standard library) count for their caller. Imports and compilation count as start-up, wherever they happen. What remains
is Beam's own: its graph, its shuffles, its state, and the calls between its steps. Waiting threads do not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

START_UP = ("<frozen importlib", "numba/", "llvmlite/", "c4pipe/native/")
WAITING = ("threading.py", "concurrent/futures/thread.py", "queue.py", "selectors.py")  # of waiting threads
OTHER = "other"

# Prefix of a file's path -> its stage. The first match counts.
STAGES = (
    ("c4pipe/wet/", "read"),
    ("c4pipe/documents/", "read"),
    ("c4pipe/flow/read.py", "read"),
    ("c4pipe/langid/", "language"),
    ("c4pipe/rules/badwords.py", "bad words"),
    ("c4pipe/rules/matcher.py", "bad words"),
    ("c4pipe/rules/", "clean"),
    ("c4pipe/clean/", "clean"),
    ("c4pipe/dedup/", "dedup"),
    ("c4pipe/flow/dedup.py", "dedup"),
    ("c4pipe/text/urls.py", "dedup"),
    ("c4pipe/passes/staging.py", "write"),
    ("c4pipe/passes/staged.py", "write"),
    ("c4pipe/passes/outcomes.py", "write"),
    ("c4pipe/passes/applying.py", "write"),
    ("c4pipe/passes/restaging.py", "write"),
    ("c4pipe/passes/finishing.py", "write"),
    ("c4pipe/shards/sink.py", "write"),
    ("c4pipe/passes/sample.py", "write"),
    ("c4pipe/passes/rejected.py", "write"),
    ("c4pipe/passes/merging.py", "write"),
    ("c4pipe/flow/write.py", "write"),
    ("c4pipe/flow/apply.py", "write"),
    ("c4pipe/corpus/stats.py", "statistics"),
    ("c4pipe/corpus/ledger.py", "statistics"),
    ("c4pipe/passes/finalize.py", "statistics"),
    ("c4pipe/card/", "statistics"),
    ("apache_beam/io/filesystem", ""),  # a file that we open through it counts for our stage
    ("apache_beam/io/localfilesystem.py", ""),
    ("apache_beam/", "Beam"),
)
ORDER = ("read", "clean", "dedup", "language", "bad words", "write", "statistics", "Beam", "start-up", OTHER)


def shares(raw: Path) -> dict[str, float]:
    """The share of each stage of all samples in a raw py-spy file, 0 to 1, in the order of ORDER."""
    with raw.open(encoding="utf-8") as lines:
        return shares_of(lines)


def shares_of(lines: Iterable[str]) -> dict[str, float]:
    """The share of each stage in these lines.

    >>> shares_of(["main (beam_jobs/build_c4.py:9);take (c4pipe/passes/staging.py:7);clean (c4pipe/clean/loop.py:3) 3",
    ...            "main (beam_jobs/build_c4.py:9);receive (apache_beam/runners/worker.py:2) 1"])
    {'clean': 0.75, 'Beam': 0.25}
    """
    samples: Counter[str] = Counter()
    for stack, count in seen(lines):
        samples[stage_of(stack)] += count
    total = samples.total()
    return {stage: samples[stage] / total for stage in ORDER if samples[stage]}


def seen(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    """The stacks of a raw file with their counts, except those of waiting threads."""
    for line in lines:
        stack, _, count = line.rpartition(" ")
        if stack and not _file(stack.rpartition(";")[2]).startswith(WAITING):
            yield stack, int(count)


def stage_of(stack: str) -> str:
    """The stage of one stack, its frames joined by ";", the innermost last."""
    files = [_file(frame) for frame in stack.split(";")]
    if any(file.startswith(START_UP) for file in files):
        return "start-up"
    for file in reversed(files):
        for beginning, stage in STAGES:
            if file.startswith(beginning):
                if stage:
                    return stage
                break
    return OTHER


def _file(frame: str) -> str:
    return frame.rpartition("(")[2]
