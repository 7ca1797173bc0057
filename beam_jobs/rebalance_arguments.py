"""The command line of rebalance."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from beam_jobs.arguments import parse_with, shards
from beam_jobs.formats import output_format
from c4pipe.command import Parser, count, positive, utf8
from c4pipe.mixture import KINDS, MAX_EPOCHS

EPILOG = """\
examples:
  sample languages as mT5 does    python -m beam_jobs.rebalance --corpus out/mc4 --output out/mixed --alpha 0.3
  a million documents of two      ... --languages de,ko --documents 1000000 --max-epochs 2
  two corpora, by size            ... --corpus web=out/c4 --corpus books=out/books --mixture examples --limit 100000

exit codes: 0 done; 1 failed; 2 wrong usage, reported before any work; 130 interrupted (Ctrl-C); 143 terminated
(SIGTERM). After a crash or a kill, run the same command again: it resumes from what is finished. Apache Beam's own
options are passed on to it.
"""


def parser() -> Parser:
    """The options of the job itself."""
    p = Parser(
        prog="python -m beam_jobs.rebalance",
        description="Mix the languages of finished corpora, or whole corpora, at rates given by a formula.",
        epilog=EPILOG,
    )
    a = p.add_argument
    a(
        "--corpus",
        action="append",
        type=utf8,
        required=True,
        metavar="[NAME=]DIR",
        help="a finished corpus whose languages to mix; with NAME= it is mixed as one entry. May be repeated",
    )
    a("--output", type=utf8, required=True, metavar="DIR", help="folder for the mixture: local, gs:// or s3://")
    a("--mixture", default="temperature", metavar="KIND", help=f"{', '.join(KINDS)} (default: temperature)")
    a(
        "--alpha",
        type=float,
        metavar="A",
        help="rates proportional to document counts to the power A (default: 0.3, as mT5)",
    )
    a("--temperature", type=float, metavar="T", help="the same as --alpha 1/T")
    a("--limit", type=positive, metavar="K", help="with examples: cap each entry's count at K documents")
    a(
        "--documents",
        type=positive,
        metavar="N",
        help="training documents to write (default: as many as the corpora have)",
    )
    a(
        "--max-epochs",
        type=positive,
        default=MAX_EPOCHS,
        metavar="E",
        help=f"write a document at most E times (default: {MAX_EPOCHS})",
    )
    a("--seed", type=count, default=0, metavar="S", help="seed of the order of documents (default: 0)")
    a(
        "--languages",
        type=_languages,
        default=[],
        metavar="L,L",
        help="only these configs of the corpora, such as de,ko (default: all but und)",
    )
    a("--shards", type=shards, default=None, metavar="N", help="train shards (default: auto, 256 MB each)")
    output_format(a)
    a(
        "--runner",
        default="DirectRunner",
        help="DirectRunner (this machine, the default), DaskRunner, DataflowRunner, PortableRunner",
    )
    a("--workers", type=positive, metavar="N", help="processes on this machine (default: chosen by cores and input)")
    a("--overwrite", action="store_true", help="replace the mixture in the output folder once the new one is complete")
    return p


def _languages(text: str) -> list[str]:
    names = sorted({name.strip() for name in text.split(",") if name.strip()})
    if not names:
        raise argparse.ArgumentTypeError(f"expected names of folders such as de,ko, got {text!r}")
    return names


def parse(argv: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    """(our arguments, Beam's). ConfigError for an option that neither has."""
    return parse_with(parser(), argv)
