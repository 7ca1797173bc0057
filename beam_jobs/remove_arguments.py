"""The command line of remove."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from c4pipe.command import Parser, refuse_idle, utf8
from c4pipe.errors import ConfigError
from c4pipe.files.benchmarks import benchmark_files

EPILOG = """\
lists: one entry a line, plain or packed (gzip, zstd, xz); what stands behind a # is a comment
  --urls     https://example.com/a/b   that page, and all that the build counts as the same URL
             https://example.com/a/*   all pages whose URL begins so
  --domains  example.com               all pages of it and of what is below it, with www. and without
  --ids      b30d4f59eb97517b          the page that inspect --url shows with this code, and that the rejected table
                                       names so as an owner: left(md5(url), 16) in SQL. A page without a URL cannot be
                                       taken out, by its code either

examples:
  answer a letter          python -m beam_jobs.remove --corpus out/c4 --output out/c4-2 --urls letter.txt
  and prove that it is so  ... --domains sites.txt --reason "opt-out" --date 2026-11-29 --prove
  prove it later           python -m beam_jobs.remove --corpus out/c4-2 --prove letter.txt

What other pages, lines and sentences had lost to a page that goes comes back, as in a build without it. Files in which
nothing changes keep their bytes. removed.json in the new corpus tells what was done, by digests and not by URLs.

exit codes: 0 done, or nothing is left; 1 it failed, or something is left; 2 wrong use, found before any work; 130
interrupted (Ctrl-C).  After any death the same command makes the same corpus.
"""


def parser() -> Parser:
    """The options."""
    p = Parser(
        prog="python -m beam_jobs.remove",
        description="Makes of a finished corpus the one that a build without certain pages would have made.",
        epilog=EPILOG,
    )
    a = p.add_argument
    a("--corpus", type=utf8, required=True, metavar="DIR", help="a finished corpus; it stays as it is")
    a("--output", type=utf8, metavar="DIR2", help="folder of the new one; without it nothing is taken out")
    for name, what in (("--urls", "URLs"), ("--domains", "domains"), ("--ids", "codes of pages")):
        a(name, type=utf8, nargs="+", default=[], metavar="FILE", help=f"lists of {what} to take out")
    a("--reason", type=utf8, default="", metavar="TEXT", help="why, for the log of removals and the card")
    a("--date", type=utf8, default="", metavar="DATE", help="when it was asked or done, likewise; as you write it")
    a(
        "--file",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a file that rules have read and the corpus keeps no copy of, told by its bytes; or the folder of its "
        "benchmarks. May be given again",
    )
    a(
        "--prove",
        type=utf8,
        nargs="*",
        metavar="FILE",
        help="read all of the new corpus, or of DIR where there is no --output, and say whether anything is left of "
        "what is listed, in these lists too: URLs, domains and codes, each known by its form",
    )
    return p


def parse_remove(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments. ConfigError for a combination that cannot work."""
    p = parser()
    args = p.parse_args(argv)
    lists = [*args.urls, *args.domains, *args.ids]
    if not args.output and args.prove is None:
        raise ConfigError("expected --output DIR2, where the new corpus is to be, or --prove. See --help.")
    if args.output is not None and not args.output:
        raise ConfigError("--output is empty; expected a folder.")
    if not (lists or (args.prove and not args.output)):
        raise ConfigError("nothing is listed: expected --urls, --domains or --ids, each with a FILE. See --help.")
    refuse_idle(
        p.given,
        ("--reason", bool(args.output), "it is for the log of a removal, and without --output there is none."),
        ("--date", bool(args.output), "it is for the log of a removal, and without --output there is none."),
        ("--file", bool(args.output), "without --output no page is judged again."),
    )
    args.file = [file for path in args.file for file in (benchmark_files(path) if path.is_dir() else [path])]
    for option, text in (("--reason", args.reason), ("--date", args.date)):
        if not text.isprintable():
            raise ConfigError(f"{option} {text!r} has other than printable characters. Expected one line of text.")
    return args
