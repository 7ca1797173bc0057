"""Finished corpora as the trainer sees them: entries with checked shards, and the texts of their row groups.

    folder --manifest.json--> Entry (a config of one split: which row groups, how many rows) --Reader--> texts

An entry holds no text, only twelve bytes per row group. A config is a language, or `mixture` in a rebalanced corpus.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from c4pipe.errors import BuildError
from c4pipe.languages.named import among
from c4pipe.mixture import Permutation, derive_key
from c4pipe.shards import MANIFEST, belongings, read_manifest
from c4pipe.text import many
from model.errors import ConfigError, TrainError

KEPT_BYTES = 64 << 20  # of text that a reader caches: sixteen open row groups of the usual 2 MB, with some to spare


class Shard(NamedTuple):
    """A row of the manifest."""

    file: Path
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, eq=False)
class GroupPart:
    """The documents that count if not all of an entry do: those held out of training, or the others."""

    corpus: str  # digest of the whole entry
    place: NDArray[np.int32]  # index of each row group in the whole entry
    rows: NDArray[np.int32]  # all rows of each row group
    held: NDArray[np.int32]  # held-out rows among these
    held_out: bool  # whether the held-out rows are the ones that count


@dataclass(frozen=True, eq=False)
class Entry:
    """One part of a mixture: the pages of a config and split of one corpus, or the examples of a task.

    Arrays have one value per row group. A document is the value of one column, or a tuple of several.
    """

    name: str
    files: tuple[str, ...]
    file: NDArray[np.int32]  # index into `files`
    group: NDArray[np.int32]  # number of the row group in its file
    rows: NDArray[np.int32]
    digest: str  # sha256 over the shards' digests: entries with the same digest hold the same pages in the same order
    columns: tuple[str, ...] = ("text",)
    part: GroupPart | None = None  # if only some rows count; `rows` has their number
    cut: int | None = None  # tokens of the last document that count; None: all

    @property
    def documents(self) -> int:
        """The number of documents."""
        return int(self.rows.sum())

    def is_last(self, group: int, row: int) -> bool:
        """Whether this row of a row group is the last document."""
        return group == len(self.rows) - 1 and row == int(self.rows_of(group)[-1])

    def rows_of(self, group: int) -> NDArray[np.int64]:
        """The rows of the entry's row group `group` that count, ascending."""
        count = int(self.rows[group])
        if self.part is None:
            return np.arange(count)
        size, held = int(self.part.rows[group]), int(self.part.held[group])
        drawn = Permutation(size, derive_key("held out", self.part.corpus, int(self.part.place[group])))
        return np.sort(drawn(np.arange(held) if self.part.held_out else np.arange(held, size)))[:count]


def find_entries(folders: Sequence[Path], split: str, configs: Sequence[str] = ()) -> dict[str, list[Shard]]:
    """The shards of each entry of finished corpora, by name, as their manifests list them; no shard is opened.

    An entry is named after its config, or `folder/config` if there are several folders. `configs` selects by these
    names or by other codes of their languages (`he` for `iw`); an empty one means all. ConfigError if a folder holds no
    corpus, or the corpora nothing that was requested.
    """
    found: dict[str, list[Shard]] = {}
    for folder in folders:
        by_config: dict[str, list[Shard]] = {}
        for config, shard in _listed(folder, split):
            by_config.setdefault(config, []).append(shard)
        for config, shards in sorted(by_config.items()):
            found[config if len(folders) == 1 else _name(folder, config, folders)] = shards
    if not found:
        places = ", ".join(map(str, folders))
        raise ConfigError(
            f"there is no page in split {split!r} of {places}. Build a larger corpus, or name another split."
        )
    return {name: found[name] for name in (among(configs, found, f"config of split {split!r}") or found)}


def _listed(folder: Path, split: str) -> Iterator[tuple[str, Shard]]:
    """(config, shard) for the shards of a split."""
    manifest = read_manifest(folder)
    try:
        belongings(manifest)  # all its files are inside the folder
        for row in manifest["shards"]:
            if row["split"] == split and int(row["rows"]):
                yield str(row["config"]), Shard(folder / row["path"], row["rows"], row["bytes"], row["sha256"])
    except (BuildError, KeyError, TypeError, ValueError) as error:
        raise TrainError(f"{folder / MANIFEST}: its list of shards is damaged ({error!r}). Build it again.") from None


def _name(folder: Path, config: str, folders: Sequence[Path]) -> str:
    alike = sum(other.resolve().name == folder.resolve().name for other in folders)
    return f"{folder.resolve().name if alike == 1 else folder}/{config}"


def read_entry(name: str, shards: Sequence[Shard], columns: tuple[str, ...] = ("text",)) -> Entry:
    """An entry with its row groups, from the footers of its shards.

    TrainError, with the name of the file, for a shard that is missing, has another size than its manifest says, cannot
    be read, or has other rows. The contents are checked by `check_sums`, and page by page when read.
    """
    groups: list[tuple[int, int, int]] = []
    digest = hashlib.sha256()
    for number, shard in enumerate(shards):
        footer = _footer(shard)
        groups += ((number, group, footer.row_group(group).num_rows) for group in range(footer.num_row_groups))
        digest.update(bytes.fromhex(shard.sha256))
    table = np.array(groups, np.int32).reshape(-1, 3)
    table = table[table[:, 2] > 0]
    file, group, rows = table.T.copy()
    return Entry(name, tuple(str(shard.file) for shard in shards), file, group, rows, digest.hexdigest(), columns)


def _footer(shard: Shard) -> Any:
    try:
        size = shard.file.stat().st_size
    except OSError as error:
        raise TrainError(f"{shard.file} is missing ({error.strerror}), but the manifest lists it. {_REMEDY}") from None
    if size != shard.bytes:
        raise TrainError(f"{shard.file} has {many(size, 'byte')}; the manifest says {shard.bytes:,}. {_REMEDY}")
    try:
        footer = pq.read_metadata(shard.file)
    except (pa.ArrowException, OSError) as error:
        raise TrainError(f"{shard.file} is damaged: {error}. {_REMEDY}") from None
    if footer.num_rows != shard.rows:
        raise TrainError(
            f"{shard.file} has {many(footer.num_rows, 'row')}; the manifest says {shard.rows:,}. {_REMEDY}"
        )
    return footer


_REMEDY = "Copy the corpus again or build it again."


class Reader:
    """Reads texts, and caches the row groups used last: `keep` bytes of text, at least one group.

    A row group is visited a few documents at a time; the cache avoids reading it again each time.
    """

    def __init__(self, keep: int = KEPT_BYTES) -> None:
        self._keep = keep
        self._held = 0
        self._groups: OrderedDict[tuple[str, int], Any] = OrderedDict()

    def documents(self, entry: Entry, group: int, rows: NDArray[np.int64]) -> list[Any]:
        """Some rows of the entry's row group `group`, in the order of `rows`: texts, or tuples of them if the entry has
        several columns. TrainError if damaged.
        """
        key = entry.files[entry.file[group]], int(entry.group[group])
        if key in self._groups:
            self._groups.move_to_end(key)
        else:
            self._groups[key] = table = _read(*key, entry.columns)
            self._held += table.nbytes
            while self._held > self._keep and len(self._groups) > 1:
                self._held -= self._groups.popitem(last=False)[1].nbytes
        columns = [column.to_pylist() for column in self._groups[key].take(pa.array(rows)).columns]
        return columns[0] if len(columns) == 1 else [*zip(*columns, strict=True)]


def _read(file: str, group: int, columns: Sequence[str]) -> Any:
    try:
        with pq.ParquetFile(file, page_checksum_verification=True) as parquet:
            return parquet.read_row_group(group, columns=[*columns], use_threads=False).select(columns)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise TrainError(f"{file}, row group {group}, is damaged: {error}. {_REMEDY}") from None
