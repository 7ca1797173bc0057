"""Repeats a study of the T5 paper: plan and cost first, then its runs, then a table and a picture. See `--help`.

python -m model.study methods --out out/methods
"""

from __future__ import annotations

import json
import shlex
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from c4pipe.shards import to_json
from c4pipe.text import many
from model.command import run_model
from model.disk import check_empty, put
from model.errors import ConfigError
from model.study.arguments import parse_study
from model.study.base import Study
from model.study.catalogue import STUDIES, find_study
from model.study.judging import corpus_verdicts
from model.study.opening import check_runs, chosen_arms, open_setting
from model.study.outcome import STUDY_PICTURE, STUDY_RESULTS, STUDY_TABLE, StudyAtHand, write_outcome
from model.study.planned import with_needs
from model.study.price import measured_speed, plan_text, run_seconds, span
from model.study.running import RUNS, STUDY_LOCK, done_runs, held_folder, run_all, shared_out
from model.study.setting import SCALES

STUDY_TITLE = "study.json"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command. Returns the exit code."""
    return run_model(
        "study",
        lambda: _run(parse_study(argv), sys.argv[1:] if argv is None else argv),
        "interrupted. Run the same command again for the runs that are not done.",
    )


def _run(args: Namespace, words: Sequence[str]) -> int:
    if args.list:
        width = max(map(len, STUDIES))
        print("\n".join(f"{study.name.ljust(width)}  {study.question}" for study in STUDIES.values()))
        return 0
    study = find_study(args.name)
    setting = open_setting(study, SCALES[args.size], args.data or (), args.tasks or (), args.steps)
    verdicts = corpus_verdicts(args.verdict, setting.digests)
    arms = chosen_arms(study, setting, args.arms)
    planned = {(arm.name, seed): arm.runs(setting, seed) for seed in range(args.seeds) for arm in arms}
    runs = with_needs(run for found in planned.values() for run in found)
    check_runs(runs)
    _check_out(args.out, study)
    at_once, threads = shared_out(args.at_once, args.device)
    done = done_runs(args.out, runs)
    smallest = min((run.load for run in runs if run.load.steps), key=lambda load: load.rows * load.inputs)
    speed = measured_speed(smallest, args.device, threads)
    counted = f"{many(len(arms), 'arm')} of {many(args.seeds, 'seed')}, {many(len(runs), 'run')}"
    print(f"{study.name}: {study.question}\n{counted}", flush=True)
    print(plan_text(runs, done, speed, at_once), flush=True)
    if args.dry_run:
        return 0
    began = time.monotonic()
    expected = {run.name: run_seconds(run.load, speed) for run in runs}
    announced = sum(expected[run.name] for run in runs if run.name not in done) / at_once
    command = f"python -m model.study {shlex.join(words)}"
    hand = StudyAtHand(study, setting, arms, args.seeds, planned, command, verdicts)
    with held_folder(args.out) as handed:
        put(args.out / STUDY_TITLE, to_json({"study": study.name}))
        try:
            code = run_all(args.out, runs, expected, at_once, threads, handed)
        finally:  # results so far are reported, whatever ended the rest
            done = done_runs(args.out, runs)
            write_outcome(args.out, hand, done.keys(), args.out / RUNS)
    if code:
        print(
            f"study: stopped; {len(done)} of {many(len(runs), 'run')} done. Run the same command again to resume",
            file=sys.stderr,
        )
        return code
    print(f"{args.out / STUDY_TABLE}, {STUDY_RESULTS} and {STUDY_PICTURE}")
    print(f"it took {span(time.monotonic() - began)}, announced {span(announced)}")
    return 0


def _check_out(out: Path, study: Study) -> None:
    """ConfigError for a folder of another study, or one with files that is not a study's."""
    title = out / STUDY_TITLE
    try:
        there = json.loads(title.read_bytes())["study"] if title.exists() else None
    except (ValueError, KeyError, TypeError):
        there = "?"
    if there not in (None, study.name):
        raise ConfigError(f"--out {out} holds the study {there}: choose another folder")
    if there is None:
        check_empty(out, "--out", "study", (STUDY_LOCK, f".{STUDY_TITLE}.tmp"))


if __name__ == "__main__":
    sys.exit(main())
