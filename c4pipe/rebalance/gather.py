"""The second half: an output shard collects its pieces, bucket by bucket, and orders their rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from c4pipe.corpus.stats import Stats
from c4pipe.errors import BuildError
from c4pipe.files.storage import Store
from c4pipe.rebalance.plan import MIXTURE_CONFIG, MixturePlan, MixtureShard
from c4pipe.rebalance.scatter import POSITION, Scattered, read_index, read_piece
from c4pipe.shards import PARQUET_ALONE, ShardFiles, rows_per_group, shard_files
from c4pipe.text.dates import MONTH_SEEN, month_of


def write_output(
    plan: MixturePlan,
    output: MixtureShard,
    staging: str,
    store: Store,
    folder: str,
    formats: Sequence[str] = PARQUET_ALONE,
) -> dict[str, Any]:
    """Writes one shard of the mixture; returns its entry in the manifest, with the statistics of its pages under
    `stats`."""
    split, path, stats = plan.splits[output.split], plan.path(output), Stats()
    rows = 0
    with shard_files(store, folder, path, plan.schema, formats) as files:
        pieces = _Pieces(plan, output, staging, store)
        for bucket in range(split.buckets):
            rows += _write_bucket(pieces.bucket(bucket), files, stats)
    row = {"path": path, "config": MIXTURE_CONFIG, "split": split.name, "rows": rows}
    return row | files.row() | {"stats": stats.to_json()}


def _write_bucket(found: tuple[pa.Table, pa.Array], files: ShardFiles, stats: Stats) -> int:
    """Writes rows in their order, one row group after another; returns their number."""
    table, order = found
    for start in range(0, len(order), step := rows_per_group(table.num_rows, table.nbytes)):
        files.write(table.take(order.slice(start, step)))
    _count(table, stats)
    return len(order)


class _Pieces:
    """What the sources wrote for one output shard. Pieces are read a bucket at a time."""

    def __init__(self, plan: MixturePlan, output: MixtureShard, staging: str, store: Store):
        self._split = plan.splits[output.split]
        self._first = output.shard * self._split.buckets
        self._schema = plan.schema.append(POSITION)
        self._store = store
        self._staging = staging
        self._files = []
        for number in plan.drawn(self._split):
            names = Scattered.of(staging, number)
            with store.read(names.starts) as stream:
                self._files.append((names.rows, read_index(stream, self._first, self._split.buckets)))

    def bucket(self, bucket: int) -> tuple[pa.Table, pa.Array]:
        """Its rows, and their order. BuildError if a document is missing or duplicated."""
        table = pa.Table.from_batches(self._batches(bucket), self._schema).combine_chunks()
        positions = table[POSITION.name].to_numpy()
        order = np.argsort(positions)
        edges = self._split.edges[self._first + bucket : self._first + bucket + 2]
        if not np.array_equal(positions[order], np.arange(*edges)):
            raise BuildError(
                f"{self._staging} lacks documents {edges[0]:,} to {edges[1] - 1:,}. Remove it, and run again."
            )
        return table.drop_columns(POSITION.name), pa.array(order)

    def _batches(self, bucket: int) -> Iterator[pa.RecordBatch]:
        for path, starts in self._files:
            spans = [(start, end) for start, end in starts[bucket : bucket + 2].T.tolist() if start < end]
            if spans:
                with self._store.read(path) as stream:
                    yield from [read_piece(stream, start, end, self._schema) for start, end in spans]


def _count(table: pa.Table, stats: Stats) -> None:
    """Adds the pages to the statistics, column by column."""
    chars = pc.utf8_length(table["text"]).to_numpy()
    stats.pages_kept += table.num_rows
    stats.chars_kept += int(chars.sum())
    stats.bytes_kept += int(pc.sum(pc.binary_length(table["text"])).as_py() or 0)
    bins, counts = np.unique(np.frexp(np.maximum(chars, 1))[1] - 1, return_counts=True)
    stats.lengths_kept.update(Counter({str(k): n for k, n in zip(bins.tolist(), counts.tolist(), strict=True)}))
    for name, counter in (("language", stats.languages), ("timestamp", stats.months)):
        if name in table.column_names:
            dates = name == "timestamp"
            values = pc.utf8_slice_codeunits(table[name], 0, MONTH_SEEN if dates else None)
            for item in pc.value_counts(values).to_pylist():
                counter[month_of(item["values"] or "") if dates else item["values"]] += item["counts"]
