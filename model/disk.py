"""Writing files: complete or not at all, and never over files that are not ours."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from c4pipe.disk import lock, sync
from model.errors import ConfigError

LOG_SUFFIXES = frozenset({".log", ".out", ".err"})


@contextmanager
def locked_folder(folder: Path, name: str, option: str, busy: str) -> Iterator[int]:
    """Locks a folder, created if needed, for this process. Returns the descriptor of the lock file `name` in it.

    ConfigError if it cannot be written, or if another process has it: `busy` says which, and what to do. The lock is
    the kernel's: it ends with the processes that hold it, however they end.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / name).open("a")
    except OSError as error:
        raise ConfigError(f"{option} {folder} cannot be written: {error.strerror or error}.") from None
    with file:
        try:
            lock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB, folder / name)
        except BlockingIOError:
            raise ConfigError(f"{option} {folder} {busy}") from None
        yield file.fileno()


def check_empty(folder: Path, option: str, writer: str, but: Collection[str] = ()) -> None:
    """ConfigError if a folder that no `writer` has started to fill holds files or links other than those named.

    Logs are allowed: a shell opens the log of `... > RUN/train.log` before the command starts.
    """
    for place, folders, files in os.walk(folder):
        folders.sort()
        links = (name for name in folders if os.path.islink(os.path.join(place, name)))
        for path in (Path(place, name) for name in sorted((*files, *links))):
            if path.suffix not in LOG_SUFFIXES and path.relative_to(folder).as_posix() not in but:
                raise ConfigError(
                    f"{path} exists and was not written by {writer}: give {option} another folder, new or empty, or "
                    "move the contents of this one"
                )


def put(path: Path, content: bytes) -> None:
    """Writes a file in one step: a kill leaves the old or the new one."""
    draft = path.with_name(f".{path.name}.tmp")
    draft.unlink(missing_ok=True)  # left by a kill, or a link to elsewhere
    with draft.open("xb") as file:
        file.write(content)
        file.flush()
        sync(file.fileno())
    draft.replace(path)
