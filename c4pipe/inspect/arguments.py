"""The command line of `python -m c4pipe.inspect`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from c4pipe.command import Parser, utf8, utf8_path, whole
from c4pipe.errors import ConfigError
from c4pipe.files.benchmarks import benchmark_files
from c4pipe.shards import PAGE_SCHEMA, REJECTED_SCHEMA
from c4pipe.textindex.least import LEAST, check_text

PAGES = 3  # shown of a reason
QUERY_ROWS = 100  # shown of a query
TEXT_PAGES = 10  # shown that hold a text
MOST_PAGES = 1000  # the sample of a default build holds as many of a reason
MOST_ROWS = 100_000  # they are held in memory, for the columns to be as wide as they need
PORT = 8020
BESIDE = Path()  # --html without a name

_PAGES = ", ".join(PAGE_SCHEMA.names)
_REJECTED = ", ".join(REJECTED_SCHEMA.names).replace("dropped", "dropped (reason, line, owner)")

EPILOG = f"""\
examples:
  what is in a corpus           python -m c4pipe.inspect out/c4
  pages that fell to a rule     python -m c4pipe.inspect out/c4 --reason curly_brace --sample 5
  at one of two stages          python -m c4pipe.inspect out/c4 --reason few_sentences --stage spans
  what was cut from kept ones   python -m c4pipe.inspect out/c4 --reason kept
  one page, line by line        python -m c4pipe.inspect out/c4 --url http://a.example/news
  which pages hold a text       python -m c4pipe.inspect out/c4 --text "a text of 20 characters or more"
  and when a model read them    python -m c4pipe.inspect out/c4 --text "..." --run out/t5
  any question                  python -m c4pipe.inspect out/c4 --sql "select reason, count(*) from rejected group by 1"
  which rule takes most text    python -m c4pipe.inspect out/c4 --losses
  how much each domain has      python -m c4pipe.inspect out/c4 --domains --tokenizer out/t5
  what another rule changed     python -m c4pipe.inspect out/c4 --compare out/other
  a report to pass on           python -m c4pipe.inspect out/c4 --html report.html
  a picture for a talk          python -m c4pipe.inspect out/c4 --flow flow.svg
  search and browse             python -m c4pipe.inspect out/c4 --serve
  and what another build made   python -m c4pipe.inspect out/c4 --serve --compare out/other
  beside the released C4        python -m c4pipe.inspect out/c4 --serve --compare allenai-c4/en

SQL is DuckDB's, one SELECT over three views:
  pages     {_PAGES}, config, split, shard, row
  rejected  {_REJECTED}, part, row
  shards    path, config, split, rows, bytes, sha256
`pages` also has the columns that stages of the corpus's own preset add. registered_domain(url) is the domain that
somebody has registered, chars(text) the number of characters.
`rejected` has a sample of the pages of every reason, or all of them after `build_c4 --rejected all`, and of kept pages
(reason 'kept') for what was cut from them. An owner is left(md5(url), 16) of the page that keeps a repeated line;
of one without a URL left(md5(md5(text)), 16), by its text as read.

--json prints one object, in ASCII, with `folder`, `view` and what that view shows:
  overview  preset, settings, inputs, corpus, splits, keys, restore, taken_out, left_out, ledger, clusters, earlier,
            benchmarks, mixture, languages, lengths, domains, months, faults, sample
  reason    reason, stage, counted (in the ledger), sampled (in the table), note (where else to look; empty mostly),
            pages
  url       url, found, pages: each with its place, lines of segments (text, code, owner) and the rules tried; under
            `extra` the columns that stages added, under `items` the test items of benchmarks with their words
            in both, `stands` of a page that fell to another one as a whole: which one, what became of that, how much
            alike they are, which texts are compared, and the lines that differ
  text      text, number (of pages that hold it; the most that may where exact is false), exact, indexed, fault (why an
            index that is there was passed over), pages: each with its place (shard, row), url, timestamp, start
            (characters in front of the text), times, before, after
  sql       columns, rows, more (true where --limit cut the rest off)
  losses    read, rules, languages, domains: pages, lines and characters, lost and read; `share_of_pages` has the
            interval of the share of its pages, and `more` is 1 where a group surely loses more of them than all do,
            -1 where fewer; `bounded` where domains are not all told apart, so that numbers of each are the least;
            of a corpus without such a count only read and rules, by the ledger, and why in `not_counted`
  domains   of_all, domains: pages, characters and, with a tokenizer, tokens of each, most pages first; tokenizer
  compare   the comparison: `folders` of both, what became of their pages
With --run pages of `url` and `text` have `seen`: times (that a reading of it began), steps (that had some of it), or
null where the run does not read the shard as it is now; `seen_to` is the last step that is known of.
`shown` of clusters are the largest: the owner, its URL, and how many rows of the rejected table fell to it.

exit codes: 0 done; 1 failed, or there is no such page; 2 wrong use, found before any work; 130 interrupted.
Control characters and other invisible ones are spelt out wherever text is shown. Not more than {MOST_ROWS:,} rows.
"""


def parser() -> argparse.ArgumentParser:
    """The options."""
    p = Parser(
        prog="python -m c4pipe.inspect",
        description="Shows a finished corpus: what was kept, what was dropped, and why.",
        epilog=EPILOG,
    )
    p.add_argument("folder", type=utf8_path, metavar="DIR", help="folder of the corpus, or of a mixture")
    which = p.add_mutually_exclusive_group()
    a = which.add_argument
    a(
        "--reason",
        type=utf8,
        metavar="CODE",
        help="pages that left for it, or lost lines for it; kept: those that stayed",
    )
    a(
        "--url",
        type=utf8,
        metavar="URL",
        help="the page of that address or source, wherever it is, with what became of every line",
    )
    a(
        "--text",
        type=utf8,
        metavar="TEXT",
        help=f"the pages that hold it: {LEAST} characters or more, each as it stands (see python -m c4pipe.textindex)",
    )
    a("--sql", type=utf8, metavar="SELECT", help="the answer to a query")
    a(
        "--losses",
        action="store_true",
        help="what each rule took of all that was read, and which languages and domains lost more than their share",
    )
    a(
        "--domains",
        action="store_true",
        help="pages, characters and, with --tokenizer, tokens of each registered domain; --csv and --json have all",
    )
    a(
        "--html",
        type=Path,
        nargs="?",
        const=BESIDE,
        metavar="FILE",
        help="write the report, one file that needs no network (default: report.html in DIR)",
    )
    a(
        "--flow",
        type=Path,
        metavar="FILE",
        help="write the way from the crawl to the corpus as a picture, an SVG for a slide or a README",
    )
    a("--serve", action="store_true", help="search and browse at 127.0.0.1")
    a = p.add_argument
    a(
        "--compare",
        "--against",
        type=utf8_path,
        action="append",
        default=[],
        metavar="DIR2",
        help="compare with this corpus, page by page; with --html, side by side; with --serve, where it may be given "
        "several times, to browse (--against is the old word); DIR2 may be a folder of released pages with text, url "
        "and timestamp, such as allenai/c4's json.gz files, or Parquet, of which a copy is made in the cache, once",
    )
    a(
        "--verdict",
        type=utf8_path,
        metavar="DIR",
        help="with --compare or --serve: show which is better, as `python -m c4pipe.compare --out DIR` found",
    )
    a("--stage", type=utf8, metavar="S", help="with --reason: of this stage only")
    a("--sample", type=whole(0, MOST_PAGES), metavar="N", help=f"pages to show (default: {PAGES})")
    a(
        "--file",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="with --url or --serve: a file that rules have read and the corpus keeps no copy of, told by its bytes; "
        "or the folder of its benchmarks",
    )
    a(
        "--earlier",
        type=utf8_path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="with --url, --reason or --serve: where corpora are now that this one was built against, if neither where "
        "they were nor, by the same name, beside it",
    )
    a(
        "--run",
        type=utf8_path,
        metavar="RUN",
        help="with --text, --url or --serve: say when this training read a page, from what python -m model.exposure "
        "--run RUN wrote",
    )
    a(
        "--tokenizer",
        type=utf8_path,
        metavar="FILE_OR_RUN",
        help="with --domains or --serve: count the tokens of domains with this SentencePiece model, tokenizer.json, or "
        "that of a run, once; they are remembered in the cache",
    )
    a(
        "--limit",
        type=whole(1, MOST_ROWS),
        metavar="N",
        help=f"with --sql: rows to show (default: {QUERY_ROWS}); with --text: pages (default: {TEXT_PAGES})",
    )
    form = p.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object instead of text")
    form.add_argument("--csv", action="store_true", help="with --sql or --domains: CSV, formulas defused")
    a("--port", type=whole(0, 65535), metavar="N", help=f"with --serve (default: {PORT}; 0: any that is free)")
    return p


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments with their defaults. ConfigError for what does not go together."""
    args = parser().parse_args(argv)
    if len(args.compare) > 1 and not args.serve:
        raise ConfigError(
            f"--compare takes one corpus without --serve, got {' and '.join(map(str, args.compare))}. See --help."
        )
    served = args.serve
    for option, given, allowed, needs in (
        ("--stage", args.stage is not None, args.reason is not None, "--reason"),
        ("--limit", args.limit is not None, bool(_chosen(args, "sql", "text")), "--sql or --text"),
        ("--run", args.run is not None, bool(_chosen(args, "text", "url", "serve")), "--text, --url or --serve"),
        ("--csv", args.csv, bool(_chosen(args, "sql", "domains")), "--sql or --domains"),
        ("--tokenizer", args.tokenizer is not None, served or args.domains, "--domains or --serve"),
        ("--verdict", args.verdict is not None, served or bool(args.compare), "--compare or --serve"),
        ("--port", args.port is not None, served, "--serve"),
        ("--earlier", bool(args.earlier), bool(_chosen(args, "url", "reason", "serve")), "--url, --reason or --serve"),
        ("--file", bool(args.file), served or args.url is not None, "--url or --serve"),
    ):
        if given and not allowed:
            raise ConfigError(f"{option} needs {needs}. See --help.")
    for option, given, excluded in (
        (
            "--sample",
            args.sample is not None,
            _chosen(args, *_WITHOUT_PAGES),
        ),
        ("--compare", bool(args.compare), _chosen(args, "reason", "url", "text", "sql", "losses", "domains", "flow")),
        ("--json", args.json, _chosen(args, "html", "flow", "serve")),
    ):
        if given and excluded:
            raise ConfigError(f"{option} does not go with {excluded}. See --help.")
    if args.stage is not None and args.reason == "kept":
        raise ConfigError("--stage has no effect: pages that were kept left at no stage. Leave it out.")
    if args.sample == 0 and args.reason is not None:
        raise ConfigError("--reason shows pages: give --sample 1 or more.")
    if args.text is not None:
        check_text(args.text)
    args.file = [file for path in args.file for file in (benchmark_files(path) if path.is_dir() else [path])]
    absent = next((path for path in args.file if not path.is_file()), None)
    lacking = next((path for path in args.earlier if not path.is_dir()), None)
    if lacking is not None:
        raise ConfigError(f"--earlier {lacking} is no folder. Expected that of a corpus.")
    if absent is not None:
        raise ConfigError(f"--file {absent} is no file.")
    for option, path in (("--html", None if args.html == BESIDE else args.html), ("--flow", args.flow)):
        if path is not None and path.is_dir():
            raise ConfigError(f"{path} is a folder: {option} takes the name of the file to write.")
    args.sample = PAGES if args.sample is None else args.sample
    if args.limit is None:
        args.limit = QUERY_ROWS if args.text is None else TEXT_PAGES
    args.port = PORT if args.port is None else args.port
    return args


# Views that show no sample of pages.
_WITHOUT_PAGES = ("url", "text", "sql", "losses", "domains", "html", "flow", "serve")


def _chosen(args: argparse.Namespace, *names: str) -> str:
    """The first of these options that is given, as it is typed; "" without."""
    return next((f"--{name}" for name in names if getattr(args, name) not in (None, False)), "")
