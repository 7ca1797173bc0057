"""The command line of scoring: arguments -> checked values."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

import torch

from c4pipe.command import Parser, utf8, utf8_path, whole
from model.arguments import MOST_BEAMS
from model.distributed import find_device
from model.ranges import INT32
from model.tasks import TASK_SPLITS

EVERY = "all"  # used like a split

EPILOG = """\
examples:
  a fine-tuned run              python -m model.score --run out/rte
  each task's best checkpoint   ... --run out/glue --checkpoint best
  the test sets                 ... --run out/rte --split test
  other tasks, no training      ... --run out/t5 --tasks sst2=glue/SST-2 --targets 8
  a T5 from the Hub             ... --run FOLDER --output out/scores --tasks rte=glue/RTE
  four models as one            ... --run out/a --ensemble out/b out/c out/d

It writes scores.csv, written/TASK.jsonl and, of splits without labels, predictions/TASK into the folder of the run; of
an ensemble into RUN/ensemble. Rows of scores.csv with the same step, task, split and metric are replaced, but not by
scores of fewer examples. Files that no scoring wrote, and answers to more examples, are kept as NAME.old.
exit codes: 0 done; 1 the scoring failed; 2 wrong usage, found before any answer; 130 interrupted (Ctrl-C).
"""


def score_parser() -> Parser:
    """The options of `python -m model.score`."""
    p = Parser("python -m model.score", "Score a T5 on tasks by the text it generates.", EPILOG)
    a, count = p.add_argument, whole(1, INT32)
    a("--run", type=utf8_path, required=True, metavar="DIR", help="a run, a checkpoint, or a T5 from the Hub")
    a("--tasks", nargs="+", type=utf8, metavar="NAME=PATH", help="see `python -m model.tasks` (default: the run's)")
    a(
        "--checkpoint",
        type=utf8,
        metavar="DIR",
        help="a checkpoint, or best: each task's best (default: the newest good one)",
    )
    a("--ensemble", nargs="+", type=utf8_path, metavar="DIR", help="further models; logits are averaged over all")
    a(
        "--split",
        metavar="NAME",
        choices=(*TASK_SPLITS, EVERY),
        help="split to score (default: validation, else those available)",
    )
    a("--examples", type=count, metavar="N", help="the first N of each split (default: all)")
    a("--beams", type=whole(1, MOST_BEAMS), metavar="N", help="beam width; 1 is greedy (default: the task's own)")
    a(
        "--inputs",
        type=count,
        metavar="N",
        help="input length in tokens (default: the run's, or the task's if the run had none)",
    )
    a("--targets", type=count, metavar="N", help="target length in tokens (default: likewise)")
    a("--output", type=utf8_path, metavar="DIR", help="folder for the results (default: the run's)")
    a("--device", default="cuda" if torch.cuda.is_available() else "cpu", metavar="NAME")
    a("--precision", choices=("fp32", "bf16"), default="fp32", help="(default: fp32)")
    return p


def parse_score(argv: Sequence[str] | None) -> Namespace:
    """The options by their names. ConfigError for options that cannot work."""
    args = score_parser().parse_args(argv)
    find_device(args.device)
    return args
