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
  list the studies              python -m model.study --list
  a study, on two cores         python -m model.study methods --out out/methods
  what would it take?           ... --dry-run
  two arms, five seeds          python -m model.study objectives --out out/o --arms iid,none --seeds 5
  compare corpora               python -m model.study corpora --out out/c --data en=out/en raw=out/en.noclean
  the paper's size, on a GPU    ... --size base --data out/en --tasks glue=glue superglue=superglue squad=squad

It prints the plan and its cost first. It writes results.csv, table.md and picture.svg into OUT, and one folder per run
into OUT/runs. After a crash or a kill, the same command resumes; finished runs are kept.
exit codes: 0 done; 1 a run failed; 2 wrong usage, reported before any work; 130 interrupted; 143 terminated.
"""


def study_parser() -> Parser:
    """The options of `python -m model.study`."""
    p = Parser("python -m model.study", "Repeat a study of the T5 paper at the size you choose.", EPILOG)
    a = p.add_argument
    a("name", nargs="?", type=utf8, metavar="NAME", help=", ".join(STUDIES))
    a("--out", type=utf8_path, metavar="DIR", help="folder of the study: a new one, or one to resume")
    a("--size", choices=[*SCALES], default="tiny", help="tiny, for two cores (default), or base, the paper's settings")
    a("--seeds", type=positive, default=DEFAULT_SEEDS, metavar="N", help=f"seeds per arm (default: {DEFAULT_SEEDS})")
    a("--arms", type=utf8, metavar="A,B", help="run only these arms and the baseline (default: all)")
    a("--data", nargs="+", type=utf8, metavar="[NAME=]DIR", help="a corpus, or several to compare (default: out/c4)")
    a(
        "--verdict",
        nargs="+",
        type=utf8_path,
        default=[],
        metavar="DIR",
        help="results of c4pipe.compare on two of them, to show next to the study's",
    )
    a("--tasks", nargs="+", type=utf8, metavar="NAME=PATH", help="tasks to fine-tune on (default: sample tasks)")
    a("--steps", type=positive, metavar="N", help="pre-training steps; fine-tuning scales along (default: by size)")
    a("--at-once", type=positive, metavar="N", help="parallel runs (default: one per core, on a GPU 1)")
    a("--dry-run", action="store_true", help="print the plan and its cost; train nothing, write nothing")
    a("--list", action="store_true", help="list the studies")
    return p


def parse_study(argv: Sequence[str] | None) -> Namespace:
    """The options by their names; `arms` as names, `device` as runs will use it. ConfigError for options that cannot
    work.
    """
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
