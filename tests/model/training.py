"""Trainings small enough for a test: the real command, in this process or one of its own."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from model.train import main
from tests.corpora import write_corpus

ROOT = Path(__file__).parents[2]
WORDS = """the sea was grey and a small boat came in from the north with nobody at the oar
while we stood on the pier""".split()  # noqa: SIM905 - easier to read

# One thread: other processes of the machine do not make it ten times slower, and no sum is taken in another order.
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "PYTHONPATH": str(ROOT)}
SMALL = (
    "--batch",
    "8",
    "--inputs",
    "32",
    "--samples",
    "1",
    "--device",
    "cpu",
    "--no-tensorboard",
)


def story(number: int) -> str:
    """A text of some sentences, each made of the same few words in an order of its own."""
    sentences = []
    for turn in range(4):
        step = 1 + (number + turn) % 7
        words = [WORDS[(number + turn + step * place) % len(WORDS)] for place in range(9)]
        sentences.append(f"{' '.join(words).capitalize()}.")
    return " ".join(sentences)


def write_stories(folder: Path) -> Path:
    """Two languages, one of which has a validation split."""
    return write_corpus(
        folder,
        {
            ("en", "train"): [[[story(n) for n in range(40)], [story(n) for n in range(40, 60)]]],
            ("de", "train"): [[[story(n) for n in range(100, 130)]]],
            ("en", "validation"): [[[story(n) for n in range(200, 208)]]],
        },
    )


def train(data: Path, run: Path, *arguments: str, steps: int = 4) -> int:
    """The command in this process; its exit code."""
    return main(words_of(data, run, *arguments, steps=steps))


def command(data: Path, run: Path, *arguments: str, steps: int = 4) -> list[str]:
    """The command line of the same training."""
    return [sys.executable, "-m", "model.train", *words_of(data, run, *arguments, steps=steps)]


def words_of(data: Path, run: Path, *arguments: str, steps: int) -> list[str]:
    """Its arguments; a small vocabulary where none is brought."""
    pieces = () if {"--tokenizer", "--init-from"} & {*arguments} else ("--vocab-size", "80")
    return ["--data", str(data), "--run", str(run), "--steps", str(steps), *SMALL, *pieces, *arguments]


def started(line: Sequence[str]) -> subprocess.Popen[str]:
    """A process of its own."""
    return subprocess.Popen(line, env=ENVIRONMENT, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def untimed(run: Path) -> list[dict[str, str]]:
    """The rows of metrics.csv without the columns that a clock makes."""
    return [{name: row[name] for name in row if name not in ("seconds", "wait")} for row in rows(run / "metrics.csv")]


def sums(run: Path, step: int) -> str:
    """What `sha256.json` says of a checkpoint: of the weights, the optimizer, the place in the data."""
    return (run / f"checkpoints/step-{step:08d}/sha256.json").read_text()
