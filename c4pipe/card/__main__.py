"""`python -m c4pipe.card`: metadata to publish with a corpus. `--help` has examples and exit codes."""

from __future__ import annotations

import argparse
import datetime
import re
import sys
from collections.abc import Sequence

from c4pipe.card.published import CROISSANT, DOMAINS, SUMMARY, Publication
from c4pipe.card.words import TO_FILL_IN
from c4pipe.command import Parser, refuse_idle, run_command, utf8, utf8_path
from c4pipe.text import many, visible

EPILOG = f"""\
examples:
  {CROISSANT}             python -m c4pipe.card out/c4
  with the public summary    python -m c4pipe.card out/c4 --summary
  for several presets        python -m c4pipe.card out/three --summary
  with every field           python -m c4pipe.card out/c4 --summary --date 2026-11-29 --publisher "A Lab" \\
                               --url https://data.example/c4 --licence https://opendatacommons.org/licenses/by/1-0/

{CROISSANT}  Croissant 1.1 metadata for search engines and data loaders: files with checksums, columns with types,
                provenance and terms of use. Check it with `mlcroissant validate --jsonld FILE`.
{SUMMARY}    the public summary of training content required by the EU AI Act (Article 53(1)(d)), in the sections
                of the Commission's template. What the corpus cannot know is marked {TO_FILL_IN}: complete a copy.
{DOMAINS}     registered domains by bytes of text: the top 10 %; with --small the top 5 %, at most 1,000.

Every number in the summary is counted from the files of the corpus, after their checksums were verified. Written files
are recorded in added.json, so `c4pipe.verify` checks them; a file that you edited is never replaced. With --date, the
same command writes the same bytes.

exit codes: 0 done; 1 failed, for example on a damaged corpus; 2 wrong usage, reported before any work; 130 interrupted.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    return run_command("card", lambda: run(parse(argv)))


def run(args: argparse.Namespace) -> int:
    """Writes the files of every corpus, after checking that all can be written."""
    from c4pipe.card.publishing import check_places, corpora_in, publish

    folders = [found for folder in args.folders for found in corpora_in(folder)]
    for folder in folders:
        check_places(folder, args.summary)
    published = Publication(args.date, args.publisher, args.url or "", args.licence or "", args.release)
    for folder in folders:
        written = publish(folder, published, args.summary, args.small)
        for path in written.paths:
            print(f"written: {visible(str(path))}", flush=True)
        if written.gaps:
            print(f"{many(len(written.gaps), 'gap')} to fill in, in a copy of {SUMMARY}, each marked {TO_FILL_IN}:")
            for gap in written.gaps:
                print(f"  {visible(gap)}")
    if unsaid := [*published.unsaid()]:
        print(f"note: {CROISSANT} should say who publishes the corpus, and where: add {' and '.join(unsaid)}.")
    return 0


def parser() -> Parser:
    """The options."""
    p = Parser("python -m c4pipe.card", "Write the metadata that is published with a corpus.", EPILOG)
    a = p.add_argument
    a("folders", type=utf8_path, nargs="+", metavar="DIR", help="a corpus or mixture, or a folder of several of them")
    a("--summary", action="store_true", help=f"also write {SUMMARY} and {DOMAINS}; reads all text")
    a(
        "--small",
        action="store_true",
        help="with --summary: the shorter domain list allowed for small and medium-sized enterprises",
    )
    a("--date", type=_date, metavar="DATE", help="day of publication, YYYY-MM-DD (default: today, UTC)")
    a("--publisher", type=utf8, default="", metavar="NAME", help="who publishes it")
    a("--url", type=_url, metavar="URL", help="web page of the corpus")
    a("--licence", type=_url, metavar="URL", help="its licence (default: the one in README.md)")
    a("--release", type=_release, default="1.0.0", metavar="N.N.N", help="its version (default: 1.0.0)")
    return p


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments with their defaults. Raises ConfigError for incompatible ones."""
    p = parser()
    args = p.parse_args(argv)
    refuse_idle(p.given, ("--small", args.summary, "it applies to the domain list that --summary writes."))
    args.date = args.date or datetime.datetime.now(datetime.UTC).date().isoformat()
    return args


def _date(word: str) -> str:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", word, re.ASCII):
            return datetime.date.fromisoformat(word).isoformat()
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{word!r} is not a date: expected YYYY-MM-DD, such as 2026-11-29")


def _url(word: str) -> str:
    if not re.fullmatch(r"https?://[\w.-]+(?::\d+)?(?:/[!-~]*)?", word, re.ASCII):
        raise argparse.ArgumentTypeError(f"{word!r} is not a URL: expected http:// or https://")
    return word


def _release(word: str) -> str:
    if not re.fullmatch(r"\d+\.\d+\.\d+", word, re.ASCII):
        raise argparse.ArgumentTypeError(f"{word!r} is not a version: expected three numbers, such as 1.0.0")
    return word


if __name__ == "__main__":
    sys.exit(main())
