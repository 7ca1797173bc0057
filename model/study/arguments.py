"""The command line of a study."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

import torch

from c4pipe.command import Parser, positive, refuse_idle, utf8, utf8_path
from model.study.catalogue import STUDIES
from model.study.setting import SCALES

DEFAULT_SEEDS = 3

EPILOG = """\
examples:
  what there is                 python -m model.study --list
  a study, on two cores         python -m model.study methods --out out/methods
  what would it take?           ... --dry-run
  two arms, five seeds          python -m model.study objectives --out out/o --arms iid,none --seeds 5
  corpora beside each other     python -m model.study corpora --out out/c --data en=out/en raw=out/en.noclean
  as the paper, on a GPU        ... --size base --data out/en --tasks glue=glue superglue=superglue squad=squad

It prints the plan and its cost first. It writes results.csv, table.md and picture.svg into OUT, and a folder a run into
OUT/runs. After any death the same command goes on; what is done is not done again.
exit codes: 0 done; 1 a run failed; 2 wrong use, found before any work; 130 interrupted (Ctrl-C); 143 ended (SIGTERM).
"""


def study_parser() -> Parser:
    """The options of `python -m model.study`."""
    p = Parser("python -m model.study", "Repeats a study of the T5 paper, at a size of your own.", EPILOG)
    a = p.add_argument
    a("name", nargs="?", type=utf8, metavar="NAME", help=", ".join(STUDIES))
    a("--out", type=utf8_path, metavar="DIR", help="folder of the study: new, or one to go on with")
    a("--size", choices=[*SCALES], default="tiny", help="tiny, for two cores (default); base, the paper's numbers")
    a("--seeds", type=positive, default=DEFAULT_SEEDS, metavar="N", help=f"of each arm (default: {DEFAULT_SEEDS})")
    a("--arms", type=utf8, metavar="A,B", help="these and the baseline (default: all)")
    a("--data", nargs="+", type=utf8, metavar="[NAME=]DIR", help="a corpus, or several to compare (default: out/c4)")
    a(
        "--verdict",
        nargs="+",
        type=utf8_path,
        default=[],
        metavar="DIR",
        help="what c4pipe.compare found of two of them",
    )
    a("--tasks", nargs="+", type=utf8, metavar="NAME=PATH", help="each is fine-tuned on (default: of the samples)")
    a("--steps", type=positive, metavar="N", help="of pre-training; fine-tuning in proportion (default: by size)")
    a("--at-once", type=positive, metavar="N", help="runs at a time (default: a core each, on a GPU 1)")
    a("--dry-run", action="store_true", help="print the plan and its cost; train nothing, write nothing")
    a("--list", action="store_true", help="print the studies")
    return p


def parse_study(argv: Sequence[str] | None) -> Namespace:
    """The options by their names; `arms` as names, `device` as runs will have it. ConfigError for what cannot work."""
    p = study_parser()
    args = p.parse_args(argv)
    args.given = p.given
    others = sorted(p.given - {"--list", "--help"})
    refuse_idle(p.given, *((option, not args.list, "--list prints the studies alone.") for option in others))
    if not args.list:
        for value, name in ((args.name, f"NAME: {', '.join(STUDIES)}"), (args.out, "--out DIR")):
            if not value:
                p.error(f"expected {name}")
    args.arms = tuple(filter(None, (args.arms or "").split(",")))
    args.device = "cuda" if torch.cuda.is_available() else "cpu"
    return args
