"""Trains a classifier on two sides, in a separate process: one thread and a seed, so that the model is a function of
the pages and the settings."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from c4pipe.classifier.sides import BAD, GOOD, Sides
from c4pipe.classifier.trainer import CANNOT_TRAIN
from c4pipe.errors import BuildError, ConfigError
from c4pipe.stages.classifier import LABEL_PREFIX

PACKAGE = "fasttext-community==0.11.9"  # used to train models; its models equal those of fastText 0.9.2
LEAST_READ = 20_000  # pages read over all epochs: from 200 pages a model hardly learns in 5 epochs
_SCRIPT = Path(__file__).with_name("trainer.py")


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of fastText. Numbers without a source are ours, for small files: the library has 100 dimensions,
    2,000,000 buckets and uses every word."""

    dimensions: int = 16
    epochs: int = 5  # args.cc
    rate: float = 0.5  # fastText's tutorial of text classification has 0.1 to 1; args.cc 0.1
    word_ngrams: int = 2  # Li et al. 2024 (DCLM), appendix on fastText classifiers: unigrams and bigrams
    buckets: int = 200_000
    least: int = 5  # minimum count of a word in the training data
    seed: int = 0

    def as_library(self) -> dict[str, Any]:
        """By the names of `fasttext.train_supervised`."""
        return {
            "dim": self.dimensions, "epoch": self.epochs, "lr": self.rate, "wordNgrams": self.word_ngrams,
            "bucket": self.buckets, "minCount": self.least, "seed": self.seed,
        }  # fmt: skip


def epochs_for(sides: Sides) -> int:
    """The default number of passes over the pages."""
    return max(TrainingSettings.epochs, -(-LEAST_READ // sum(map(len, sides.training))))


def check_trainer(python: str) -> str:
    """The trainer in that Python: "fasttext-community 0.11.9". Raises ConfigError if there is none."""
    return _ordered(python, {})


def train_model(sides: Sides, settings: TrainingSettings, python: str, out: Path, folder: Path) -> str:
    """Writes the model, using a file of lines in a temporary folder; returns what trained it.

    Lines of both sides are ordered by their hashes, which is the order of training.
    """
    lines = [(each.key, label, each.line) for label, side in _labelled(sides) for each in side]
    text = folder / "lines.txt"
    with text.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
        file.writelines(f"{LABEL_PREFIX}{label} {line}\n" for _, label, line in sorted(lines))
    return _ordered(python, {"input": str(text), "output": str(out), "settings": settings.as_library()})


def _labelled(sides: Sides) -> Any:
    return zip((GOOD, BAD), sides.training, strict=True)


def _ordered(python: str, order: dict[str, Any]) -> str:
    """The output of the script. `-I`: nothing of this environment, or of the script's folder, is imported instead."""
    try:
        done = subprocess.run(
            [python, "-I", str(_SCRIPT)], input=json.dumps(order), capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise ConfigError(f"--python {python} cannot be started: {error.strerror}. Expected a Python.") from None
    if done.returncode == CANNOT_TRAIN:
        raise ConfigError(
            f"{python} has no fasttext package that trains ({done.stderr.strip()}). Make one: python -m venv V && "
            f"V/bin/pip install {PACKAGE}, then name it: --python V/bin/python."
        )
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise BuildError(f"fastText could not train the model: {last or f'it ended with {done.returncode}'}.")
    if not done.stdout.strip():
        raise ConfigError(f"--python {python} did not train: it ended and said nothing. Expected a Python.")
    return done.stdout.strip()
