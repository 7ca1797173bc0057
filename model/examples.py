"""The tasks of a run: prepared once by its first process, read in the stream, answered at evaluations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from model.corpus import Entry
from model.distributed import ProcessGroup
from model.errors import ConfigError
from model.prepared import prepare_task, prepared_entry, read_examples
from model.run import say
from model.scoring import TaskScore, score_examples, write_answers
from model.settings import TrainSettings
from model.source import TextToText
from model.t5 import T5
from model.tasks import Task
from model.tasks.data import TaskData
from model.tasks.naming import parse_apart
from model.tokens import Tokenizer

HELD_OUT = "validation"


class RunTask(NamedTuple):
    """A task with its training and evaluation entries, None if the data have no such split."""

    task: Task
    train: Entry | None
    held_out: Entry | None  # of labelled examples
    files: dict[str, str]  # sha256 of the files read, by name below the path


def rule_for(settings: TrainSettings, task: Task) -> TextToText:
    """How the examples of a task become rows."""
    return replace(settings.task_rule, sentinel=task.sentinel)


def open_run_tasks(settings: TrainSettings, first: bool) -> tuple[RunTask, ...]:
    """The tasks of the settings. The first process prepares them; the others call this when it is done."""
    if not settings.tasks:
        return ()
    tasks, trained = parse_apart(settings.tasks, settings.evaluate)
    return tuple(_opened(data, settings, first, data.name in trained) for data in tasks)


def _opened(data: TaskData, settings: TrainSettings, first: bool, trained: bool) -> RunTask:
    make = prepare_task if first else prepared_entry
    there = [split for split in (("train", HELD_OUT) if trained else (HELD_OUT,)) if split in data.splits]
    if first and HELD_OUT not in there:
        say(f"note: {data.name} has no {HELD_OUT} split: it is trained on but never scored")
    sums = {name: value for split in there for name, value in data.sums(split).items()} if first else {}
    entries = {split: make(data, split, settings.run) for split in there}
    return RunTask(data.task, entries.get("train"), entries.get(HELD_OUT), sums)


def check_targets(settings: TrainSettings, tasks: Sequence[RunTask], tokenizer: Tokenizer) -> None:
    """`check_labels` for the tasks of a run."""
    check_labels(((one.task, rule_for(settings, one.task)) for one in tasks), tokenizer)


def check_labels(tasks: Iterable[tuple[Task, TextToText]], tokenizer: Tokenizer) -> None:
    """ConfigError if a label does not fit into its task's targets: then it would be learned and generated cut off, and
    never be right.
    """
    cut = [
        (tokens, label, task.name, rule.targets_length)
        for task, rule in tasks
        for label, ids in zip(task.format.labels, tokenizer.encode(task.format.labels), strict=True)
        if (tokens := len(ids) + 1 + task.sentinel) > rule.targets_length
    ]
    if cut:
        tokens, label, name, most = max(cut)
        raise ConfigError(
            f"--targets {most}: the label {label!r} of {name} has {tokens} tokens, including eos, and would be cut: "
            f"use --targets {tokens} or more"
        )


def score_run_task(
    one: RunTask, model: T5, tokenizer: Tokenizer, rule: TextToText, most: int, group: ProcessGroup, bf16: bool
) -> list[TaskScore]:
    """The score of a model in eval mode on the first `most` held-out examples, which all processes answer together."""
    if one.held_out is None:
        return []
    examples = read_examples(one.held_out, most)
    own = [example.inputs for example in examples[group.rank :: group.ranks]]
    parts = group.gathered(write_answers(model, tokenizer, own, rule, one.task.beams, bf16))
    written = [parts[number % group.ranks][number // group.ranks] for number in range(len(examples))]
    return score_examples(one.task, HELD_OUT, examples, written)
