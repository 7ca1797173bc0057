"""What is dear to prepare and the same in every process, kept in a file: machine code, tables of profiles.

A kept file is named by the hash of all that it was made of, so it is never out of date; it is written under another
name and renamed, and holds a hash of its own content, so half of one is never taken for a whole one. A folder that
others may write to is passed over: what they leave there would run here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from c4pipe.private import private, unspoilt, user_cache

DIGEST = 32  # bytes of a SHA-256


def cached(name: str, made_of: bytes, make: Callable[[], bytes]) -> bytes:
    """What `make` returns, from the file that an earlier process left if there is one.

    Args:
        name: begins the name of the file.
        made_of: everything that decides what `make` returns.
        make: where no file can be read or written, each process makes its own.
    """
    file = f"{name}-{hashlib.sha256(made_of).hexdigest()[:32]}"
    for folder in _folders():
        with contextlib.suppress(OSError):
            kept = _read(_private(folder) / file)
            if hashlib.sha256(kept[DIGEST:]).digest() == kept[:DIGEST]:
                return kept[DIGEST:]
    content = make()
    for folder in _folders():
        with contextlib.suppress(OSError):
            _write(_private(folder) / file, hashlib.sha256(content).digest() + content)
            break
    return content


def _folders() -> Iterator[Path]:
    """Where files may be kept: C4PIPE_CACHE_DIR alone if it is set, else beside this module, else with the user's."""
    if named := os.environ.get("C4PIPE_CACHE_DIR"):
        yield Path(named)
        return
    yield Path(__file__).parent / "__pycache__"
    with contextlib.suppress(RuntimeError):  # nobody's home
        yield user_cache()


_private = cache(private)  # what is raised is not remembered


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        if not unspoilt(os.fstat(file.fileno())):
            raise PermissionError(f"{path} was written by another user")
        return file.read()


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Not for others to write, whatever the umask says: it would not be read.
        with open(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644), "wb") as file:
            file.write(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
