"""Scores a T5 on tasks by the text it generates, next to the score of the most frequent answer. See `--help`.

    python -m model.score --run out/rte

folders --scored_models--> Trained --scoring--> answers --scorebook, predictions--> files, and a table
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from c4pipe.languages.codes import MC4, canonical
from model.command import run_model
from model.disk import check_empty
from model.distributed import find_device
from model.errors import ConfigError
from model.examples import HELD_OUT, check_labels
from model.predictions import PREDICTIONS, record_predictions
from model.run import BEST, read_settings, say
from model.score_arguments import EVERY, parse_score
from model.scorebook import (
    SCORES_FILE,
    WRITTEN_ANSWERS,
    ScoredTask,
    beside,
    is_scored,
    record_scores,
    record_written,
    scores_shown,
)
from model.scored_models import (
    BEST_OF_EACH,
    Trained,
    best_checkpoints,
    first_data,
    holds_run,
    is_checkpoint_of,
    model_folder,
    open_models,
    tokenizer_of,
)
from model.scoring import TaskScore, score_examples, write_answers
from model.settings import TrainSettings
from model.shelf import FOLDER
from model.source import TextToText
from model.tasks import Task, TaskExample
from model.tasks.data import TaskData
from model.tasks.illegal import context_of, illegal_answers
from model.tasks.naming import parse_tasks
from model.tasks.reading import Extractive, Pages

ENSEMBLE = "ensemble"  # folder for its results in a run's folder


class ScorePlan(NamedTuple):
    """What is scored, with which models; made before any is loaded."""

    data: TaskData
    splits: Sequence[str]
    rule: TextToText
    folders: tuple[Path, ...]  # folders of the models


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command. Returns the exit code."""
    return run_model("score", lambda: _run(parse_score(argv)), shows=True)


def _run(args: Namespace) -> int:
    plans = _plans(args)
    output = _output(args, plans)
    scored: list[ScoredTask] = []
    for folders in dict.fromkeys(plan.folders for plan in plans):
        trained = open_models(folders, find_device(args.device))
        say(f"scoring {' and '.join(map(str, folders))}")
        for plan in plans:
            if plan.folders == folders:
                scored += [_score(args, output, plan, split, trained) for split in plan.splits]
    if table := scores_shown(scored):
        print(table)
    return 0


def _plans(args: Namespace) -> list[ScorePlan]:
    """The plans. ConfigError if something cannot be scored."""
    if args.ensemble and args.checkpoint and args.checkpoint != BEST_OF_EACH:
        raise ConfigError(
            "--checkpoint names one model, but --ensemble needs several: give the checkpoint's folder as --run"
        )
    settings = read_settings(args.run) if holds_run(args.run) else None
    members = [args.run, *(args.ensemble or ())]
    plans = []
    for data in _with_all(args, members, _tasks(args, settings)):
        folders = tuple(model_folder(folder, args.checkpoint, data.name) for folder in members)
        resolved = [folder.resolve() for folder in folders]
        if twice := [folder for number, folder in enumerate(folders) if resolved[number] in resolved[:number]]:
            raise ConfigError(
                f"--ensemble: {twice[0]} is listed twice, since --run counts as the first: list each model once"
            )
        splits = _splits(data, args.split)
        _check_data(args.run if settings else None, data, splits)
        plans.append(ScorePlan(data, splits, _rule(data.task, args, settings), folders))
    for folder in dict.fromkeys(plan.folders[0] for plan in plans):
        check_labels(((one.data.task, one.rule) for one in plans if one.folders[0] == folder), tokenizer_of(folder))
    return plans


def _tasks(args: Namespace, settings: TrainSettings | None) -> Sequence[TaskData]:
    if args.tasks:
        return parse_tasks(args.tasks)
    words = settings.scored_tasks if settings else ()
    if not words:
        raise ConfigError(f"--run {args.run} was not fine-tuned on tasks: name some with --tasks NAME=PATH")
    for word in words:
        path = Path(word.partition("=")[2])
        if not path.is_absolute() and not path.exists():
            raise ConfigError(
                f"{path} does not exist relative to {Path.cwd()}: --run {args.run} was fine-tuned on --tasks {word} "
                "from another folder. Change to that folder, or name the data with --tasks NAME=PATH"
            )
    return parse_tasks(words)


def _with_all(args: Namespace, members: Sequence[Path], asked: Sequence[TaskData]) -> list[TaskData]:
    """The tasks that have the requested split and best checkpoint; the others are named. ConfigError if no task has."""
    bests = {}
    if args.checkpoint == BEST_OF_EACH:
        bests = {folder: best_checkpoints(folder) for folder in members if holds_run(folder)}
    lacking: dict[str, str] = {}
    for data in asked:
        if not _splits(data, args.split):
            there = ", ".join(data.splits)
            lacking[data.name] = f"--split {args.split}: {data.path} has no such files of {data.name}, only {there}"
        for folder, named in bests.items():
            if data.name not in named:
                lacking[data.name] = f"--checkpoint best: {folder / BEST} has no {data.name}, only {', '.join(named)}"
    if len(lacking) == len(asked):
        raise ConfigError(f"{'; '.join(lacking.values())}: name others with --tasks, or leave the option out")
    for fault in lacking.values():
        say(f"note: {fault}: the task is skipped")
    return [data for data in asked if data.name not in lacking]


def _check_data(run: Path | None, data: TaskData, splits: Sequence[str]) -> None:
    """ConfigError for a file that differs from SHA256SUMS. Data that differ from the run's are reported."""
    for split in splits:
        sums = data.sums(split)
        before = first_data(run, data.name, split) if run else set()
        if before and not before.issuperset(sums.values()):
            changed = ", ".join(name for name, value in sums.items() if value not in before)
            say(f"note: {data.path}: {changed} of {data.name} is not what {run} was trained and scored on")


def _output(args: Namespace, plans: Sequence[ScorePlan]) -> Path:
    """The folder of the results, created. ConfigError if they would be mistaken for those of an unrelated run, or mixed
    with files that no scoring wrote.
    """
    if args.output is None and not holds_run(args.run):
        raise ConfigError(f"--run {args.run} is not a run, so results need another folder: give --output")
    output: Path = args.output or (args.run / ENSEMBLE if args.ensemble else args.run)
    foreign = [plan.folders for plan in plans if len(plan.folders) > 1 or not is_checkpoint_of(output, *plan.folders)]
    if foreign and (output / FOLDER).is_dir():
        raise ConfigError(
            f"{' and '.join(map(str, foreign[0]))}: not a checkpoint of {output}, and its scores would be mistaken for "
            "that run's: give another folder as --output"
        )
    if foreign and not is_scored(output):
        check_empty(output, "--output", "scoring", (f".{SCORES_FILE}.tmp",))
    for name in (WRITTEN_ANSWERS, PREDICTIONS):
        if os.path.lexists(output / name) and not (output / name).is_dir():
            raise ConfigError(f"{output / name} is not a folder: choose another one by --output, or move it")
    try:
        output.mkdir(parents=True, exist_ok=True)
        record_scores(output, 0, ())  # marks the folder as ours
    except OSError as error:
        raise ConfigError(f"{output} cannot be made ({error.strerror}): give another folder as --output") from None
    return output


def _splits(data: TaskData, asked: str | None) -> Sequence[str]:
    """The splits to score; empty if the data lack the requested one."""
    there = [*data.splits]
    if asked == EVERY or (asked is None and HELD_OUT not in there):
        return there
    return [split for split in there if split == (asked or HELD_OUT)]


def _rule(task: Task, args: Namespace, settings: TrainSettings | None) -> TextToText:
    tuned = settings if settings and settings.tasks else None
    inputs = args.inputs or (tuned.inputs if tuned else task.lengths.inputs)
    targets = args.targets or (tuned.targets if tuned else None) or task.lengths.targets
    return TextToText(inputs, targets, sentinel=task.sentinel)


def _score(args: Namespace, output: Path, plan: ScorePlan, split: str, trained: Trained) -> ScoredTask:
    """Answers a split, and writes the results."""
    data, name = plan.data, plan.data.name
    asked = [*islice(data.examples_by_row(split, training=False), args.examples)]
    if not asked:
        raise ConfigError(f"{name} has no example in {', '.join(map(str, data.splits[split]))}")
    examples = [one.example for one in asked]
    beams = args.beams or data.task.beams
    texts = [example.inputs for example in examples]
    written = write_answers(trained.model, trained.tokenizer, texts, plan.rule, beams, args.precision == "bf16")
    record_written(output, name, split, examples, written)
    if all(example.answer is None for example in examples):
        path, wrong = record_predictions(output, data, split, asked, written)
        strange = f", {wrong:,} of them not a label and written as the first one" if wrong else ""
        say(f"{name} has no labels in {split}: {len(asked):,} answers in {path}{strange}")
        scores = []
    else:
        scores = score_examples(data.task, split, examples, written)
    legal = [TaskScore(name, split, *pair, len(examples)) for pair in _legality(data.task, examples, written).items()]
    record_scores(output, trained.step, [*scores, *legal])
    return ScoredTask([*scores, *legal], *beside(data.task, examples))


def _legality(task: Task, examples: Sequence[TaskExample], written: Sequence[str]) -> dict[str, float]:
    """The shares of illegal answers, see `illegal_answers`, if answers must be spans of their contexts."""
    if not isinstance(task.format, Extractive | Pages):
        return {}
    code = canonical(task.name.partition("/")[2])
    pairs = [(context_of(one.inputs), task.read(text, one)) for one, text in zip(examples, written, strict=True)]
    contexts, predictions = zip(*pairs, strict=True)
    return illegal_answers(contexts, predictions, code if code in MC4 else "")


if __name__ == "__main__":
    sys.exit(main())
