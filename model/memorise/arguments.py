"""The command line of the memorisation laboratory."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import torch

from c4pipe.command import Parser, count, positive, refuse_idle, utf8_path, whole
from model.distributed import find_device
from model.errors import ConfigError
from model.memorise.asking import LONGEST_CONTINUATION
from model.ranges import INT32

EACH = 200

EPILOG = """\
examples:
  what a model remembers        python -m model.memorise --run out/t5 --data out/c4
  beside an untrained control   python -m model.memorise --run out/t5 --data out/c4 --control out/other
  with and without dedup        python -m model.memorise --run out/raw out/deduped --data out/raw-c4 out/c4
  by counts in the crawl        python -m c4pipe.passages out/c4 --crawl --out crawl.parquet
                                python -m model.memorise --run out/t5 --data out/c4 --counts crawl.parquet
  sample freely, then search    python -m model.memorise --run out/lm --data out/c4 --samples 200 --smaller out/small
  what would it take?           ... --dry-run

It prints what it asks, and for how long, first. It writes asked.csv, curve.csv, curve.svg and memorise.md into OUT, and
samples.csv with --samples; personal data in them is masked. Run the same command again for what is not asked yet.
exit codes: 0 done; 1 it failed; 2 wrong usage, reported before any work; 130 interrupted
"""


def memorise_parser() -> Parser:
    """The options of `python -m model.memorise`."""
    p = Parser(
        "python -m model.memorise", "Measure how many passages of its corpus a trained model can reproduce.", EPILOG
    )
    a = p.add_argument
    a("--run", nargs="+", type=utf8_path, required=True, metavar="RUN", help="folders of runs, one per arm")
    a("--data", nargs="+", type=utf8_path, required=True, metavar="DIR", help="the corpus that each run was trained on")
    a(
        "--out",
        type=utf8_path,
        metavar="DIR",
        help="a new folder, or one to resume (default: RUN-memorise, by the first run)",
    )
    a("--control", type=utf8_path, metavar="RUN", help="a run trained on other data, tested in the same way")
    a(
        "--counts",
        type=utf8_path,
        metavar="FILE",
        help="passages written by `c4pipe.passages` (default: counted in the first corpus)",
    )
    a(
        "--level",
        metavar="NAME",
        help="unit of a passage: lines, spans or windows (default: that of the corpus's dedup)",
    )
    a("--each", type=positive, default=EACH, metavar="N", help=f"passages per bucket of counts (default: {EACH})")
    a(
        "--tokens",
        type=whole(1, INT32),
        default=LONGEST_CONTINUATION,
        metavar="K",
        help="tokens that a language model must continue with, at most half of the passage "
        f"(default: {LONGEST_CONTINUATION})",
    )
    a("--samples", type=count, default=0, metavar="N", help="texts to sample from a language model (default: 0)")
    a(
        "--sample-tokens",
        type=whole(2, 4096),
        default=128,
        metavar="N",
        help="length of each sample, at most (default: 128)",
    )
    a("--smaller", type=utf8_path, metavar="RUN", help="a smaller model to rank the samples against")
    a("--seed", type=whole(0, INT32), default=0, metavar="N", help="seed of the samples (default: 0)")
    a("--device", default="cuda" if torch.cuda.is_available() else "cpu", metavar="NAME")
    a("--dry-run", action="store_true", help="print what would be asked and how long it takes; ask nothing")
    return p


def parse_memorise(argv: Sequence[str] | None) -> Namespace:
    """The options by their names. ConfigError for options that cannot work."""
    p = memorise_parser()
    args = p.parse_args(argv)
    if len(args.data) not in (1, len(args.run)):
        raise ConfigError(
            f"--data: expected a corpus for each of the {len(args.run)} runs, or one for all, got {len(args.data)}"
        )
    args.data = args.data * len(args.run) if len(args.data) == 1 else args.data
    if len({one.resolve() for one in (*args.run, *filter(None, [args.control]))}) <= len(args.run) - (not args.control):
        raise ConfigError("--run and --control: a run is listed twice. Leave one of them out.")
    drawing = ((option, args.samples, "it applies to samples. Add --samples.") for option in _OF_SAMPLES)
    of_counts = (
        (option, args.counts is None, "the file of --counts sets it. Leave it out.") for option in ("--level",)
    )
    refuse_idle(p.given, *drawing, *of_counts)
    find_device(args.device)
    args.out = args.out or Path(f"{args.run[0]}-memorise")
    return args


_OF_SAMPLES = ("--sample-tokens", "--smaller", "--seed")
