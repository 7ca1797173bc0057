"""`python -m c4pipe.compare`: which of two corpora is better, and what differs. `--help` has the exit codes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from c4pipe.command import run_command
from c4pipe.compare.arguments import parse

# The measuring code is imported only after the arguments are checked, so that --help is fast.


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; the exit code."""
    return run_command("compare", lambda: run(parse(argv)), shows=True)


def run(args: argparse.Namespace) -> int:
    """Compares, prints the answer and writes its files."""
    from c4pipe.compare.comparing import CompareRequest

    if args.rule is not None:
        from c4pipe.compare.trial import try_rules

        return try_rules(args)
    from c4pipe.compare.levels import check_sources
    from c4pipe.compare.reading import open_source
    from c4pipe.compare.writing import answered, show_compared

    asked = CompareRequest(args.level, tuple(args.on), args.text_key, args.out, args.training)
    sources = (open_source(Path(args.names[0]), args.text_key), open_source(Path(args.names[1]), args.text_key))
    check_sources(args.level, *sources)
    found = answered(sources, asked)
    show_compared(found, args.json, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
