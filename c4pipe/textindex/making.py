"""Builds the index of a corpus: one pass over its shards, with memory that does not grow with them.

    shards --row group by row group--> texts in blocks --> __text/pages.texts
                                   \\--> (gram, page), sorted beyond memory --> __text/grams.keys

It takes about 2 bytes on disk per byte of text, more in a small corpus, and during the build 2.7 more, below the
corpus. Both files are the same whenever they are rebuilt. They are moved into place complete, and listed in
added.json.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.disk import put_aside, sync
from c4pipe.errors import BuildError, ConfigError
from c4pipe.keys import KeyWriter, SortedRuns
from c4pipe.scratch import scratch
from c4pipe.shards import adopt_files, is_added, is_named, read_manifest
from c4pipe.textindex.grams import known_grams
from c4pipe.textindex.index import PAGE_GRAMS, PAGE_TEXTS, CorpusShards
from c4pipe.textindex.least import GRAM, WINDOW
from c4pipe.textindex.texts import TextWriter, utf8_of

INDEX_FILES = (PAGE_GRAMS, PAGE_TEXTS)
KEYS_AT_ONCE = 2 << 20  # keys sorted together: 16 MB, a few times over
MOST_INDEXED = 2**32  # pages: their numbers are half of a key


class IndexMade(NamedTuple):
    """What was built."""

    pages: int
    text: int  # bytes, of UTF-8
    bytes: int  # of the index
    aside: list[Path]  # earlier files that were no longer as written, under their new names


def make_index(folder: Path, done: Callable[[int], object] = int) -> IndexMade:
    """Builds the index of a corpus, replacing an older one; `done` receives the number of pages read.

    Files of the older index that are no longer as written are moved aside.

    Raises ConfigError if there is no corpus, its folder cannot be written, or other files are in the way; BuildError
    for a damaged shard.
    """
    shards = CorpusShards(folder, read_manifest(folder))
    _check_place(folder, shards)
    with scratch("textindex", str(folder)) as work:
        runs, size = SortedRuns(work / "grams"), 0
        with (work / "texts").open("xb") as stream:
            texts = TextWriter(stream)
            for table in _tables(folder, shards):
                for text, url, timestamp in zip(*map(utf8_of, table.columns), strict=True):
                    runs.add(known_grams(text) << np.uint64(32) | np.uint64(texts.next))
                    texts.add(url, timestamp, text)
                    size += len(text)
                done(texts.next)
            checksum = texts.close()
            _settle(stream)
        header = {"of": shards.identity, "pages": shards.pages, "texts": checksum, "gram": GRAM, "window": WINDOW}
        with (work / "keys").open("xb") as stream:
            writer = KeyWriter(stream, header, owners=False)
            for part in runs.parts(KEYS_AT_ONCE):
                writer.add(part)
            writer.close()
            _settle(stream)
        wrong = [folder / name for name in INDEX_FILES if os.path.lexists(folder / name) and not is_added(folder, name)]
        aside = [put_aside(path) for path in wrong]
        adopt_files(folder, {PAGE_GRAMS: work / "keys", PAGE_TEXTS: work / "texts"})
    return IndexMade(shards.pages, size, sum((folder / name).stat().st_size for name in INDEX_FILES), aside)


def _settle(stream: Any) -> None:
    stream.flush()
    sync(stream.fileno())


def _check_place(folder: Path, shards: CorpusShards) -> None:
    if shards.pages >= MOST_INDEXED:
        raise ConfigError(f"{folder} has {shards.pages:,} pages, but an index can hold at most {MOST_INDEXED - 1:,}")
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"{folder} cannot be written: the index of a corpus is stored in its folder")
    for name in INDEX_FILES:
        if os.path.lexists(folder / name) and not is_named(folder, name):
            raise ConfigError(
                f"{folder / name} was not written by this command: added.json does not name it. Move it away, then run "
                "the command again."
            )


def _tables(folder: Path, shards: CorpusShards) -> Iterator[pa.Table]:
    """The texts, URLs and dates of the pages, one row group at a time."""
    for shard in shards.shards:
        path, rows = folder / shard.path, 0
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                for group in range(file.num_row_groups):
                    table = file.read_row_group(group, columns=["text", "url", "timestamp"], use_threads=False)
                    rows += table.num_rows
                    yield table.select(["text", "url", "timestamp"])
        except (pa.ArrowException, OSError, KeyError) as error:
            raise BuildError(f"{path} is damaged: {error}. Copy the corpus again or build it again.") from None
        if rows != shard.rows:
            raise BuildError(f"{path} has {rows:,} pages; the manifest says {shard.rows:,}. Copy the corpus again.")
