"""Fine-tunes a T5 on text-to-text tasks, or trains one on tasks and text together. See `--help`.

    python -m model.finetune --init-from out/t5 --run out/rte --tasks rte=glue/RTE

It is the loop of `model.train` over another stream: pairs from tasks, optionally with texts of corpora.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import torch

from model.command import run_model
from model.finetune_arguments import complete_finetuning, finetune_parser
from model.train import run_training


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command. Returns the exit code."""
    return run_model(
        "finetune",
        lambda: _run(argv),
        "interrupted. Run the same command again to resume from the newest checkpoint, if there is one.",
    )


def _run(argv: Sequence[str] | None) -> int:
    given = vars(finetune_parser().parse_args(argv))
    dry = bool(given.pop("dry_run", False))
    return run_training(complete_finetuning(given, torch.cuda.is_available(), os.cpu_count() or 1), dry)


if __name__ == "__main__":
    sys.exit(main())
