"""The command line of `python -m c4pipe.inspect`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from c4pipe.command import Parser, utf8, utf8_path, whole
from c4pipe.errors import ConfigError
from c4pipe.files.benchmarks import benchmark_files
from c4pipe.inspect.viewing import PORT, add_viewer_options, viewer_parser
from c4pipe.shards import PAGE_SCHEMA, REJECTED_SCHEMA
from c4pipe.textindex.least import LEAST, check_text

PAGES = 3  # shown per reason
QUERY_ROWS = 100  # shown per query
TEXT_PAGES = 10  # shown with a text
MOST_PAGES = 1000  # a default build samples as many per reason
MOST_ROWS = 100_000  # held in memory to compute column widths
BESIDE = Path()  # --html without a name

_PAGES = ", ".join(PAGE_SCHEMA.names)
_REJECTED = ", ".join(REJECTED_SCHEMA.names).replace("dropped", "dropped (reason, line, owner)")

EPILOG = f"""\
examples:
  what is in a corpus           python -m c4pipe.inspect out/c4
  pages that a rule rejected    python -m c4pipe.inspect out/c4 --reason curly_brace --sample 5
  the same, at one stage only   python -m c4pipe.inspect out/c4 --reason few_sentences --stage spans
  lines cut from kept pages     python -m c4pipe.inspect out/c4 --reason kept
  one page, line by line        python -m c4pipe.inspect out/c4 --url http://a.example/news
  which pages hold a text       python -m c4pipe.inspect out/c4 --text "a text of 20 characters or more"
  when a model read them        python -m c4pipe.inspect out/c4 --text "..." --run out/t5
  any question                  python -m c4pipe.inspect out/c4 --sql "select stage, reason, taken, unit from ledger"
  which rule removes most text  python -m c4pipe.inspect out/c4 --losses
  how much each domain has      python -m c4pipe.inspect out/c4 --domains --tokenizer out/t5
  what another rule changed     python -m c4pipe.inspect out/c4 --compare out/other
  a report to share             python -m c4pipe.inspect out/c4 --html report.html
  a picture for a talk          python -m c4pipe.inspect out/c4 --flow flow.svg
  search and browse             python -m c4pipe.inspect out/c4 --serve
  browse two corpora            python -m c4pipe.inspect out/c4 --serve --compare out/other
  next to the released C4       python -m c4pipe.inspect out/c4 --serve --compare allenai-c4/en

SQL is DuckDB's, one SELECT over four views:
  pages     {_PAGES}, config, split, shard, row
  rejected  {_REJECTED}, part, row
  shards    path, config, split, rows, bytes, sha256
`pages` also has the columns added by the stages of the corpus's preset. registered_domain(url) returns the registered
domain (example.co.uk), chars(text) the number of characters.
`rejected` holds a sample of pages for every reason (all pages after `python -m beam_jobs.build_c4 --rejected all`),
plus kept pages (reason 'kept') from which something was cut. An owner is the page that keeps a repeated line:
left(md5(url), 16), or left(md5(md5(text)), 16) of the text as read if the page has no URL.

--json prints one ASCII object with `folder`, `view` and the contents of that view:
  overview  preset, settings, inputs, corpus, splits, keys, restore, taken_out, left_out, ledger, clusters, earlier,
            benchmarks, mixture, languages, lengths, domains, months, faults, sample
  reason    reason, stage, counted (in the ledger), sampled (in the table), note (where else to look; usually empty),
            pages
  url       url, found, pages: each with its location, lines of segments (text, code, owner) and the rules tried;
            `extra`: columns added by stages; `items`: benchmark items found, with the words they share; `stands`, for a
            page rejected in favour of another: which page, its fate, their similarity, which texts were compared, and
            the lines that differ
  text      text, number (of pages that contain it; an upper bound if `exact` is false), exact, indexed, fault (why an
            existing index was not used), pages: each with its location (shard, row), url, timestamp, start (offset in
            characters), times, before, after
  sql       columns, rows, more (true if --limit cut rows off)
  losses    read, rules, languages, domains: pages, lines and characters, lost and read; `share_of_pages` is a
            confidence interval; `more` is 1 if a group loses significantly more of its pages than average, -1 if
            fewer; `bounded`: not every domain was counted separately, so each number is a lower bound; for corpora
            without these counts, only read and rules from the ledger, with the cause in `not_counted`
  domains   of_all, domains: pages, characters and, with --tokenizer, tokens of each, most pages first; tokenizer
  compare   the comparison: `folders` of both, and the fate of their pages
With --run, pages in `url` and `text` have `seen`: times (how often the run began to read the page) and steps (that read
part of it), or null if the run did not read this version of the shard; `seen_to` is the last known step.
`shown` of clusters lists the largest: the owner, its URL, and how many rows of the rejected table are its duplicates.

exit codes: 0 done; 1 failed, or no such page; 2 wrong usage, reported before any work; 130 interrupted.
Control and other invisible characters are escaped wherever text is shown. At most {MOST_ROWS:,} rows are shown.
"""


def parser() -> argparse.ArgumentParser:
    """The options."""
    p = Parser(
        prog="python -m c4pipe.inspect",
        description="Show a finished corpus: what was kept, what was dropped, and why.",
        epilog=EPILOG,
    )
    p.add_argument("folder", type=utf8_path, metavar="DIR", help="folder of a corpus or a mixture")
    which = p.add_mutually_exclusive_group()
    a = which.add_argument
    a(
        "--reason",
        type=utf8,
        metavar="CODE",
        help="pages rejected for this reason, or that lost lines to it; 'kept': kept pages that lost something",
    )
    a(
        "--url",
        type=utf8,
        metavar="URL",
        help="the page with this URL or source, kept or not, with the fate of every line",
    )
    a(
        "--text",
        type=utf8,
        metavar="TEXT",
        help=f"the pages that contain this exact text of {LEAST} characters or more (see python -m c4pipe.textindex)",
    )
    a("--sql", type=utf8, metavar="SELECT", help="the result of a query")
    a(
        "--losses",
        action="store_true",
        help="how much text each rule removed, and which languages and domains lost more than their share",
    )
    a(
        "--domains",
        action="store_true",
        help="pages, characters and, with --tokenizer, tokens per registered domain; --csv and --json list all",
    )
    a(
        "--html",
        type=Path,
        nargs="?",
        const=BESIDE,
        metavar="FILE",
        help="write the report: one file, no network needed to view it (default: report.html in DIR)",
    )
    a(
        "--flow",
        type=Path,
        metavar="FILE",
        help="draw the flow of text from crawl to corpus, an SVG for a slide or a README",
    )
    a("--serve", action="store_true", help="search and browse in a local viewer on 127.0.0.1")
    add_viewer_options(p)
    a = p.add_argument
    a("--stage", type=utf8, metavar="S", help="with --reason: of this stage only")
    a("--sample", type=whole(0, MOST_PAGES), metavar="N", help=f"pages to show (default: {PAGES})")
    a(
        "--limit",
        type=whole(1, MOST_ROWS),
        metavar="N",
        help=f"with --sql: rows to show (default: {QUERY_ROWS}); with --text: pages (default: {TEXT_PAGES})",
    )
    form = p.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object instead of text")
    form.add_argument(
        "--csv", action="store_true", help="with --sql or --domains: CSV, with spreadsheet formulas escaped"
    )
    return p


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments with their defaults. ConfigError for contradictory ones."""
    args = _parsed(sys.argv[1:] if argv is None else argv)
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
        raise ConfigError(f"--earlier {lacking} is not a folder. Expected the folder of a corpus.")
    if absent is not None:
        raise ConfigError(f"--file {absent} is not a file.")
    for option, path in (("--html", None if args.html == BESIDE else args.html), ("--flow", args.flow)):
        if path is not None and path.is_dir():
            raise ConfigError(f"{path} is a folder: {option} takes the name of the file to write.")
    args.sample = PAGES if args.sample is None else args.sample
    if args.limit is None:
        args.limit = QUERY_ROWS if args.text is None else TEXT_PAGES
    args.port = PORT if args.port is None else args.port
    return args


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    """With `--serve` as the first word, as from `c4pipe browse`, help shows the options of the viewer only."""
    if list(words[:1]) != ["--serve"]:
        return parser().parse_args(words)
    usual = {action.dest: action.default for action in parser()._actions}
    return viewer_parser().parse_args(words[1:], argparse.Namespace(**usual | {"serve": True}))


# Views that show no sample of pages.
_WITHOUT_PAGES = ("url", "text", "sql", "losses", "domains", "html", "flow", "serve")


def _chosen(args: argparse.Namespace, *names: str) -> str:
    """The first of these options that is given, as typed; "" for none."""
    return next((f"--{name}" for name in names if getattr(args, name) not in (None, False)), "")
