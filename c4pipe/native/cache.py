"""A file cache for what is slow to prepare and the same in every process: machine code, tables of profiles.

A cached file is named by the hash of everything that it was made from, so it is never out of date. It is written under
another name, renamed, and contains a hash of its own content, so a partial file is never used. A folder that others
may write to is skipped: their files would run here.
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
    """The result of `make`, from the file of an earlier process if there is one.

    Args:
        name: prefix of the file's name.
        made_of: everything that determines the result of `make`.
        make: if no file can be read or written, each process calls it.
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
    """Where files may be stored: only C4PIPE_CACHE_DIR if it is set, else next to this module, else the user's
    cache."""
    if named := os.environ.get("C4PIPE_CACHE_DIR"):
        yield Path(named)
        return
    yield Path(__file__).parent / "__pycache__"
    with contextlib.suppress(RuntimeError):  # the user has no home
        yield user_cache()


_private = cache(private)  # exceptions are not cached


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        if not unspoilt(os.fstat(file.fileno())):
            raise PermissionError(f"{path} was written by another user")
        return file.read()


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Not writable for others, whatever the umask: otherwise it would not be read.
        with open(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644), "wb") as file:
            file.write(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
