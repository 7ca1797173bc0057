"""Files that c4pipe adds to the folder of a finished corpus, such as a report or what is published with it.

A file is ours while its bytes match its entry in added.json. Files that others put there or edited are never replaced.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from c4pipe.disk import read_file, sync_path
from c4pipe.files.pinned import sha256_of
from c4pipe.files.storage import LocalStore
from c4pipe.shards.belongings import Belonging, read_added
from c4pipe.shards.manifest import ADDED, to_json


def is_added(folder: Path, name: str) -> bool:
    """Whether a file of the corpus was added later by c4pipe and is unchanged.

    BuildError where added.json is damaged.
    """
    known = _known(folder).get(name)
    path = folder / name
    return known is not None and path.is_file() and sha256_of(path) == known.sha256


def is_named(folder: Path, name: str) -> bool:
    """Whether c4pipe ever added a file at this path of the corpus, whatever is there now."""
    return name in _known(folder)


def add_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes files into the folder of a corpus, by their paths from there, and records them as ours.

    The caller has checked what may be replaced. All files are written completely under temporary names before the first
    old one is replaced, and the record is written before they get their names. A kill can therefore leave a recorded
    file missing, never an unrecorded file behind. BuildError where added.json is damaged.
    """
    store, known = LocalStore(), _known(folder)
    for name, data in files.items():
        known[name] = Belonging(name, len(data), hashlib.sha256(data).hexdigest(), False)
    with ExitStack() as coming:
        for name, data in files.items():
            stream = coming.enter_context(store.write(str(folder / name)))
            stream.write(data)
            stream.flush()
        for name in files:
            (folder / name).unlink(missing_ok=True)
        _note(folder, known)


def adopt_files(folder: Path, drafts: Mapping[str, Path]) -> None:
    """The same for complete files of any size on the same disk: they are renamed into the corpus."""
    known = _known(folder)
    for name, draft in drafts.items():
        known[name] = Belonging(name, draft.stat().st_size, sha256_of(draft), False)
    for name in drafts:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).unlink(missing_ok=True)
    _note(folder, known)
    for name, draft in drafts.items():
        draft.replace(folder / name)
        sync_path((folder / name).parent)


def _note(folder: Path, known: Mapping[str, Belonging]) -> None:
    rows = [{"path": file.path, "bytes": file.bytes, "sha256": file.sha256} for file in sorted(known.values())]
    with LocalStore().write(str(folder / ADDED)) as stream:
        stream.write(to_json({"files": rows}))


def _known(folder: Path) -> dict[str, Belonging]:
    path = folder / ADDED
    return {file.path: file for file in (read_added(read_file(path)) if path.exists() else ())}
