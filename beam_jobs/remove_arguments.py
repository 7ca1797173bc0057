"""The command line of remove."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from c4pipe.command import Parser, refuse_idle, utf8
from c4pipe.errors import ConfigError
from c4pipe.files.benchmarks import benchmark_files

EPILOG = """\
lists: one entry per line, plain or compressed (gzip, zstd, xz); # starts a comment
  --urls     https://example.com/a/b   this page, and every spelling that the build treats as the same URL
             https://example.com/a/*   all pages whose URL starts like this
  --domains  example.com               all pages of the domain and its subdomains, with or without www.
  --ids      b30d4f59eb97517b          the page with this code in `inspect --url` and in the rejected table's owner
                                       column: left(md5(url), 16) in SQL. A page without a URL cannot be removed, not
                                       even by its code

examples:
  answer a letter          python -m beam_jobs.remove out/c4 --output out/c4-2 --urls letter.txt
  what lists match         ... --urls letter.txt --dry-run --changes pages.csv
  and prove the result     ... --domains sites.txt --reason "opt-out" --date 2026-11-29 --prove
  prove it later           python -m beam_jobs.remove out/c4-2 --prove letter.txt

Pages, lines and sentences that were dropped as duplicates of a removed page come back, as in a build without it. Files
that do not change keep their bytes. removed.json in the new corpus records what was done, with digests, not URLs.

exit codes: 0 done, or nothing is left; 1 failed, or something is left; 2 wrong usage, reported before any work; 130
interrupted (Ctrl-C). After a crash or a kill, run the same command again: it makes the same corpus.
"""


def parser() -> Parser:
    """The options."""
    p = Parser(
        prog="python -m beam_jobs.remove",
        description="Remove pages from a finished corpus: the result equals a build that never had them.",
        epilog=EPILOG,
    )
    a = p.add_argument
    a("folder", type=utf8, nargs="?", metavar="DIR", help="a finished corpus; it is not changed")
    a("--corpus", type=utf8, metavar="DIR", help="the same, as an option")
    a("--output", type=utf8, metavar="DIR2", help="folder for the new corpus; without it nothing is removed")
    for name, what in (("--urls", "URLs"), ("--domains", "domains"), ("--ids", "codes of pages")):
        a(name, type=utf8, nargs="+", default=[], metavar="FILE", help=f"lists of {what} to remove")
    a("--dry-run", action="store_true", help="print how many pages each entry matches, and change nothing")
    a(
        "--changes",
        type=utf8,
        default="",
        metavar="FILE",
        help="a CSV file for the URLs of all removed, restored, changed and dropped pages; with --dry-run, of those "
        "that would be removed. Keep it private",
    )
    a("--reason", type=utf8, default="", metavar="TEXT", help="why, for the removal log and the dataset card")
    a(
        "--date",
        type=utf8,
        default="",
        metavar="DATE",
        help="when it was requested or done, for the same places; free text",
    )
    a(
        "--file",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a file that the rules read and of which the corpus keeps no copy (recognised by its sha256), or the "
        "folder of its benchmarks. May be repeated",
    )
    a(
        "--prove",
        type=utf8,
        nargs="*",
        metavar="FILE",
        help="read the whole new corpus (or DIR, without --output) and report anything left of what the lists name; "
        "further lists may follow, with URLs, domains and codes recognised by their form",
    )
    a("--strict", action="store_true", help="with --prove: fail, too, if an entry matched no page, now or in the log")
    return p


def parse_remove(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments. ConfigError for a combination that cannot work."""
    p = parser()
    args = p.parse_args(argv)
    named = [folder for folder in (args.folder, args.corpus) if folder is not None]
    if len(named) != 1:
        found = " and ".join(named) or "none"
        raise ConfigError(f"expected DIR, the folder of one finished corpus, found {found}. See --help.")
    args.corpus = named[0]
    lists = [*args.urls, *args.domains, *args.ids]
    if not args.output and args.prove is None and not args.dry_run:
        raise ConfigError("expected --output DIR2, the folder for the new corpus, or --prove or --dry-run. See --help.")
    if args.output is not None and not args.output:
        raise ConfigError("--output is empty; expected a folder.")
    if not (lists or (args.prove and not args.output and not args.dry_run)):
        raise ConfigError("nothing is listed: expected --urls, --domains or --ids, each with a FILE. See --help.")
    refuse_idle(
        p.given,
        ("--reason", bool(args.output), "it is written to the removal log, and without --output there is none."),
        ("--date", bool(args.output), "it is written to the removal log, and without --output there is none."),
        ("--file", bool(args.output) or args.dry_run, "without --output no page is filtered again."),
        ("--changes", bool(args.output) or args.dry_run, "without --output no page changes."),
        ("--strict", args.prove is not None, "it belongs to --prove."),
        ("--prove", not args.dry_run, "a dry run changes nothing. Leave out --dry-run."),
    )
    args.file = [file for path in args.file for file in (benchmark_files(path) if path.is_dir() else [path])]
    for option, text in (("--reason", args.reason), ("--date", args.date)):
        if not text.isprintable():
            raise ConfigError(f"{option} {text!r} contains unprintable characters. Expected one line of text.")
    return args
