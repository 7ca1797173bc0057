"""The key files of a corpus: written by a build, or computed from the shards of a corpus without them.

claims --write_keys--> keys/<stage>.keys      shards --keys_from_shards--> the same files, of kept pages alone
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from c4pipe.corpus.plan import Plan
from c4pipe.corpus.trunk import trunk_digest, trunk_of
from c4pipe.dedup import TextLevel
from c4pipe.dedup.claims import Atoms, claims, page_priority
from c4pipe.errors import ConfigError
from c4pipe.files.storage import LocalStore, Store
from c4pipe.keys import ALL_PAGES, KEPT_PAGES, KeyReader, KeyWriter, key_path, merged, ranges, united
from c4pipe.page import Page
from c4pipe.progress import LIVE, PLAIN, ProgressReporter
from c4pipe.scratch import scratch
from c4pipe.shards import MANIFEST, HashingStream
from c4pipe.text import hash64, many, printable
from c4pipe.text.urls import as_read, stand_in, url_key

Pieces = Iterable[tuple[NDArray[np.uint64], NDArray[np.uint64]]]  # ascending keys, and their owners
RUN_KEYS = 4 << 20  # of a run, which is sorted in memory: 16 B per key, twice that while sorting
PIECE_KEYS = 1 << 20  # merged at once, over all runs
PAGES_READ = 1000  # of a shard at a time


def write_keys(
    store: Store, folder: str, stage: str, described: Mapping[str, Any], pieces: Pieces, of: str = ALL_PAGES
) -> dict[str, Any]:
    """Writes the keys of a dedup; returns its row in the manifest's list `keys`: path, keys, bytes, sha256.

    Args:
        stage: its name. Keys of URLs have no owners; those in `pieces` are ignored.
        described: the manifest, as far as it describes the trunk (`corpus.trunk`).
        pieces: together every key once, in ascending order.
        of: ALL_PAGES that reached the dedup, or KEPT_PAGES.
    """
    rows = [row for row in trunk_of(described)["preset"]["stages"] if "level" in row]
    level = next(row["level"] for row in rows if row["stage"] == stage)
    header = {"of": of, "trunk": trunk_digest(described), "stage": stage, "level": level}
    owned, path = stage != rows[0]["stage"], key_path(stage)
    with store.write(f"{folder}/{path}") as stream:
        hashing = HashingStream(stream)
        writer = KeyWriter(hashing, header, owned)
        for keys, owners in pieces:
            writer.add(keys, owners if owned else None)
        writer.close()
    return {"path": path, "keys": writer.count, "bytes": hashing.tell(), "sha256": hashing.sha256}


def keys_from_shards(
    folder: str, manifest: Mapping[str, Any], plan: Plan, store: Store, output: str, temporary: str | None = None
) -> list[dict[str, Any]]:
    """Writes the files of keys of a corpus into another folder, from its kept pages. Returns their rows.

    Its rejected pages, and what was cut from the others, are no longer known: a later page that repeats them stays. A
    page without a URL is named by the MD5 of its kept text. Memory is bounded; runs to be sorted are in a folder of
    ours below `temporary`, 14 bytes for each claim. ConfigError for a shard that differs from the manifest.

    Args:
        plan: of a preset with the same trunk as the corpus: the build's, after `check_trunk`.
    """
    levels = [plan.level(leg) for leg in range(len(plan.texts))]
    names = [plan.names()[i] for i in (plan.url_index, *plan.texts)]
    with scratch("keys", temporary) as place, _Telling(folder, len(manifest["shards"])) as told:
        runs = [Runs(place / str(number)) for number in range(len(names))]
        for row in manifest["shards"]:
            for urls, texts in _pages(f"{folder}/{row['path']}", row, store):
                _claim(urls, texts, levels, runs)
                told.pages += len(urls)
            told.files += 1
        return [
            write_keys(store, output, name, manifest, run.pieces(), KEPT_PAGES)
            for name, run in zip(names, runs, strict=True)
        ]


class Runs:
    """Keys in any order, sorted on disk: runs are written as files and merged at the end."""

    def __init__(self, folder: Path, run_keys: int = RUN_KEYS):
        self._folder, self._most, self._store = folder, run_keys, LocalStore()
        self._held: list[tuple[NDArray[np.uint64], NDArray[np.uint64]]] = []
        self._count = 0
        self._readers: list[KeyReader] = []

    def add(self, keys: NDArray[np.uint64], owners: NDArray[np.uint64]) -> None:
        """More keys, [n] both; for a repeated key the smallest owner counts."""
        self._held.append((keys, owners))
        self._count += len(keys)
        if self._count >= self._most:
            self._flush()

    def pieces(self) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.uint64]]]:
        """All keys in ascending order, each once."""
        self._flush()
        for first, last in ranges(self._readers, PIECE_KEYS):
            yield merged(self._readers, first, last)

    def _flush(self) -> None:
        if not self._count:
            return
        keys, owners = united(*(np.concatenate(parts) for parts in zip(*self._held, strict=True)))
        path = str(self._folder / str(len(self._readers)))
        with self._store.write(path) as stream:
            writer = KeyWriter(stream, {}, owners=True)
            writer.add(keys, owners)
            writer.close()
        self._readers.append(KeyReader(self._store, path))
        self._held, self._count = [], 0


def _claim(urls: list[str], texts: list[str], levels: Sequence[TextLevel | None], runs: Sequence[Runs]) -> None:
    """Adds the claims of these pages: URLs to the first of the runs, atoms of each level to the others."""
    addresses = np.array([hash64(url_key(url)) for url in urls if url], np.uint64)
    runs[0].add(addresses, np.zeros(len(addresses), np.uint64))
    names = (stand_in(as_read(Page(url, text, ""))) for url, text in zip(urls, texts, strict=True))
    priorities = np.array([page_priority(name) for name in names], np.uint64)
    for level, run in zip(levels, runs[1:], strict=True):
        assert level is not None
        rows = [level.atoms(text) for text in texts]
        found = claims(Atoms.of(rows, priorities), level.width, np.ones(len(rows), bool))
        run.add(found.keys, found.priorities)


def _pages(path: str, row: Mapping[str, Any], store: Store) -> Iterator[tuple[list[str], list[str]]]:
    """URLs and texts of a shard, a batch at a time, after its checksum is compared with the manifest."""
    seen = 0
    try:
        with store.read(path) as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
            if found != row["sha256"]:
                raise ConfigError(
                    f"{path} is damaged, or belongs to another corpus: its sha256 is {found}, {MANIFEST} says "
                    f"{row['sha256']}. {_REMEDY}"
                )
            stream.seek(0)
            file = pq.ParquetFile(stream, page_checksum_verification=True)
            for batch in file.iter_batches(PAGES_READ, columns=["url", "text"], use_threads=False):
                seen += batch.num_rows
                yield batch.column("url").to_pylist(), batch.column("text").to_pylist()
    except (pa.ArrowException, OSError) as error:
        what = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise ConfigError(f"{path} cannot be read ({what}). {_REMEDY}") from None
    if seen != row["rows"]:
        raise ConfigError(f"{path} holds {many(seen, 'page')}, its manifest says {row['rows']:,}. {_REMEDY}")


_REMEDY = "Copy the corpus again."


class _Telling(ProgressReporter):
    """Progress of reading the pages of a corpus: a live line on a terminal, occasional plain lines elsewhere."""

    def __init__(self, folder: str, total: int):
        self._folder, self._total = folder, total
        self.files = self.pages = 0
        super().__init__()

    def show(self) -> None:
        live = sys.stderr.isatty()
        begin, end = ("\r", "\x1b[K") if live else ("", "\n")
        while self.waited(LIVE if live else PLAIN):
            print(f"{begin}{self.line()}{end}", end="", file=sys.stderr, flush=True)
        if live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def line(self) -> str:
        done = f"{self.files:,} of {many(self._total, 'file')}, {many(self.pages, 'page')}"
        return printable(f"keys of {self._folder} from its pages: {done}")
