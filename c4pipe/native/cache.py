"""What is dear to prepare and the same in every process, kept in a file: machine code, tables of profiles.

A kept file is named by the hash of all that it was made of, so it is never out of date; it is written under another
name and renamed, and holds a hash of its own content, so half of one is never taken for a whole one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

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
            kept = (folder / file).read_bytes()
            if hashlib.sha256(kept[DIGEST:]).digest() == kept[:DIGEST]:
                return kept[DIGEST:]
    content = make()
    for folder in _folders():
        with contextlib.suppress(OSError):
            _write(folder / file, hashlib.sha256(content).digest() + content)
            break
    return content


def _folders() -> Iterator[Path]:
    """Where files may be kept: C4PIPE_CACHE_DIR alone if it is set, else beside this module, else with the user's."""
    if named := os.environ.get("C4PIPE_CACHE_DIR"):
        yield Path(named)
        return
    yield Path(__file__).parent / "__pycache__"
    with contextlib.suppress(RuntimeError):  # nobody's home
        yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "c4pipe"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("xb") as file:
            file.write(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
