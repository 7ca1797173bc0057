"""One library's run at a task that several can do: a separate process, which reports the cost.

A script calls `take_part` with its libraries. Each is a function that imports what it needs, loads its models, and
returns the work: a function from texts to a list of answers. After a warm-up on a few texts, one run on all of them is
timed. Imports, models and files are not timed, nor is `finish`, which converts the answers of all libraries into one
form.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

WARM = 50  # texts of the warm-up

Work = Callable[[Sequence[str]], list[Any]]
Finish = Callable[[list[Any]], list[Any]]


def take_part(libraries: Mapping[str, Callable[[], Work]], packages: Mapping[str, str], finish: Finish = list) -> None:
    """`SCRIPT LIBRARY TEXTS.json TOLD.json`: does the work, and writes `{"cpu": seconds, "result": [...], "version"}`.

    `packages` maps libraries to their packages, if the names differ.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("library", choices=libraries)
    parser.add_argument("texts", type=Path)
    parser.add_argument("told", type=Path)
    args = parser.parse_args()
    texts = json.loads(args.texts.read_bytes())
    work = libraries[args.library]()
    work(texts[:WARM])
    started = time.process_time()
    result = work(texts)
    cpu = time.process_time() - started
    package = packages.get(args.library, args.library)
    version = "" if package == "c4pipe" else importlib.metadata.version(package)
    args.told.write_text(json.dumps({"cpu": cpu, "result": finish(result), "version": version}), encoding="utf-8")
