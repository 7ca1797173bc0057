"""The command line of `python -m model.compare`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

import torch

from c4pipe.command import Parser, positive, utf8_path
from model.compare.levels import MODEL_LEVELS
from model.errors import ConfigError
from model.study.arguments import DEFAULT_SEEDS

EPILOG = """\
examples:
  two corpora, on two cores     python -m model.compare out/en out/en.noclean --texts texts.jsonl --out out/compared
  what would it take?           ... --dry-run
  larger models, on a GPU       ... --level small
  corpora of different sizes    ... --equal epochs

--texts has one JSON object per line: domain, document, text. The plan and its cost come first. It writes OUT/scores.csv
(side, seed, lr, domain, document, nats, bytes) and one folder per run into OUT/runs. After an interruption, run the
same command again: finished runs are kept. `python -m c4pipe.compare` starts it and interprets the table.
exit codes: 0 done; 1 a run failed; 2 wrong usage, reported before any work; 130 interrupted; 143 terminated.
"""


def compare_parser() -> Parser:
    """The options."""
    p = Parser("python -m model.compare", "Train equal models on two corpora, and score texts with each.", EPILOG)
    a = p.add_argument
    a("a", type=utf8_path, metavar="A", help="a finished corpus")
    a("b", type=utf8_path, metavar="B", help="another finished corpus")
    a("--texts", type=utf8_path, required=True, metavar="FILE", help="JSON Lines with domain, document and text")
    a(
        "--out",
        type=utf8_path,
        required=True,
        metavar="DIR",
        help="folder of the comparison: a new one, or one to resume",
    )
    a("--level", choices=[*MODEL_LEVELS], default="tiny", help="size of the models (default: tiny, for two cores)")
    a("--seeds", type=positive, default=DEFAULT_SEEDS, metavar="N", help=f"seeds per corpus (default: {DEFAULT_SEEDS})")
    a("--lr", type=float, nargs="+", metavar="X", help="learning rates (default: two, by level)")
    a("--steps", type=positive, metavar="N", help="steps on A; --equal sets those on B (default: by level)")
    a(
        "--equal",
        choices=("bytes", "epochs"),
        default="bytes",
        help="what both sides see equally much of (default: bytes)",
    )
    a("--at-once", type=positive, metavar="N", help="parallel runs (default: one per core, on a GPU 1)")
    a("--dry-run", action="store_true", help="print the plan and its cost; train nothing, write nothing")
    return p


def parse_compare(argv: Sequence[str] | None) -> Namespace:
    """The options by their names. ConfigError for options that cannot work."""
    args = compare_parser().parse_args(argv)
    level = MODEL_LEVELS[args.level]
    args.lr = tuple(args.lr or level.rates)
    args.steps = args.steps or level.steps
    if len({*args.lr}) < len(args.lr):
        raise ConfigError("--lr lists a rate twice: list each once")
    if args.a.resolve() == args.b.resolve():
        raise ConfigError(f"A and B are both {args.a}: name two corpora")
    args.device = "cuda" if torch.cuda.is_available() else "cpu"
    return args
