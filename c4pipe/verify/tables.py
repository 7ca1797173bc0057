"""Reads a Parquet file to its end, verifies each page's checksum, and counts: kept pages, rejected ones, or those that
may come back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from c4pipe.corpus.stats import Stats
from c4pipe.errors import BuildError
from c4pipe.shards import memory_of
from c4pipe.text import many
from c4pipe.text.dates import MONTH_SEEN, month_of

NEVER_NULL = ("text", "url")


@dataclass
class Counted:
    """The totals of one or more files."""

    rows: int = 0
    stats: Stats = field(default_factory=Stats)  # of kept pages: counts, languages, lengths, months
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)  # (stage, reason) -> pages
    legs: Counter[int] = field(default_factory=Counter)  # of pages that may come back: `legs` -> pages
    ascending: bool = True  # whether these are in the order of `row`
    memory: int | None = None  # bytes, as `memory_of`; None if it is not a sum over row groups
    schema: pa.Schema | None = None

    def add(self, other: Counted) -> None:
        """Adds the rows of another file."""
        self.rows += other.rows
        self.stats.add(other.stats)
        self.rejected.update(other.rejected)


def count_kept(path: Path) -> Counted:
    """A file of kept pages. BuildError, without the name, if it is not a complete Parquet file or lacks a text."""
    found = Counted(memory=0)
    for table in _groups(path, found):
        for name in NEVER_NULL:
            if name in table.column_names and table[name].null_count:
                raise BuildError(f"{many(table[name].null_count, 'row')} without a {name}")
        _add_pages(table, found.stats)
        found.memory = found.memory + memory_of(table) if found.memory is not None and _adds_up(table.schema) else None
    found.stats.pages_kept = found.rows
    return found


def count_rejected(path: Path) -> Counted:
    """A file of rejected pages. BuildError as above."""
    found = Counted()
    for table in _groups(path, found):
        if {"stage", "reason"} <= set(table.column_names):
            pairs = zip(table["stage"].to_pylist(), table["reason"].to_pylist(), strict=True)
            found.rejected.update(pairs)
    return found


def count_restored(path: Path) -> Counted:
    """A file of pages that may come back. BuildError as above."""
    found, last = Counted(), -1
    for table in _groups(path, found):
        if {"row", "legs"} <= set(table.column_names):
            found.legs.update(table["legs"].to_pylist())
            rows = [last, *table["row"].to_pylist()]
            found.ascending = found.ascending and all(before < row for before, row in pairwise(rows))
            last = rows[-1]
    return found


def _groups(path: Path, found: Counted) -> Iterator[pa.Table]:
    """The row groups of a file, checked; rows and schema are recorded in `found`."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            found.schema = file.schema_arrow.remove_metadata()
            for index in range(file.num_row_groups):
                table = file.read_row_group(index, use_threads=False)
                table.validate(full=True)  # texts are UTF-8
                found.rows += table.num_rows
                yield table
            if file.metadata.num_rows != found.rows:
                raise BuildError(f"its footer counts {many(file.metadata.num_rows, 'row')}, it holds {found.rows:,}")
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise BuildError(f"not a complete Parquet file ({' '.join(str(error).split())})") from None


def _add_pages(table: pa.Table, stats: Stats) -> None:
    """Counts the rows as `Stats.kept` does, a column at a time."""
    if "text" in table.column_names:
        chars = pc.utf8_length(table["text"]).to_numpy().astype(np.int64)
        stats.chars_kept += int(chars.sum())
        stats.bytes_kept += pc.sum(pc.binary_length(table["text"])).as_py() or 0
        bins = np.floor(np.log2(np.maximum(chars, 1))).astype(int)
        stats.lengths_kept.update({str(k): int(n) for k, n in enumerate(np.bincount(bins)) if n})
    for name, counter in (("language", stats.languages), ("timestamp", stats.months)):
        if name in table.column_names and pa.types.is_string(table[name].type):
            dates = name == "timestamp"
            column = pc.utf8_slice_codeunits(table[name], 0, MONTH_SEEN) if dates else table[name]
            for row in pc.value_counts(column).to_pylist():
                counter[month_of(row["values"] or "") if dates else row["values"]] += row["counts"]


def _adds_up(schema: pa.Schema) -> bool:
    """Whether the memory of a file is the sum over its row groups: no bits are rounded up to bytes in between."""
    return all(
        not each.nullable and (pa.types.is_string(each.type) or pa.types.is_floating(each.type)) for each in schema
    )
