"""The path of a report: next to the corpus unless another file is named, and never over another person's file."""

from __future__ import annotations

import os
from pathlib import Path

from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus
from c4pipe.files.storage import LocalStore
from c4pipe.shards import MANIFEST, OF_ITSELF, add_files, belongings, is_added, read_manifest

REPORT = "report.html"


def place_of(corpus: Corpus, named: Path | None, option: str = "--html") -> Path:
    """The file named by an option, or report.html next to the corpus.

    ConfigError for a file that is part of the surrounding corpus; and, if none is named, for an existing report.html
    that is not an unchanged report of ours. A named one may be replaced: the user said so.
    """
    path = named or corpus.folder / REPORT
    folder = _around(path)
    if folder is not None:
        at = _below(path, folder)
        if at in OF_ITSELF or at in {file.path for file in belongings(read_manifest(folder))}:
            raise ConfigError(f"{path} is a file of the corpus. Choose another file: {option} FILE.")
        if any(part.startswith(".") for part in Path(at).parts):
            raise ConfigError(
                f"{path} is a hidden name, which builds use in the folder of a corpus. Choose another file."
            )
        if named is None and os.path.lexists(path) and "about" in corpus.manifest and not is_added(folder, at):
            raise ConfigError(
                f"{path} was not written by this command, or was changed since. Remove it, or name another file: "
                "--html FILE."
            )
    return path


def place_report(path: Path, data: bytes) -> None:
    """Writes a report. In the folder of a corpus it is recorded there, so that a later build recognises it as ours."""
    folder = _around(path)
    if folder is not None:
        add_files(folder, {_below(path, folder): data})
        return
    with LocalStore().write(str(path)) as stream:
        stream.write(data)


def _around(path: Path) -> Path | None:
    """The folder of the corpus that contains a file, if any."""
    return next((folder for folder in _resolved(path).parents if (folder / MANIFEST).is_file()), None)


def _below(path: Path, folder: Path) -> str:
    return _resolved(path).relative_to(folder).as_posix()


def _resolved(path: Path) -> Path:
    return path.parent.resolve() / path.name
