"""Trains equal models on two corpora, and scores texts with each. See `--help`."""

from __future__ import annotations

import csv
import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path

from c4pipe.shards import sha256_of
from model.command import run_model
from model.compare.arguments import parse_compare
from model.compare.levels import MODEL_LEVELS
from model.compare.planning import SIDES, ComparedSide, Comparing, steps_of
from model.corpus import find_entries
from model.disk import put
from model.errors import ConfigError
from model.likelihood import read_texts
from model.study.opening import check_runs
from model.study.planned import PlannedRun, with_needs
from model.study.price import measured_speed, plan_text, run_seconds
from model.study.running import RECORD, RUNS, done_runs, held_folder, run_all, shared_out
from model.table import as_csv, head
from model.tokens import Tokenizer

COMPARED_SCORES = "scores.csv"
COMPARED_COLUMNS = ("side", "seed", "lr", "domain", "document", "nats", "bytes")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command. Returns the exit code."""
    again = "interrupted. Run the same command again for the runs that are not done."
    return run_model("compare", lambda: _run(parse_compare(argv)), again)


def _run(args: Namespace) -> int:
    comparing = _open(args)
    if os.path.lexists(args.out / COMPARED_SCORES) and not (args.out / RECORD).is_file():
        raise ConfigError(
            f"{args.out / COMPARED_SCORES} exists and was not written by a comparison: choose another --out"
        )
    at_once, threads = shared_out(args.at_once, args.device)
    planned = [run for *_, run in comparing.models((args.steps, args.steps))]
    runs = with_needs(planned)  # except that the vocabulary may change B's steps slightly
    check_runs(runs)
    speed = measured_speed(runs[-1].load, args.device, threads)
    done = done_runs(args.out, runs)
    print(f"{args.a} and {args.b}, {args.level}: {comparing.seeds} seeds, rates {', '.join(map(str, args.lr))}")
    print(plan_text(runs, done, speed, at_once), flush=True)
    if args.dry_run:
        return 0
    with held_folder(args.out) as handed:

        def ran(wanted: Sequence[PlannedRun]) -> int:
            expected = {run.name: run_seconds(run.load, speed) for run in wanted}
            return run_all(args.out, wanted, expected, at_once, threads, handed)

        vocabulary = comparing.vocabulary()
        if code := ran([vocabulary]):
            return code
        tokenizer = Tokenizer.load(args.out / RUNS / vocabulary.name / "tokenizer")
        steps = steps_of(comparing.sides, args.steps, args.equal, tokenizer)
        models = list(comparing.models(steps))
        print(f"equal {args.equal} on both sides: {steps[0]:,} steps of A, {steps[1]:,} of B", flush=True)
        if code := ran(with_needs(run for *_, run in models)):
            return code
        rows = ((side.name, seed, rate, run) for side, seed, rate, run in models)
        put(args.out / COMPARED_SCORES, head(COMPARED_COLUMNS) + as_csv(_rows(rows, args.out / RUNS)))
    print(args.out / COMPARED_SCORES)
    return 0


def _open(args: Namespace) -> Comparing:
    """Opens corpora and texts. ConfigError if they are not valid."""
    read_texts(args.texts)
    sides = []
    for name, folder in zip(SIDES, (args.a, args.b), strict=True):
        find_entries([folder], "train")
        sides.append(ComparedSide(name, folder, sha256_of(folder / "manifest.json")))
    first, second = sides
    level = MODEL_LEVELS[args.level]
    return Comparing(level, args.steps, args.lr, args.seeds, (first, second), args.texts, *_sized(args.texts))


def _sized(texts: Path) -> tuple[str, int]:
    return sha256_of(texts), texts.stat().st_size


def _rows(models: Iterable[tuple[str, int, float, PlannedRun]], runs: Path) -> Iterable[Sequence[object]]:
    for side, seed, rate, run in models:
        with run.result(runs).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield side, seed, rate, row["domain"], row["document"], row["nats"], row["bytes"]


if __name__ == "__main__":
    sys.exit(main())
