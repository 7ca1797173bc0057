"""The values of `--tasks`: tasks and the paths of their rows.

| word | task |
|---|---|
| `rte=glue/RTE` | the task of that name |
| `xnli/de=PATH`, `rte/mine=PATH` | the same under another name; for XNLI, TyDiQA and MLQA, in that language |
| `my_tasks:MOOD=PATH` | a `Task` of your own module, in the current folder or on Python's path |
| `glue=DIR`, `superglue=DIR` | each task of the benchmark that has a folder in DIR: `CoLA`, `SST-2`, `boolq`, ... |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from c4pipe.own import import_own
from model.errors import ConfigError, unknown
from model.tasks import METRICS, TASKS, Task
from model.tasks.base import TASK_SPLITS
from model.tasks.data import TaskData
from model.tasks.faults import told_fault
from model.tasks.glue import GLUE
from model.tasks.pronouns import PRONOUNS
from model.tasks.superglue import SUPERGLUE

GROUPS: dict[str, Sequence[Task]] = {"glue": GLUE, "superglue": (*SUPERGLUE, *PRONOUNS)}
_WORD = re.compile(r"(?!\.{1,2}\Z)[\w.-]+")  # a name, or the part after its slash: valid as a file name
_TAKEN = ("mean", "all")  # used by `best.json` and `eval.csv`
# Folders, in lower case without punctuation, whose names differ from their tasks'.
_FOLDERS = {
    "mnli_mismatched": ("mnlimismatched", "mnli"),
    "mnli": ("mnli", "multinli"),
    "superglue_rte": ("supergluerte", "rte"),
    "wsc": ("wscfixed", "wsc"),
    "dpr": ("dpr", "definitepronounresolution"),
}


def parse_tasks(words: Iterable[str]) -> tuple[TaskData, ...]:
    """The tasks of a command line with their data, after a check of files and of the columns of the first rows.

    ConfigError for a word that names no task or no data, and for two tasks with one name.
    """
    found = [data for word in words for data in _parsed(word)]
    if not found:
        raise ConfigError("--tasks names no task: expected NAME=PATH, as in rte=glue/RTE.")
    for data in found:
        _check_name(data.name)
    names = [data.name for data in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ConfigError(f"--tasks has {twice} twice: give one of them another name, as in {twice}/other=PATH.")
    for data in found:
        data.check()
    return tuple(found)


def parse_apart(trained: Iterable[str], evaluated: Iterable[str]) -> tuple[tuple[TaskData, ...], frozenset[str]]:
    """The tasks of both, and the names of those for training; errors as from `parse_tasks`."""
    words = [*trained]
    names = {data.name for word in words for data in _parsed(word)}
    return parse_tasks((*words, *evaluated)), frozenset(names)


def _parsed(word: str) -> Iterator[TaskData]:
    name, mark, path = word.partition("=")
    if not (mark and name and path):
        raise ConfigError(f"--tasks {word}: expected NAME=PATH, as in rte=glue/RTE.")
    if name in GROUPS:
        yield from _members(name, Path(path))
    else:
        task = task_named(name)
        yield TaskData(task.name, task, Path(path))


def _check_name(name: str) -> None:
    """ConfigError for a task's name that is not a file name, or is reserved in a run's tables."""
    if not all(_WORD.fullmatch(part) for part in name.split("/")):
        raise ConfigError(f"a task is called {name!r}: expected letters, digits, '.', '-' and '_', as in mood.")
    if name in _TAKEN:
        raise ConfigError(
            f"a task is called {name!r}, but tables of a run use {name} for all tasks: choose another name."
        )
    if name.endswith(tuple(f".{split}" for split in TASK_SPLITS)):
        raise ConfigError(f"a task is called {name!r}, which ends like the file of a split: choose another name.")


def task_named(name: str) -> Task:
    """The task for a name, `NAME/WORD` or `MODULE:TASK`."""
    base, stroke, word = name.partition("/")
    if stroke and not _WORD.fullmatch(word):
        raise ConfigError(f"--tasks {name}: expected letters, digits, '.', '-' and '_' after the slash.")
    if ":" in base:
        task = _imported(base)
        return replace(task, name=f"{task.name}/{word}") if word else task
    if name in TASKS:
        return TASKS[name]
    if base not in TASKS:
        known = [*TASKS, *GROUPS, "MODULE:TASK"]
        raise unknown("task", name, known, [name.lower()] if name.lower() in known else None)
    return replace(TASKS[base], name=name)


def _imported(name: str) -> Task:
    module, _, attribute = name.partition(":")
    try:
        there = import_own(module)
    except ModuleNotFoundError as error:
        if error.name and f"{module}.".startswith(f"{error.name}."):
            raise ConfigError(f"--tasks {name}: {error}. Expected MODULE:TASK, importable from here.") from None
        raise ConfigError(f"--tasks {name}: {told_fault(error)}") from None
    except SystemExit as error:
        raise ConfigError(f"--tasks {name}: the module exited: {told_fault(error)}") from None
    except Exception as error:
        if not module or module.startswith("."):
            raise ConfigError(f"--tasks {name}: expected MODULE:TASK, importable from here.") from None
        raise ConfigError(f"--tasks {name}: {told_fault(error)}") from None
    try:
        found = getattr(there, attribute)
    except AttributeError:
        raise ConfigError(f"--tasks {name}: {module} has no {attribute!r}; expected a Task of that name.") from None
    if not isinstance(found, Task):
        raise ConfigError(f"--tasks {name} is a {type(found).__name__}: expected a model.tasks.Task.")
    for metric in found.metrics:
        if metric not in METRICS:
            raise unknown(f"metric of {name}", metric, METRICS)
    return found


def _members(group: str, path: Path) -> list[TaskData]:
    if not path.is_dir():
        raise ConfigError(
            f"--tasks {group}={path} is not a folder: expected one with a folder for each task of {group}."
        )
    folders = {
        re.sub(r"[^a-z0-9]", "", entry.name.lower()): entry for entry in sorted(path.iterdir()) if entry.is_dir()
    }
    found = []
    for task in GROUPS[group]:
        names = _FOLDERS.get(task.name, (task.name,))
        folder = next((folders[name] for name in names if name in folders), None)
        if folder is None or (task.layout.only and not _has_own_files(task, folder)):
            continue
        found.append(TaskData(task.name, task, folder))
    if not found:
        known = ", ".join(_FOLDERS.get(task.name, (task.name,))[0] for task in GROUPS[group])
        raise ConfigError(f"--tasks {group}={path}: it has no task folder. Known: {known}, in upper or lower case.")
    return found


def _has_own_files(task: Task, folder: Path) -> bool:
    """Whether a folder shared by two tasks has files of this one."""
    return any(word in file.name.lower() for file in folder.iterdir() for word in task.layout.only)
