"""Damages runs of the trainer at random, then runs the next command on them: part of `make soak`.

After a flip, a cut or a swap in any file of a run's folder, training, generating or evaluating gives the result of the
intact run, or one line names the file. Training always resumes to the same weights, or ends with one line.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import torch

from tests.model.damage import commands, harm, prepare, verdict
from tests.model.training import write_stories


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=150, metavar="N", help="damages (default: 150)")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), metavar="N")
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(f"seed {args.seed}", flush=True)
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        runs = prepare(write_stories(folder / "c4"), folder)
        for number in range(args.count):
            draw = random.Random(f"{args.seed} {number}")
            run = Path(shutil.copytree(runs.eight, folder / "damaged/run"))
            command, harmed = draw.choice([*commands(runs.data, run)]), harm(run, draw)
            try:
                found[f"{command}: {verdict(runs, run, command, harmed)}"] += 1
            except BaseException:
                print(f"damage {number}: {command} after {[str(path.relative_to(run)) for path in harmed]}")
                raise
            shutil.rmtree(run)
            if number % 10 == 9:
                print(f"{number + 1} damages: {dict(sorted(found.items()))}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
