"""The kind of a folder, and the verdict on it, or on each of several below it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from c4pipe.errors import ConfigError
from c4pipe.shards import MANIFEST
from c4pipe.verify.corpus import check_corpus, is_corpus
from c4pipe.verify.findings import FolderVerdict
from c4pipe.verify.listing import UNFINISHED
from c4pipe.verify.run import check_run, is_run
from c4pipe.verify.several import check_card, has_card

FolderCheck = Callable[[Path, Callable[[int], None]], FolderVerdict]


def checks_of(folder: Path) -> list[tuple[Path, FolderCheck]]:
    """What to check: the folder, or those below it that hold our output.

    ConfigError if c4pipe has finished nothing there.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise ConfigError(f"{folder} {what}; give the folder of a corpus, a mixture or a training run.")
    if (check := _check_of(folder)) is not None:
        return [(folder, check)]
    below = [path for path in sorted(folder.iterdir()) if path.is_dir()]
    found = [(path, check) for path in below if (check := _check_of(path)) is not None]
    if not found:
        raise ConfigError(
            f"{folder} is neither a corpus nor a mixture nor a run: it has no {MANIFEST}, and no folder in it has."
            + "".join(_unfinished(folder))
        )
    return [(folder, check_card), *found] if has_card(folder) else found


def _check_of(folder: Path) -> FolderCheck | None:
    return check_corpus if is_corpus(folder) else check_run if is_run(folder) else None


def _unfinished(folder: Path) -> Iterator[str]:
    names = sorted(name for name in os.listdir(folder) if name.startswith(UNFINISHED))
    if names:
        yield f" A build is under way or was stopped ({names[0]}): run its command again to resume it."
