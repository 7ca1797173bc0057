"""All measurements of the trainer on a GPU, in at most ten minutes: `make gpu`, or

    python -m bench.gpu [--out out/gpu] [--minutes 10] [--data out/c4] [--only mfu,parity] [--rehearse]

Each section is a separate process with its own time limit; OUT/results.json and OUT/results.md have everything that was
measured, and say what was not. Running the command again measures what is missing. The training comes last, until
minute 8 of 10; with `--only training` it has eight minutes. `--rehearse` does everything at a tiny size on a CPU.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from bench.gpu.cases import FULL, REHEARSAL, Scale
from bench.gpu.machine import device_name
from bench.gpu.sections import (
    SECTIONS,
    TRAINING,
    WHOLE,
    Ended,
    end_section,
    identity,
    measure_apart,
    read_section,
    write_rows,
)
from bench.gpu.told import told
from bench.gpu.training import TrainingError, training
from model.compiling import keep_machine_code_private

MOST_MINUTES = 10.0
TRAINS_UNTIL = 0.8  # of the minutes; the rest is for stopping, saving, and a section that stops slowly
LEAST_TRAINING = 20.0  # seconds: less would only measure the start of Python and a compiler
STARTING = 5.0  # the same for a section, in seconds


def main(argv: Sequence[str] | None = None) -> int:
    began = time.monotonic()
    args = parsed(argv)
    scale = REHEARSAL if args.rehearse else FULL
    if args.section:
        keep_machine_code_private()
        write_rows(SECTIONS[args.section].measure(scale), args.out / f"{args.section}.jsonl")
        return 0
    args.out.mkdir(parents=True, exist_ok=True)
    found = dict(measure_all(args, scale, began))
    made = told(found, device_name(scale), TRAINS_UNTIL * args.minutes)
    (args.out / "results.md").write_text(made, encoding="utf-8")
    whole = {
        "device": device_name(scale),
        "torch": torch.__version__,
        "scale": scale.name,
        "identity": identity(scale),
        "sections": {name: ended._asdict() for name, ended in found.items()},
    }
    (args.out / "results.json").write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    print(made)
    print(f"gpu: {time.monotonic() - began:.0f} s; {args.out / 'results.md'}, results.json", file=sys.stderr)
    return int(any(ended.how.startswith("died") for ended in found.values()))


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments, checked."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(prog="bench.gpu", description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("out/gpu"), help="folder of the results (default: out/gpu)")
    parser.add_argument("--minutes", type=float, default=MOST_MINUTES, help="in all, at most (default: 10)")
    parser.add_argument("--data", type=Path, default=Path("out/c4"), help="corpus to train on (default: out/c4)")
    parser.add_argument("--only", default="", help=f"of {', '.join((*SECTIONS, TRAINING))} (default: all)")
    parser.add_argument("--again", default="", help="sections to measure again although results exist")
    parser.add_argument("--training", default="", help='more options of model.train, such as "--tokenizer DIR"')
    parser.add_argument("--rehearse", action="store_true", help="a tiny size on the CPU: does everything run through?")
    parser.add_argument("--section", choices=SECTIONS, help=argparse.SUPPRESS)  # runs in its own process
    args = parser.parse_args(argv)
    for option in ("only", "again"):
        names = [name for name in getattr(args, option).split(",") if name]
        if unknown := [name for name in names if name not in (*SECTIONS, TRAINING)]:
            parser.error(f"--{option}: no section {unknown[0]!r}, expected {', '.join((*SECTIONS, TRAINING))}")
        setattr(args, option, names)
    if not 0 < args.minutes <= 60:
        parser.error(f"--minutes {args.minutes:g}: expected above 0, and at most 60")
    if not (args.rehearse or torch.cuda.is_available()):
        parser.error("no GPU was found. --rehearse does everything at a tiny size on the CPU.")
    if not args.section and (not args.only or TRAINING in args.only) and not (args.data / "manifest.json").exists():
        parser.error(f"--data {args.data}: no corpus there. `make gpu` builds one of the samples; or --only mfu,parity")
    return args


def measure_all(args: argparse.Namespace, scale: Scale, began: float) -> Iterator[tuple[str, Ended]]:
    """The result of each section, measured now or before."""
    named, stop = identity(scale), began + 60 * TRAINS_UNTIL * args.minutes
    for name in (*SECTIONS, TRAINING):
        file = args.out / f"{name}.jsonl"
        before = None if name in args.again else read_section(file, named)
        left = stop - time.monotonic()
        if (before and before.whole) or (args.only and name not in args.only):
            ended = before or Ended("not asked for", 0.0, [])
        elif left < (LEAST_TRAINING if name == TRAINING else STARTING):
            ended = before or Ended("no time left: the same command measures it", 0.0, [])
        elif name == TRAINING:
            print(f"gpu: {name}, {left:.0f} s", file=sys.stderr, flush=True)
            ended = _train(args, scale, left, file, named)
        else:
            limit = min(left, SECTIONS[name].seconds * args.minutes / MOST_MINUTES)
            print(f"gpu: {name}, at most {limit:.0f} s", file=sys.stderr, flush=True)
            options = ["--rehearse"] * args.rehearse
            ended = measure_apart(name, args.out, limit, options, named)
        yield name, ended


def _train(args: argparse.Namespace, scale: Scale, seconds: float, file: Path, named: str) -> Ended:
    run = args.out / "run"
    shutil.rmtree(run, ignore_errors=True)  # from an earlier call, whose loss belongs to another run
    began = time.monotonic()
    options, log = shlex.split(args.training), args.out / "training.log"
    how = WHOLE
    try:
        write_rows(training(scale, args.data, run, seconds, options, log), file)
    except TrainingError as error:
        how = str(error)
    return end_section(file, how, time.monotonic() - began, named)


if __name__ == "__main__":
    sys.exit(main())
