"""The folder that `--benchmarks` names: which files in it hold test items, and what they are called."""

from __future__ import annotations

import re
from pathlib import Path

from c4pipe.errors import ConfigError

EXPECTED_FILES = "files of test items, such as squad.jsonl or rte.tsv (.gz, .zst and .xz too)"
_NAME = re.compile(r"(?P<task>\w[\w.-]*?)\.(?P<kind>jsonl|tsv)(\.(gz|zst|xz))?", re.IGNORECASE)


def benchmark_files(folder: Path) -> tuple[Path, ...]:
    """The files of a folder, sorted, each a task. A file that would be passed over in silence is an error.

    Names that begin with a dot, and those in capitals such as README.md, are let be. ConfigError for any other that is
    none, for two of one task, and where there is none.
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
    """What a file of test items is called, and "jsonl" or "tsv".

    >>> task_and_kind("squad.v2.jsonl.gz"), task_and_kind("RTE.TSV")
    (('squad.v2', 'jsonl'), ('RTE', 'tsv'))
    """
    found = _NAME.fullmatch(Path(name).name)
    if found is None:
        raise ConfigError(f"{name} is not named like a benchmark: expected {EXPECTED_FILES}.")
    return found["task"], found["kind"].lower()
