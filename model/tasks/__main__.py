"""Looks at tasks and their data before a run does.

python -m model.tasks                      # every task: what it reads, its metrics, its lengths
python -m model.tasks rte=glue/RTE         # the files of its splits, their sha256 and first examples
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import islice

from c4pipe.command import Parser, run_command, utf8
from c4pipe.text import visible
from model.tasks import TASKS
from model.tasks.data import TaskData
from model.tasks.naming import parse_tasks

EXAMPLES = 2  # of each split that are shown


def main(argv: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    parser = Parser(prog="python -m model.tasks", description="Looks at tasks and their data before a run does.")
    parser.add_argument("tasks", nargs="*", type=utf8, metavar="NAME=PATH", help="without: every task")
    return run_command("tasks", lambda: _shown(parser.parse_args(argv).tasks), shows=True)


def _shown(words: Sequence[str]) -> int:
    if not words:
        for task in TASKS.values():
            lengths = f"{task.lengths.inputs}/{task.lengths.targets}"
            print(f"{task.name:16} {lengths:9} {', '.join(task.metrics):20} {', '.join(task.format.columns)}")
        return 0
    for data in parse_tasks(words):
        _show(data)
    return 0


def _show(data: TaskData) -> None:
    print(f"{data.name}: {', '.join(data.task.metrics)}; {data.task.source}")
    for split in data.splits:
        files = ", ".join(f"{visible(name)} ({sha256[:12]}…)" for name, sha256 in data.sums(split).items())
        print(f"  {split}: {files}")
        for example in islice(data.examples(split), EXAMPLES):
            print(f"    {visible(example.inputs)}\n      -> {visible(example.targets)}")


if __name__ == "__main__":
    sys.exit(main())
