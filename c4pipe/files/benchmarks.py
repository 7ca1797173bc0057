"""The folder given by `--benchmarks`: which of its files hold test items, and their names."""

from __future__ import annotations

import re
from pathlib import Path

from c4pipe.errors import ConfigError

EXPECTED_FILES = "files of test items, such as squad.jsonl or rte.tsv (.gz, .zst and .xz too)"
_NAME = re.compile(r"(?P<task>\w[\w.-]*?)\.(?P<kind>jsonl|tsv)(\.(gz|zst|xz))?", re.IGNORECASE)


def benchmark_files(folder: Path) -> tuple[Path, ...]:
    """The files of a folder, sorted, one per task. A file that would be silently skipped is an error.

    Names that begin with a dot, and those in capitals such as README.md, are ignored. Raises ConfigError for any other
    file that is not one, for two of one task, and for a folder without any.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        known = _NAME.fullmatch(path.name) is not None
        if path.name.startswith(".") or (not known and path.name.partition(".")[0].isupper()):
            continue
        if not known or not path.is_file():
            raise ConfigError(
                f"{folder} holds {path.name}: expected {EXPECTED_FILES}. Move it elsewhere, or rename it."
            )
        task = task_and_kind(path.name)[0]
        if task in found:
            raise ConfigError(
                f"{folder} holds {found[task].name} and {path.name}, the same task twice. Rename one of them."
            )
        found[task] = path.absolute()  # a worker may run in another folder
    if not found:
        raise ConfigError(f"{folder} holds no benchmark: expected {EXPECTED_FILES}.")
    return tuple(found.values())


def task_and_kind(name: str) -> tuple[str, str]:
    """The task name of a file of test items, and "jsonl" or "tsv".

    >>> task_and_kind("squad.v2.jsonl.gz"), task_and_kind("RTE.TSV")
    (('squad.v2', 'jsonl'), ('RTE', 'tsv'))
    """
    found = _NAME.fullmatch(Path(name).name)
    if found is None:
        raise ConfigError(f"{name} is not named like a benchmark: expected {EXPECTED_FILES}.")
    return found["task"], found["kind"].lower()
