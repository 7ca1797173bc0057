"""Which files of a folder are inputs, and why others are not: on disks, in buckets and on the web.

    Tree --Search--> paths of inputs, LeftOut

Nothing is skipped silently. Names that begin with a dot or an underscore are not data, as in Spark, Dask
and `datasets` (`_SUCCESS`, `.ipynb_checkpoints`, `__rejected`); in a corpus, only the shards of its manifest are data.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from c4pipe.errors import BuildError, ConfigError
from c4pipe.flow.ours import as_manifest
from c4pipe.shards import FACTS_FOLDER, MANIFEST, REJECTED_FOLDER, RESTORE_FOLDER, belongings

ABOUT_DATA = frozenset(  # JSON files that describe the data next to them: of `datasets`, of corpora, of datatrove
    {"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"}
    | {"manifest.json", "metadata.json", "stats.json"}
)
HIDDEN_FOLDERS = {  # folders of a corpus, with their contents
    f"{FACTS_FOLDER}/": "counts of a corpus",
    f"{REJECTED_FOLDER}/": "rejected pages of a corpus",
    f"{RESTORE_FOLDER}/": "pages that may come back, not part of the corpus",
}
NOT_KEPT = HIDDEN_FOLDERS | {"rejected/": "rejected pages of a corpus"}  # in older ones
_PART = re.compile(r"(part[-.]\d[\w-]*|\d+\.part)(\.gz|\.zst|\.zstd)?")  # files without an ending: Hadoop's, Dask's
PACKED = (".gz", ".zst", ".zstd", ".bz2", ".xz", ".lz4")


class LeftOut(NamedTuple):
    """A path in a searched folder that is not an input."""

    path: str
    why: str  # in words


class FolderEntry(NamedTuple):
    """One entry of a folder."""

    name: str
    is_folder: bool
    is_link: bool = False


class Tree(Protocol):
    """Folders of one kind. Paths are joined with `/`."""

    def entries(self, folder: str) -> list[FolderEntry]:
        """The entries of a folder, by name. ConfigError if it cannot be listed."""

    def real(self, path: str) -> str:
        """The canonical name of a folder that has several through links."""

    def read(self, path: str) -> bytes:
        """A small file."""


def is_hidden(name: str) -> bool:
    """Whether a name marks something that is not data."""
    return name.startswith((".", "_"))


def ending_of(name: str) -> str:
    """The ending of a file's name, in lower case, including that of its compression; "" if it has none.

    >>> ending_of("A.JSON.gz"), ending_of("x.csv"), ending_of("LICENSE")
    ('.json.gz', '.csv', '')
    """
    stem, last = os.path.splitext(name.lower())
    return os.path.splitext(stem)[1] + last if last in PACKED else last


class Search:
    """One recursive search for files with some endings. Real folders are searched before links, so they name the
    files.
    """

    def __init__(self, tree: Tree, suffixes: tuple[str, ...], kind: str):
        """`kind`: of the files, in words."""
        self._tree, self._suffixes, self._kind = tree, suffixes, kind
        self._seen: dict[str, str] = {}  # real folder -> the name under which it was searched
        self._links: list[str] = []
        self.left_out: list[LeftOut] = []

    def below(self, folder: str) -> Iterator[str]:
        """The paths of the inputs in a folder."""
        self._links.append(folder)
        while self._links:
            path = self._links.pop(0)
            if path != folder and self._leads_back(path):
                self._leave(path, "a link that leads back to a folder around it")
            else:
                yield from self._walk(path)

    def _walk(self, folder: str) -> Iterator[str]:
        real = self._tree.real(folder)
        if real in self._seen:
            self._leave(folder, f"another name of {self._seen[real]}, which was searched")
            return
        self._seen[real] = folder
        try:
            entries = self._tree.entries(folder)
        except ConfigError as error:
            if len(self._seen) == 1:
                raise
            self._leave(folder, str(error))
            return
        has_manifest = any(entry.name == MANIFEST and not entry.is_folder for entry in entries)
        shards = self._shards(folder) if has_manifest else None
        if shards is not None:
            yield from self._corpus(folder, shards, entries)
            return
        if not entries and self._is_wanted(folder):
            self._leave(folder, f"a folder without any {self._kind} file")
        for entry in entries:
            yield from self._look(f"{folder}/{entry.name}", entry)

    def _look(self, path: str, entry: FolderEntry) -> Iterator[str]:
        if is_hidden(entry.name):
            self._leave(path, "a hidden folder" if entry.is_folder else "a hidden file")
        elif entry.is_folder and entry.is_link:
            self._links.append(path)
        elif entry.is_folder:
            yield from self._walk(path)
        elif why := self._why_not(path, entry.name):
            self._leave(path, why)
        else:
            yield path

    def _why_not(self, path: str, name: str) -> str:
        """Why a file is not an input; "" if it is one."""
        if self._is_wanted(name):
            return "says something of the data, by its name" if name.lower() in ABOUT_DATA else ""
        if self._is_wanted(posixpath.dirname(path)) and _PART.fullmatch(name):
            return ""  # part of a folder that is one data set
        found = ending_of(name)
        return f"no {self._kind} file by its name ({found or 'no ending'})"

    def _is_wanted(self, name: str) -> bool:
        return name.lower().endswith(self._suffixes)

    def _shards(self, folder: str) -> list[str] | None:
        """The shards of a corpus of ours by its manifest, as paths from there; None for a manifest that is not ours."""
        try:
            manifest = as_manifest(self._tree.read(f"{folder}/{MANIFEST}"))
            if manifest is None or not belongings(manifest):
                return None
        except (BuildError, ConfigError, OSError):
            return None
        return sorted(row["path"] for row in manifest["shards"])

    def _corpus(self, folder: str, shards: list[str], entries: list[FolderEntry]) -> Iterator[str]:
        """The shards, with the ending, of a corpus of ours. Nothing else there is an input."""
        yield from (f"{folder}/{name}" for name in shards if self._is_wanted(name))
        folders = {name.partition("/")[0] for name in shards}
        found = [f"{entry.name}/" if entry.is_folder else entry.name for entry in entries if entry.name not in folders]
        for name in sorted(folders & {entry.name for entry in entries if entry.is_folder}):
            found += [f"{name}/{entry.name}" for entry in self._tree.entries(f"{folder}/{name}")]
        for name in found:
            if name in NOT_KEPT:
                self._leave(f"{folder}/{name}", NOT_KEPT[name])
            elif name not in shards:
                self._leave(f"{folder}/{name}", "of a corpus of c4pipe, and none of its shards")
            elif not self._is_wanted(name):
                self._leave(f"{folder}/{name}", f"no {self._kind} file by its name ({ending_of(name)})")

    def _leads_back(self, link: str) -> bool:
        target, around = self._tree.real(link), self._tree.real(posixpath.dirname(link))
        return f"{around}/".startswith(f"{target.rstrip('/')}/")

    def _leave(self, path: str, why: str) -> None:
        self.left_out.append(LeftOut(path, why))
