"""`python -m c4pipe.verify`: is a corpus, a mixture or a run unchanged? `--help` has the exit codes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from c4pipe.command import Parser, as_called, own_name, run_command
from c4pipe.errors import C4Error
from c4pipe.progress import LIVE, ProgressReporter
from c4pipe.text import many, printable
from c4pipe.verify.findings import FolderVerdict
from c4pipe.verify.folder import checks_of

EPILOG = """\
examples:
  a corpus                      python -m c4pipe.verify out/c4
  everything under out/         python -m c4pipe.verify out/*
  several presets of a build    python -m c4pipe.verify out/three
  a training run                python -m c4pipe.verify out/t5
  for scripts                   python -m c4pipe.verify out/c4 --json

For a corpus or a mixture, it checks manifest.json against manifest.json.sha256, the size and sha256 of every file that
the manifest lists, the checksum of every Parquet page, columns and rows, and recounts the ledger, the statistics and
the shares of a mixture. For a training run, it checks the sha256 of checkpoints, settings and tables. Files that the
manifest does not list are noted, not counted as damage. `sha256sum -c manifest.json.sha256` checks the sums alone.

exit codes: 0 whole; 1 damaged, one line per finding; 2 not a c4pipe folder, or wrong usage; 130 interrupted.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; the exit code."""
    return run_command("verify", lambda: run(_parser().parse_args(argv)), shows=True)


def run(args: argparse.Namespace) -> int:
    """Checks every folder; the worst exit code."""
    code, verdicts = 0, []
    for folder in args.folders:
        try:
            checks = checks_of(folder)
        except C4Error as error:
            code = error.exit_code
            print(f"{own_name('verify')}: {printable(as_called(str(error)))}", file=sys.stderr)
            continue
        for path, check in checks:
            with VerifyProgress(path) as progress:
                verdict = check(path, progress.done)
            code = max(code, int(not verdict.whole))
            verdicts.append(verdict)
            if not args.json:
                for line in (*(finding.line() for finding in verdict.findings), verdict.line()):
                    print(line, flush=True)
    if args.json:
        print(json.dumps([*map(_plain, verdicts)], indent=2))
    return code


def _plain(verdict: FolderVerdict) -> dict[str, object]:
    findings = [finding._asdict() for finding in verdict.findings]
    return verdict._asdict() | {"whole": verdict.whole, "findings": findings}


class VerifyProgress(ProgressReporter):
    """A live line on a terminal: the amount read so far."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._files, self._bytes = folder, 0, 0
        super().__init__()

    def done(self, size: int) -> None:
        """A file has been read."""
        self._files, self._bytes = self._files + 1, self._bytes + size

    def show(self) -> None:
        shown = False
        while self.waited(LIVE) and sys.stderr.isatty():
            read = f"{self._folder}: {many(self._files, 'file')}, {self._bytes / 1e6:,.0f} MB read"
            print(f"\r{printable(read)}\x1b[K", end="", file=sys.stderr, flush=True)
            shown = True
        if shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _parser() -> Parser:
    parser = Parser("python -m c4pipe.verify", "Check every file of a corpus, a mixture or a training run.", EPILOG)
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="its folder, or a folder of several")
    parser.add_argument("--json", action="store_true", help="print a JSON list of verdicts with their findings")
    return parser


if __name__ == "__main__":
    sys.exit(main())
