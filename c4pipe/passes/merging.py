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
import pyarrow.parquet as pq

from c4pipe.benchmarks.items import ITEMS
from c4pipe.corpus.stats import Stats
from c4pipe.files.storage import Store
from c4pipe.passes.ordering import Held, Pieces, ShardRows, seeded_order
from c4pipe.passes.sample import Sampled, sample_table
from c4pipe.shards import (
    PARQUET_ALONE,
    REJECTED_FOLDER,
    ROW_GROUP_ROWS,
    HashingStream,
    ParquetSink,
    pages_of,
    rejected_schema,
    shard_files,
    shard_name,
)
from c4pipe.stages import Size
from c4pipe.text import hash64, many

SHARD_BYTES = 256 << 20  # compressed; viewers and loaders like 200 to 500 MB
VALIDATION_SHARE = 128  # allenai/c4 has 1024 train shards and 8 of validation


class GroupFound(NamedTuple):
    """A row group of a finished file."""

    path: str
    number: int  # in its file
    rows: int
    bytes: int  # compressed
    nbytes: int  # in Arrow


class RowSlice(NamedTuple):
    """Rows of one row group of one finished file."""

    path: str
    group: int
    start: int
    rows: int
    nbytes: int  # in Arrow; of a part of a row group, by its share of the rows


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
    """The number of files of a split: `shards` for train and their 128th part for validation, or by compressed
    bytes.
    """
    if shards is None:
        wanted = -(-size // SHARD_BYTES)
    else:
        wanted = shards if split == "train" else -(-shards // VALIDATION_SHARE)
    return max(1, min(wanted, rows))


def plan_split(
    config: str, split: str, groups: Iterable[GroupFound], shards: int | None
) -> Iterator[OutputShard]:
    """Cuts the row groups of one split into output shards of equal rows."""
    ordered = sorted(groups, key=lambda g: (hash64(f"{config}/{split}/{g.path.rpartition('/')[2]}/{g.number}"), *g[:2]))
    starts = [0, *accumulate(group.rows for group in ordered)]
    total = starts[-1]
    count = shard_count(split, total, sum(group.bytes for group in ordered), shards)
    bounds = [total * i // count for i in range(count + 1)]
    for index, (start, stop) in enumerate(pairwise(bounds)):
        # Only groups that hold some of the rows: a crawl has 180,000 row groups and 1,000 shards.
        chosen = slice(bisect_right(starts, start) - 1, bisect_left(starts, stop))
        yield OutputShard(config, split, index, count, tuple(_cut(ordered[chosen], starts[chosen], start, stop)))


def _cut(groups: list[GroupFound], starts: list[int], start: int, stop: int) -> Iterator[RowSlice]:
    """The pieces that hold the rows from `start` to `stop` of row groups that begin at `starts`."""
    for (path, number, rows, _, nbytes), at in zip(groups, starts, strict=True):
        low, high = max(start, at), min(stop, at + rows)
        if low < high:
            yield RowSlice(path, number, low - at, high - low, nbytes * (high - low) // rows)


def write_shard(
    shard: OutputShard,
    store: Store,
    folder: str,
    held: Held | None = None,
    formats: Sequence[str] = PARQUET_ALONE,
) -> tuple[dict[str, Any], Stats]:
    """Writes one shard of the corpus, with the columns of the finished files. Returns its row of the manifest, and the
    counts of its pages. `held` and `formats` are those of `write_rows`.
    """
    stats = Stats()

    def count(group: pa.Table) -> None:
        for page in pages_of(group, [ITEMS] if ITEMS in group.column_names else []):
            stats.kept(page)

    def read(columns: Sequence[str]) -> Iterator[pa.Table]:
        return (_read(piece, store, columns) for piece in shard.pieces)

    with store.read(shard.pieces[0].path) as stream:
        schema = pq.read_schema(stream).remove_metadata()
    pieces = Pieces(schema, sum(piece.nbytes for piece in shard.pieces), read)
    return write_rows((shard.path, shard.config, shard.split), pieces, store, folder, count, held, formats), stats


def write_rows(
    place: tuple[str, str, str],
    pieces: Pieces,
    store: Store,
    folder: str,
    count: Callable[[pa.Table], None],
    held: Held | None = None,
    formats: Sequence[str] = PARQUET_ALONE,
) -> dict[str, Any]:
    """Writes rows as a shard of the corpus, which orders them. Returns its row of the manifest, in which `memory` is

    Args:
        place: the path of the file inside the corpus, its config and split.
        count: called with each row group.
        held: how much is in memory at once. If the rows have more bytes, their order is read first, and all of them
            for each part. None: all rows, read once.
        formats: the formats of the shard.
    """
    rows = ShardRows(pieces, held)
    with shard_files(store, folder, place[0], pieces.schema, formats) as files:
        for group in rows.groups():
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
    table = pa.concat_tables([_read(piece, store) for piece in shard.pieces])
    stats = Stats()
    for url in table["url"].to_pylist():
        stats.rejected(url)
    if cap == 0:
        return None, stats
    code, detail = size.FEW.code, f"{shard.config}: {many(pages, 'page')}"
    shown = pages_of(table.take(seeded_order(table)[1][:cap]))
    rows = sample_table(Sampled(0, -1, page, size.name, code, detail) for page in shown)
    name = f"{size.name}-{code}-{shard.config}-{shard.split}-{shard.number:05d}"
    return write_rejected(name, rows, store, folder), stats


def _read(piece: RowSlice, store: Store, columns: Sequence[str] | None = None) -> pa.Table:
    with store.read(piece.path) as stream:
        group = pq.ParquetFile(stream).read_row_group(piece.group, columns)
    return group.slice(piece.start, piece.rows).replace_schema_metadata()


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
