"""The folder of a comparison: what is written there, and which existing files may be replaced.

An index, verdict.json or rules.json, has the checksums of the other files. While these are replaced it also has the
previous checksums, so that after a crash each file is recognised in either version.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from c4pipe.errors import ConfigError
from c4pipe.facts.verdict import VERDICT_FILE
from c4pipe.files.pinned import sha256_of
from c4pipe.files.storage import LocalStore
from c4pipe.shards import MANIFEST

TABLE_FILE, PICTURE_FILE, PAGE_FILE = "table.md", "picture.svg", "comparison.html"
COMPARE_FILES = (VERDICT_FILE, TABLE_FILE, PICTURE_FILE, PAGE_FILE)
TRIAL_FILES = RULES_INDEX, RULES_FILE = "rules.json", "rules.md"  # of all rules on trial
_FILES = "files"  # in an index: the checksums of the other files
_BEFORE = "before"  # the previous checksums, while the files are replaced


def check_place(out: Path, read: Iterable[str | Path] = ()) -> None:
    """ConfigError for a path that is not a folder, cannot be written, is inside a corpus or another input folder, or
    has a file of these names that is not ours."""
    _check_folder(out)
    around = (out.resolve(), *out.resolve().parents)
    inside = next((folder for folder in map(Path, read) if folder.is_dir() and folder.resolve() in around), None)
    if inside is not None:
        raise ConfigError(f"--out {out} lies in {inside}, which is read. Name another folder.")
    _check_files(out, COMPARE_FILES)
    _probe(out)


def check_trial_place(out: Path, rules: Sequence[str], read: Iterable[str | Path] = ()) -> None:
    """The same for the folder of a trial, and for each rule's below it."""
    for rule in rules:
        check_place(out / rule, read)
    _check_files(out, TRIAL_FILES)


def write_files(out: Path, index: str, body: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Writes the files and the index with their checksums. After a crash at any time `check_place` recognises all of
    them."""
    out.mkdir(parents=True, exist_ok=True)
    whole = {**body, _FILES: {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}}
    before = {name: sorted(sums) for name, sums in (_sums(out / index) or {}).items()}
    _put(out / index, _json({**whole, _BEFORE: before}))
    for name, data in files.items():
        _put(out / name, data)
    _put(out / index, _json(whole))


def _check_folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out} is a file. Expected a folder, or a name for a new one.")
    around = next((folder for folder in (out.resolve(), *out.resolve().parents) if (folder / MANIFEST).exists()), None)
    if around is not None:
        raise ConfigError(
            f"--out {out} lies in the corpus {around}, which must not contain other files. Name another folder."
        )


def _check_files(out: Path, names: Sequence[str]) -> None:
    """ConfigError if one of the files differs from what the first of them, their index, says."""
    ours = _sums(out / names[0])
    for name in names:
        path = out / name
        known = ours is not None and (name == names[0] or (path.is_file() and sha256_of(path) in ours.get(name, ())))
        if path.is_symlink() or (path.exists() and not known):
            raise ConfigError(
                f"{path} was not written by a comparison, or was changed since. Remove it, or name --out DIR."
            )


def _probe(out: Path) -> None:
    """ConfigError if nothing can be written. Leaves no trace."""
    new = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise ConfigError(f"--out {out} cannot be written: {error.strerror or error}. Name another folder.") from None
    finally:
        for folder in new:
            with suppress(OSError):
                folder.rmdir()


def _put(path: Path, data: bytes) -> None:
    with LocalStore().write(str(path)) as stream:
        stream.write(data)


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=2, allow_nan=False).encode() + b"\n"


def _sums(index: Path) -> dict[str, set[str]] | None:
    """The possible checksums of the files that an index lists; None if it is not ours."""
    try:
        found = json.loads(index.read_bytes())
        sums = {str(name): {str(sha256)} for name, sha256 in found[_FILES].items()}
        for name, before in found.get(_BEFORE, {}).items():
            sums.setdefault(str(name), set()).update(map(str, before))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return sums
