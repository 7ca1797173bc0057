"""How files come to lie on the disk: whole or not at all, and never over what is not ours."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

from c4pipe.disk import sync


def put(path: Path, content: bytes) -> None:
    """Writes a file in one step: a kill leaves the old one or the new one."""
    draft = path.with_name(f".{path.name}.tmp")
    draft.unlink(missing_ok=True)  # of a kill, or a link that leads elsewhere
    with draft.open("xb") as file:
        file.write(content)
        file.flush()
        sync(file.fileno())
    draft.replace(path)


def put_aside(path: Path) -> Path:
    """Renames what cannot be used and must not be lost to `NAME.old`, `NAME.old-2` and so on; the new path."""
    for number in count(1):
        aside = path.with_name(f"{path.name}.old{'' if number == 1 else f'-{number}'}")
        if not os.path.lexists(aside):
            path.rename(aside)
            return aside
    raise AssertionError("there is always another number")
