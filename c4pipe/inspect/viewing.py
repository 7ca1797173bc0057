"""The command line of the viewer: `python -m c4pipe.inspect --serve ...`, also called `c4pipe browse`."""

from __future__ import annotations

import argparse
from pathlib import Path

from c4pipe.command import Parser, utf8_path, whole

PORT = 8020
EPILOG = """\
examples:
  browse a corpus               python -m c4pipe.inspect --serve out/c4
  browse two corpora            python -m c4pipe.inspect --serve out/c4 --compare out/other
  next to the released C4       python -m c4pipe.inspect --serve out/c4 --compare allenai-c4/en
  when a model read a page      python -m c4pipe.inspect --serve out/c4 --run out/t5

The viewer runs on this machine, at 127.0.0.1, until you press Ctrl-C. It changes nothing in the corpus.

exit codes: 0 done; 1 failed; 2 wrong usage, reported before any work; 130 interrupted.
"""


def viewer_parser() -> Parser:
    """The options that go with `--serve`."""
    p = Parser("python -m c4pipe.inspect --serve", "Search and browse a finished corpus in a local viewer.", EPILOG)
    p.add_argument("folder", type=utf8_path, metavar="DIR", help="folder of a corpus or a mixture")
    add_viewer_options(p, alone=True)
    return p


def add_viewer_options(p: argparse.ArgumentParser, alone: bool = False) -> None:
    """Adds the options of the viewer.

    Args:
        alone: whether the parser is the viewer's; otherwise help says which options each needs.
    """

    def of(needed: str, says: str) -> str:
        return says if alone else f"with {needed}: {says}"

    a = p.add_argument
    a(
        "--compare",
        "--against",
        type=utf8_path,
        action="append",
        default=[],
        metavar="DIR2",
        help="compare with this corpus page by page; "
        + ("" if alone else "with --html, side by side; with --serve, in the browser, and it ")
        + "may be repeated (--against is the old name). DIR2 may also be a folder of released pages with text, url and "
        "timestamp, such as allenai/c4's json.gz files or Parquet: it is copied into the cache, once",
    )
    a(
        "--verdict",
        type=utf8_path,
        metavar="DIR",
        help=of("--compare or --serve", "show which is better, as `python -m c4pipe.compare --out DIR` found"),
    )
    a(
        "--file",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help=of(
            "--url or --serve",
            "a file that the rules read and of which the corpus keeps no copy (recognised by its sha256), or the "
            "folder of its benchmarks",
        ),
    )
    a(
        "--earlier",
        type=utf8_path,
        nargs="+",
        default=[],
        metavar="DIR",
        help=of(
            "--url, --reason or --serve",
            "where the corpora that this one was built --against are now, if they moved (the old place and the folder "
            "next to DIR are searched anyway)",
        ),
    )
    a(
        "--run",
        type=utf8_path,
        metavar="RUN",
        help=of(
            "--text, --url or --serve",
            "show when this training run read a page, as recorded by python -m model.exposure --run RUN",
        ),
    )
    a(
        "--tokenizer",
        type=utf8_path,
        metavar="FILE_OR_RUN",
        help=of(
            "--domains or --serve",
            "count tokens per domain with this SentencePiece model, tokenizer.json or run's tokenizer; counted once, "
            "then cached",
        ),
    )
    a("--port", type=whole(0, 65535), metavar="N", help=of("--serve", f"default: {PORT}; 0: any free port"))
