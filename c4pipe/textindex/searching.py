"""Which pages of a corpus contain a text: by its index, or by a full scan if it has none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from c4pipe.errors import BuildError
from c4pipe.shards import read_manifest
from c4pipe.textindex.index import CorpusShards, TextIndex, open_index
from c4pipe.textindex.least import check_text
from c4pipe.textindex.texts import PageText, utf8_of

CHECKED = 200  # candidates read to get an exact count, even after all displayed pages were found


class Holder(NamedTuple):
    """A page that contains a text."""

    shard: str  # relative to the folder of the corpus
    row: int
    url: str
    timestamp: str
    text: str
    start: int  # characters before the first occurrence
    times: int  # number of occurrences, not counting overlapping ones


class Holders(NamedTuple):
    """The first pages that contain a text, in the order of the corpus, and how many there are."""

    pages: list[Holder]
    number: int
    exact: bool  # whether the count is exact; if not, it is an upper bound
    indexed: bool  # whether an index was used


def search_text(folder: Path, text: str, limit: int) -> Holders:
    """The first `limit` pages of a corpus that contain a text: every character, with case and blanks unchanged.

    Raises ConfigError for a text that is too short, and if there is no corpus; BuildError for damaged files, and for an
    index of other pages.
    """
    check_text(text)
    index = open_index(folder)
    if index is not None:
        return search_index(index, text, limit)
    return search_shards(folder, text, limit)


def search_index(index: TextIndex, text: str, limit: int) -> Holders:
    """The same with an open index."""
    check_text(text)
    sought = text.encode()
    most, candidates = index.candidates(sought)
    shown: list[Holder] = []
    count = failed = 0
    for page, found in index.holding(candidates, sought):
        if found is None:
            failed += 1
        else:
            count += 1
            if len(shown) < limit:
                shown.append(_holder(*index.shards.place(page), found, text))
        if len(shown) >= limit and count + failed >= max(CHECKED, limit):
            return Holders(shown, most - failed, False, True)
    return Holders(shown, count, True, True)


def search_shards(folder: Path, text: str, limit: int) -> Holders:
    """The same without an index, by a full scan."""
    check_text(text)
    shards = CorpusShards(folder, read_manifest(folder))
    shown: list[Holder] = []
    count = 0
    for shard, row, found in _scanned(folder, shards, text):
        count += 1
        if len(shown) < limit:
            shown.append(_holder(shard, row, found, text))
    return Holders(shown, count, True, False)


def _scanned(folder: Path, shards: CorpusShards, text: str) -> Iterator[tuple[str, int, PageText]]:
    columns = ["text", "url", "timestamp"]
    for shard in shards.shards:
        path, first = folder / shard.path, 0
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                for group in range(file.num_row_groups):
                    table = file.read_row_group(group, columns=columns, use_threads=False)
                    rows = pc.indices_nonzero(pc.match_substring(table["text"], text))
                    here = zip(*(utf8_of(column) for column in table.select(columns).take(rows).columns), strict=True)
                    for row, (content, url, timestamp) in zip(rows.to_pylist(), here, strict=True):
                        yield shard.path, first + row, PageText(url.decode(), timestamp.decode(), content)
                    first += table.num_rows
        except (pa.ArrowException, OSError, KeyError) as error:
            raise BuildError(f"{path} is damaged: {error}. Copy the corpus again or build it again.") from None


def _holder(shard: str, row: int, page: PageText, text: str) -> Holder:
    content = page.text.decode()
    return Holder(shard, row, page.url, page.timestamp, content, content.index(text), content.count(text))
