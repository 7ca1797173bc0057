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
  as mT5 samples its languages    python -m beam_jobs.rebalance --corpus out/mc4 --output out/mixed --alpha 0.3
  a million documents of two      ... --languages de,ko --documents 1000000 --max-epochs 2
  two corpora, a language each    ... --corpus web=out/c4 --corpus books=out/books --mixture examples --limit 100000

exit codes: 0 done; 1 it failed; 2 wrong use, found before any work; 130 interrupted (Ctrl-C); 143 ended (SIGTERM).
After any death the same command goes on from what is finished.  Options of Apache Beam are passed on to it.
"""


def parser() -> Parser:
    """The options of the job itself."""
    p = Parser(
        prog="python -m beam_jobs.rebalance",
        description="Mixes the languages of finished corpora, or whole corpora, at the rates of a formula.",
        epilog=EPILOG,
    )
    a = p.add_argument
    a(
        "--corpus",
        action="append",
        type=utf8,
        required=True,
        metavar="[NAME=]DIR",
        help="a finished corpus, its languages to be mixed; with a name it is mixed as one. May be given again",
    )
    a("--output", type=utf8, required=True, metavar="DIR", help="folder of the mixture; local, gs:// or s3://")
    a("--mixture", default="temperature", metavar="KIND", help=f"{', '.join(KINDS)} (default: temperature)")
    a("--alpha", type=float, metavar="A", help="rates as the counts to the power of A (default: 0.3, mT5's)")
    a("--temperature", type=float, metavar="T", help="the same as --alpha 1/T")
    a("--limit", type=positive, metavar="K", help="documents that an entry counts for at most")
    a(
        "--documents",
        type=positive,
        metavar="N",
        help="documents to write for training (default: as many as there are)",
    )
    a(
        "--max-epochs",
        type=positive,
        default=MAX_EPOCHS,
        metavar="E",
        help=f"times that a document is written at most (default: {MAX_EPOCHS})",
    )
    a("--seed", type=count, default=0, metavar="S", help="another number draws in another order (default: 0)")
    a(
        "--languages",
        type=_languages,
        default=[],
        metavar="L,L",
        help="only these folders of the corpora, such as de,ko (default: all but und)",
    )
    a("--shards", type=shards, default=None, metavar="N", help="train files (default: auto, 256 MB each)")
    output_format(a)
    a(
        "--runner",
        default="DirectRunner",
        help="DirectRunner (this machine, the default), DaskRunner, DataflowRunner, PortableRunner",
    )
    a("--workers", type=positive, metavar="N", help="processes on this machine (default: by cores and input)")
    a("--overwrite", action="store_true", help="replace the mixture in the output folder, once the new one is whole")
    return p


def _languages(text: str) -> list[str]:
    names = sorted({name.strip() for name in text.split(",") if name.strip()})
    if not names:
        raise argparse.ArgumentTypeError(f"expected names of folders such as de,ko, got {text!r}")
    return names


def parse(argv: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    """(our arguments, Beam's). ConfigError for an option that neither knows."""
    return parse_with(parser(), argv)
