"""`python -m c4pipe.classifier train | quantile`: trains a page classifier, and chooses its threshold. See
`--help`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from c4pipe.classifier import quantile, train
from c4pipe.command import Parser, run_command
from c4pipe.errors import unknown

EPILOG = """\
commands:
  train GOOD BAD --out MODEL.bin     train a fastText model on two corpora, and test it on unseen domains
  quantile CORPUS --keep SHARE       the score that this share of a corpus reaches

Each has its own --help, such as `python -m c4pipe.classifier train --help`.
"""

COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {"train": train.run, "quantile": quantile.run}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    return run_command("classifier", lambda: _run(sys.argv[1:] if argv is None else [*argv]), shows=True)


def _run(words: list[str]) -> int:
    if not words or words[0].startswith("-"):
        options = Parser("python -m c4pipe.classifier", "Train page classifiers and choose their thresholds.", EPILOG)
        options.add_argument("command", choices=[*COMMANDS], help="what to do")
        options.parse_args(words)  # reports what is missing
    if words[0] not in COMMANDS:
        raise unknown("command", words[0], COMMANDS)
    return COMMANDS[words[0]](words[1:])


if __name__ == "__main__":
    sys.exit(main())
