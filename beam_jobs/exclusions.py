"""Options on which pages may be used at all: the rules they add to presets, and the files that these read."""

from __future__ import annotations

import argparse
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from c4pipe.command import Parser, refuse_idle, utf8
from c4pipe.errors import ConfigError
from c4pipe.files.assets import Assets
from c4pipe.files.exclusion_lists import find_lists, unused_patterns
from c4pipe.presets import with_exclusions
from c4pipe.robots import gather_robots
from c4pipe.rules import NotExcluded, RobotsAllow
from c4pipe.rules.robots import AGENT_BY_DEFAULT
from c4pipe.scratch import lasting_scratch
from c4pipe.stages import Preset
from c4pipe.text import many
from c4pipe.text.robots import PRODUCT_TOKEN


def add_exclusions(parser: Parser) -> None:
    """The options."""
    parser.add_argument(
        "--exclude",
        nargs="+",
        type=utf8,
        default=[],
        metavar="FILE",
        help="lists of pages to drop, one entry per line: a domain and its subdomains (example.com), a URL "
        "(https://example.com/page), a URL prefix (example.com/blog/*) or a hosts-file line (0.0.0.0 example.com); "
        "after a line [words], words in URLs; after [soft words], words of which two must match; # starts a comment. "
        "Or a folder of categories (UT1) that holds files named domains and urls",
    )

    parser.add_argument(
        "--robots",
        type=utf8,
        metavar="DIR",
        help="drop what robots.txt disallows: a folder with HOST.txt or HOST/robots.txt files, or with Common "
        "Crawl's robotstxt WARC files; or the lists/robots file of an earlier corpus",
    )
    parser.add_argument(
        "--robots-agent",
        type=_agent,
        default=AGENT_BY_DEFAULT,
        metavar="NAME",
        help=f"user agent to look up in robots.txt (default: {AGENT_BY_DEFAULT}, Common Crawl's crawler)",
    )


def _agent(text: str) -> str:
    if not PRODUCT_TOKEN.fullmatch(text):
        raise argparse.ArgumentTypeError(f"expected a name of letters, digits, - and _, such as CCBot, got {text!r}")
    return text


def with_options(preset: Preset, args: Namespace) -> Preset:
    """The preset with the rules that the options add. ConfigError for an option without effect."""
    refuse_idle(
        args.given, ("--robots-agent", args.robots, "it is the user agent looked up in --robots. Add --robots DIR.")
    )
    listed = [NotExcluded()] if args.exclude else []
    robots = [RobotsAllow(args.robots_agent)] if args.robots else []
    return with_exclusions(preset, *listed, *robots)


def agent_asked(args: Namespace) -> dict[str, str]:
    """The agent as an option that repeats it, unless it is the default."""
    return {"robots_agent": args.robots_agent} if args.robots and args.robots_agent != AGENT_BY_DEFAULT else {}


def with_files(assets: Assets, args: Namespace) -> tuple[Assets, list[str]]:
    """The assets with the files that the options name, and notes on them, one line each.

    The rules of robots.txt files for the agent are collected now, into a file that exists as long as this process.
    ConfigError for an invalid file.
    """
    told = []
    if args.exclude:
        assets = replace(assets, exclude=tuple(find_lists(args.exclude)))
    if patterns := unused_patterns(args.exclude):
        told.append(f"note: files of patterns are ignored: {len(patterns)}, such as {patterns[0]}")
    if args.robots is None:
        return assets, told
    given = Path(args.robots)
    if not given.exists():
        raise ConfigError(f"--robots {args.robots} does not exist: expected a folder of robots.txt files.")
    if given.is_file():
        return replace(assets, robots=given.absolute()), told
    target = lasting_scratch("robots") / f"{args.robots_agent}.jsonl"
    counts = gather_robots(given, args.robots_agent, target)
    told.append(
        f"robots.txt of {many(counts.hosts, 'host')}: {counts.forbidding:,} disallow something for {args.robots_agent}"
    )
    if counts.unreadable:
        told.append(f"note: {many(counts.unreadable, 'record')} in --robots {args.robots} could not be read")
    assets = replace(assets, robots=target)
    # The folder is local, and machines of a Dask cluster may have others.
    return assets.carrying([target]) if args.runner == "DaskRunner" else assets, told
