"""`python -m c4pipe.textindex`: builds the index for finding texts in a corpus."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from c4pipe.command import Parser, run_command, utf8_path
from c4pipe.progress import PLAIN, ProgressReporter
from c4pipe.shards import read_manifest
from c4pipe.text import many, visible
from c4pipe.textindex.index import open_index
from c4pipe.textindex.making import make_index

EPILOG = """\
The index is stored in DIR/__text and recorded in added.json. It finds the pages that contain a text:

  in the terminal               python -m c4pipe.inspect DIR --text "a text of 20 characters or more"
  in the viewer                 python -m c4pipe.inspect DIR --serve
  for what a model writes       python -m model.generate --run RUN "..." --trace DIR

exit codes: 0 done; 1 failed; 2 wrong usage, reported before any work; 130 interrupted
"""


class _Pages(ProgressReporter):
    """Reports progress."""

    def __init__(self, folder: Path, of: int) -> None:
        super().__init__()
        self._folder, self._of, self._done = folder, of, 0

    def done(self, pages: int) -> None:
        """Counts pages that were read."""
        self._done = pages

    def show(self) -> None:
        while self.waited(PLAIN):
            what = f"{self._done:,} of {self._of:,} pages read"
            print(f"textindex: {visible(str(self._folder))}: {what}", file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    return run_command("textindex", lambda: run(_parser().parse_args(argv)), shows=True)


def run(args: Namespace) -> int:
    """Builds the index of each corpus."""
    manifests = [read_manifest(folder) for folder in args.folders]  # errors are reported before any work
    for folder, manifest in zip(args.folders, manifests, strict=True):
        with _Pages(folder, sum(shard["rows"] for shard in manifest["shards"])) as progress:
            made = make_index(folder, progress.done)
        open_index(folder)
        for path in made.aside:
            print(f"note: the existing index was damaged: kept as {path.name}", file=sys.stderr)
        share = made.bytes / max(1, made.text)
        print(
            f"{visible(str(folder))}: {many(made.pages, 'page')}, {made.text:,} bytes of text; the index takes "
            f"{made.bytes:,}, {share:.2f} per byte of text"
        )
    return 0


def _parser() -> Parser:
    p = Parser("python -m c4pipe.textindex", "Build the index that finds a text in a finished corpus.", EPILOG)
    p.add_argument("folders", type=utf8_path, nargs="+", metavar="DIR", help="folder of a corpus or a mixture")
    return p


if __name__ == "__main__":
    sys.exit(main())
