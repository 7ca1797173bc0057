"""How the rows of a shard are cut into row groups: as they arrive, or by content.

With a fixed number of rows per group, one dropped page shifts all that follow, so every later group changes. Here a
hash of the next page decides where a group ends, so after a change the groups soon begin where they did before.
pyarrow's content-defined chunks do the same within the columns of a group.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from c4pipe.shards.sink import ROW_GROUP_BYTES, ROW_GROUP_ROWS
from c4pipe.text import hash64

LEAST_GROUP_ROWS = ROW_GROUP_ROWS // 2
MOST_GROUP_ROWS = 2 * ROW_GROUP_ROWS
CUT_ONE_IN = ROW_GROUP_ROWS // 2  # rows beyond the minimum, so a group has about `ROW_GROUP_ROWS`


class Regrouping(Protocol):
    """Takes the rows of a shard, piece by piece, and yields row groups."""

    def add(self, table: pa.Table) -> Iterator[pa.Table]: ...

    def rest(self) -> Iterator[pa.Table]:
        """What remains after the last piece."""


class AsTheyCome:
    """One row group per piece."""

    def add(self, table: pa.Table) -> Iterator[pa.Table]:
        yield table

    def rest(self) -> Iterator[pa.Table]:
        return iter(())


class ByContent:
    """Cut before a page whose `source` hashes to a boundary, and where a group would be too large: the same groups for
    the same rows, however these arrive.
    """

    def __init__(self) -> None:
        self._held: list[pa.Table] = []
        self._rows = self._bytes = 0

    def add(self, table: pa.Table) -> Iterator[pa.Table]:
        start = 0
        sizes = pc.binary_length(table["text"]).to_pylist()
        for at, (source, size) in enumerate(zip(table["source"].to_pylist(), sizes, strict=True)):
            if self._ends(source, size):
                self._held.append(table.slice(start, at - start))
                yield from self.rest()
                start = at
            self._rows += 1
            self._bytes += size
        self._held.append(table.slice(start))

    def _ends(self, source: str, size: int) -> bool:
        """Whether a group ends before this page."""
        if self._rows >= MOST_GROUP_ROWS or (self._rows and self._bytes + size > ROW_GROUP_BYTES):
            return True
        return self._rows >= LEAST_GROUP_ROWS and hash64(source) % CUT_ONE_IN == 0

    def rest(self) -> Iterator[pa.Table]:
        if self._rows:
            yield pa.concat_tables(self._held).combine_chunks()
        self._held, self._rows, self._bytes = [], 0, 0
