"""Shows all tasks, or the examples of a path as a model sees them.

python -m model.tasks
python -m model.tasks rte=glue/RTE my_tasks:MOOD=mood.tsv
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from itertools import islice

from c4pipe.command import Parser, positive, run_command, utf8
from c4pipe.text import visible
from model.tasks import TASKS, UNLABELLED, Task, Template
from model.tasks.data import TaskData
from model.tasks.naming import parse_tasks

_MOST = 400  # most characters shown of a text
OWN_TASK = """\
A task of your own, in a file my_tasks.py of the current folder:

    from model.tasks import Task, Template
    MOOD = Task(
        "mood", Template("mood: {text}", "{mood}", labels=("sad", "happy")), metrics=("accuracy",), source="my own"
    )

with rows in mood.tsv, whose first line names the columns text and mood (also .csv, .jsonl, .json, .parquet, each alone
or a folder with files of train, validation and test):

    python -m model.tasks my_tasks:MOOD=mood.tsv              its first examples
    python -m model.finetune --init-from out/t5 --run out/mood --tasks my_tasks:MOOD=mood.tsv
    python -m model.score --run out/mood

NAME/WORD=PATH is a task under another name; glue=DIR and superglue=DIR are all tasks that have a folder in DIR."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command. Returns the exit code."""
    return run_command("tasks", lambda: _run(_parsed(argv)), shows=True)


def _parsed(argv: Sequence[str] | None) -> Namespace:
    p = Parser("python -m model.tasks", "List the tasks, or show the first examples of a path as a model sees them.")
    p.add_argument(
        "tasks",
        nargs="*",
        type=utf8,
        metavar="NAME=PATH",
        help="tasks whose examples to show (default: none, list all tasks)",
    )
    p.add_argument("--examples", type=positive, default=3, metavar="N", help="examples per split (default: 3)")
    return p.parse_args(argv)


def _run(args: Namespace) -> int:
    if not args.tasks:
        print(f"{tasks_table()}\n\n{OWN_TASK}")
        return 0
    for data in parse_tasks(args.tasks):
        for line in _shown(data, args.examples):
            print(line)
    return 0


def tasks_table() -> str:
    """All tasks, grouped under the source of their strings, labels, lengths and metrics."""
    head = ("name", "metrics", "tokens", "labels", "inputs")
    shown = [task for name, task in TASKS.items() if "/" not in name]
    widths = [max(map(len, column)) for column in list(zip(head, *map(_row, shown), strict=True))[:-1]]
    lines = []
    for source in dict.fromkeys(task.source for task in shown):
        rows = [head, *(_row(task) for task in shown if task.source == source)]
        aligned = ("  ".join(("", *map(str.ljust, row[:-1], widths), row[-1])) for row in rows)
        lines += [f"from {source}", *(line.rstrip() for line in aligned), ""]
    return "\n".join([*lines, f"in one language: {', '.join(name for name in TASKS if '/' in name)}"])


def _row(task: Task) -> tuple[str, ...]:
    form = task.format
    inputs = form.inputs if isinstance(form, Template) else f"of columns {', '.join(form.columns)}"
    beams = f", {task.beams} beams" if task.beams > 1 else ""
    tokens = f"{task.lengths.inputs}, {task.lengths.targets}{beams}"
    return task.name, " ".join(task.metrics), tokens, " ".join(form.labels) or "-", inputs


def _shown(data: TaskData, count: int) -> Iterator[str]:
    for split in data.splits:
        files = ", ".join(f"{name} (sha256 {value[:12]}…)" for name, value in data.sums(split).items())
        yield f"{data.name}, {split}: {files}"
        for example in islice(data.examples(split), count):
            yield f"  inputs   {_cut(example.inputs)}"
            yield f"  targets  {'(no label)' if example.targets == UNLABELLED else _cut(example.targets)}"
            if example.answer not in (None, example.targets):
                yield f"  answer   {_cut(str(example.answer))}"


def _cut(text: str) -> str:
    line = visible(text)
    return line if len(line) <= _MOST else f"{line[:_MOST]}... ({len(text):,} characters)"


if __name__ == "__main__":
    sys.exit(main())
