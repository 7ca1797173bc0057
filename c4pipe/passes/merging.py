"""From finished shards to the corpus: which rows make up which output shard, and in which order.

Row groups are put in a seeded order and cut into equal runs of rows, one for each output shard. Inside a shard, rows
are ordered by the hash of their source. The result does not depend on which worker finished first.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from c4pipe.benchmarks.items import ITEMS
from c4pipe.corpus.stats import Stats
from c4pipe.files.storage import Store
from c4pipe.passes.finished import FinishedRows, GroupFound, RowSlice
from c4pipe.passes.ordering import ShardRows, SortedRows, seeded
from c4pipe.passes.sample import Sampled, sample_table
from c4pipe.shards import (
    PARQUET_ALONE,
    REJECTED_FOLDER,
    ROW_GROUP_ROWS,
    HashingStream,
    ParquetSink,
    as_in_parquet,
    pages_of,
    rejected_schema,
    shard_files,
    shard_name,
)
from c4pipe.stages import Size
from c4pipe.text import hash64, many

SHARD_BYTES = 700 << 20  # in Arrow, some 256 MB compressed; viewers and loaders like 200 to 500 MB
VALIDATION_SHARE = 128  # allenai/c4 has 1024 train shards and 8 of validation


class OutputShard(NamedTuple):
    """One file of the corpus and the rows it consists of."""

    config: str
    split: str
    number: int
    of: int
    pieces: tuple[RowSlice, ...]

    @property
    def path(self) -> str:
        """Its name inside the corpus."""
        return f"{self.config}/{shard_name(self.split, self.number, self.of)}"


def shard_count(split: str, rows: int, size: int, shards: int | None) -> int:
    """The number of files of a split: `shards` for train and their 128th part for validation, or by `size` in bytes."""
    if shards is None:
        wanted = -(-size // SHARD_BYTES)
    else:
        wanted = shards if split == "train" else -(-shards // VALIDATION_SHARE)
    return max(1, min(wanted, rows))


def plan_split(config: str, split: str, groups: Iterable[GroupFound], shards: int | None) -> Iterator[OutputShard]:
    """Cuts the row groups of one split into output shards of equal rows."""
    ordered = sorted(groups, key=lambda group: (hash64(f"{config}/{split}/{group.name}"), group))
    starts = [0, *accumulate(group.rows for group in ordered)]
    total = starts[-1]
    count = shard_count(split, total, sum(group.nbytes for group in ordered), shards)
    bounds = [total * i // count for i in range(count + 1)]
    for index, (start, stop) in enumerate(pairwise(bounds)):
        # Only groups that hold some of the rows: a crawl has 180,000 row groups and 1,000 shards.
        chosen = slice(bisect_right(starts, start) - 1, bisect_left(starts, stop))
        yield OutputShard(config, split, index, count, tuple(_cut(ordered[chosen], starts[chosen], start, stop)))


def _cut(groups: list[GroupFound], starts: list[int], start: int, stop: int) -> Iterator[RowSlice]:
    """The pieces that hold the rows from `start` to `stop` of row groups that begin at `starts`."""
    for group, at in zip(groups, starts, strict=True):
        low, high = max(start, at), min(stop, at + group.rows)
        if low < high:
            yield RowSlice(group, low - at, high - low)


def write_shard(
    shard: OutputShard,
    store: Store,
    folder: str,
    held: int | None = None,
    formats: Sequence[str] = PARQUET_ALONE,
) -> tuple[dict[str, Any], Stats]:
    """Writes one shard of the corpus, with the columns of the finished files. Returns its row of the manifest, and the
    counts of its pages. `held` and `formats` are those of `write_rows`.
    """
    stats = Stats()

    def count(group: pa.Table) -> None:
        size = pc.sum(pc.binary_length(group["text"])).as_py()
        lengths, languages, votes, dates, urls = (column.to_pylist() for column in _counted(group))
        stats.kept_all(lengths, size, [*zip(languages, votes, strict=True)], dates, urls)
        if ITEMS in group.column_names:
            for page in pages_of(group, [ITEMS]):
                stats.marked(page)

    finished = [FinishedRows(piece, store) for piece in shard.pieces]
    schema = as_in_parquet(finished[0].columns())
    pieces: list[SortedRows] = [*finished] if held is not None else [piece.whole() for piece in finished]
    place = shard.path, shard.config, shard.split
    return write_rows(place, pieces, schema, store, folder, count, held, formats), stats


def _counted(group: pa.Table) -> list[pa.ChunkedArray]:
    """What is counted of each page: characters, language, votes, date and URL."""
    names = ("language", "language_votes", "timestamp", "url")
    return [pc.utf8_length(group["text"]), *(group[name] for name in names)]


def write_rows(
    place: tuple[str, str, str],
    pieces: Sequence[SortedRows],
    schema: pa.Schema,
    store: Store,
    folder: str,
    count: Callable[[pa.Table], None],
    held: int | None = None,
    formats: Sequence[str] = PARQUET_ALONE,
) -> dict[str, Any]:
    """Writes rows as a shard of the corpus. Returns its row of the manifest, in which `memory` is what `datasets`
    counts while it reads the file.

    Args:
        place: the path of the file inside the corpus, its config and split.
        pieces: one or more.
        schema: the columns.
        count: called with each row group.
        held: bytes of rows in memory at once, in Arrow, rounded to whole row groups. If there are more, the pieces are
            opened once for each part. None: all rows.
        formats: the formats of the shard.
    """
    rows = ShardRows(pieces, schema.names, held)
    with shard_files(store, folder, place[0], schema, formats) as files:
        for found in rows.groups():
            group = found if found.schema == schema else found.cast(schema)
            files.write(group)
            count(group)
    return dict(zip(("path", "config", "split"), place, strict=True)) | {"rows": rows.total} | files.row()


def write_empty_shard(
    config: str, schema: pa.Schema, store: Store, folder: str, formats: Sequence[str] = PARQUET_ALONE
) -> dict[str, Any]:
    """Writes the one shard of a corpus that kept no page: its columns, but no row. Returns its row of the manifest.

    Without it a loader would search for pages itself, and might take other files.
    """
    path = OutputShard(config, "train", 0, 1, ()).path
    with shard_files(store, folder, path, schema, formats) as files:
        pass
    return {"path": path, "config": config, "split": "train", "rows": 0} | files.row()


def sources_in(path: Path) -> list[str]:
    """Where the pages of a file of a corpus came from."""
    sources: list[str] = pq.read_table(path, columns=["source"])["source"].to_pylist()
    return sources


def leave_out(
    shard: OutputShard, size: Size, pages: int, cap: int | None, store: Store, folder: str
) -> tuple[dict[str, Any] | None, Stats]:
    """Moves `cap` pages (None: all) of a shard into the rejected table, because its config has only so many `pages`.

    Returns the row of the manifest if there is a file, and counts of what was dropped.
    """
    table = seeded(pa.concat_tables(FinishedRows(piece, store).table() for piece in shard.pieces))
    stats = Stats()
    for url in table["url"].to_pylist():
        stats.rejected(url)
    if cap == 0:
        return None, stats
    code, detail = size.FEW.code, f"{shard.config}: {many(pages, 'page')}"
    shown = pages_of(table.slice(0, cap))
    rows = sample_table(Sampled(0, -1, page, size.name, code, detail) for page in shown)
    name = f"{size.name}-{code}-{shard.config}-{shard.split}-{shard.number:05d}"
    return write_rejected(name, rows, store, folder), stats


def write_rejected(name: str, rows: pa.Table, store: Store, folder: str) -> dict[str, Any]:
    """Writes one part of the rejected table. Returns its row of the manifest."""
    path = f"{REJECTED_FOLDER}/part-{name}.parquet"
    with store.write(f"{folder}/{path}") as raw:
        stream = HashingStream(raw)
        schema = rejected_schema(rows.schema)
        sink = ParquetSink(stream, schema)  # type: ignore[arg-type]
        for start in range(0, rows.num_rows, ROW_GROUP_ROWS):
            sink.write(rows.slice(start, ROW_GROUP_ROWS).select(schema.names))
        sink.close()
    return {"path": path, "rows": rows.num_rows, "bytes": stream.tell(), "sha256": stream.sha256}
