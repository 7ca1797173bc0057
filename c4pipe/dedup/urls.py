"""URL dedup: of all pages with one URL key, the newest stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from c4pipe.dedup.claims import NOTHING_OWNED, Blob, Owned, Resolved, cuts, sort_keys
from c4pipe.page import Reason, Unit
from c4pipe.part import Part

URL_LOSS = np.dtype([("row", "<u4"), ("old", "?")])  # a page that loses its URL, and whether to an earlier corpus


@dataclass(frozen=True)
class UrlLevel(Part):
    """The page with the latest date wins, an undated one only if all are undated; of equal ones the first in the
    input. A page without a URL has no rivals.

    Dates have one form (`text.dates`), so they are compared as strings, without the Z: one with milliseconds is
    later than its second. `as_written` includes the Z, because the reference compares any strings.
    A claim is (key 8 B, row 4 B, date), about 40 bytes per page.
    """

    as_written: bool = False

    OLDER: ClassVar = Reason(
        "older_copy",
        Unit.PAGE,
        "has a URL for which there is a newer page",
        source="TFDS c4 3.1.0 c4_utils.select_newest_page",
        why="One of several copies of a page is enough, and the newest is the author's latest version.",
    )

    KNOWN: ClassVar = Reason(
        "earlier_copy",
        Unit.PAGE,
        "has a URL for which there is a page in an earlier corpus",
        source="ours",
        why="A corpus of a later crawl then only holds what is new in it.",
    )

    kind: ClassVar = "level"
    by_url: ClassVar = True
    reasons: ClassVar[tuple[Reason, ...]] = (OLDER, KNOWN)

    def scatter(self, keys: pa.Array, dates: pa.Array, partitions: int) -> Iterator[tuple[int, bytes]]:
        """(partition, claims) for the pages of a group, rows numbered from 0; `partitions` is a power of two.

        `keys` are 64-bit hashes, null for a page that claims nothing.
        """
        claiming = np.flatnonzero(keys.is_valid().to_numpy(zero_copy_only=False))
        dates = dates if self.as_written else pc.utf8_rtrim(dates, "Z")
        hashes, places = sort_keys(keys.drop_null().to_numpy().astype(np.uint64))
        rows = claiming[places]
        for number, start, stop in cuts(hashes, partitions):
            mine = rows[start:stop]
            yield number, _pack(hashes[start:stop], mine.astype(np.uint32), dates.take(pa.array(mine)))

    def resolve(self, blobs: Iterable[Blob], before: Owned = NOTHING_OWNED) -> Resolved:
        """The result for all claims of a partition; claims on keys that were owned `before` all lose. Losses are
        `URL_LOSS`; URLs have no owners other than themselves. The order of the blobs does not matter."""
        tables = [_unpack(group, data) for group, data in sorted(blobs)]
        if not tables:
            return Resolved({}, NOTHING_OWNED)
        by = [("key", "ascending"), ("date", "descending"), ("group", "ascending"), ("row", "ascending")]
        table = pa.concat_tables(tables).sort_by(by)
        keys = table["key"].to_numpy()
        again = np.zeros(len(keys), bool)
        np.equal(keys[1:], keys[:-1], out=again[1:])
        known, _ = before.places_of(keys)
        new = keys[~(again | known)]
        fallen = np.flatnonzero(again | known)
        rows, groups = table["row"].to_numpy()[fallen], table["group"].to_numpy()[fallen]
        order = np.lexsort((rows, groups))
        lost = np.empty(len(fallen), URL_LOSS)
        lost["row"], lost["old"] = rows[order], known[fallen][order]
        numbers, starts = np.unique(groups[order], return_index=True)
        losses = dict(zip(numbers.tolist(), np.split(lost, starts[1:]), strict=False))
        return Resolved(losses, Owned(new, np.zeros(len(new), np.uint64)))


def _pack(keys: NDArray[np.uint64], rows: NDArray[np.uint32], dates: pa.Array) -> bytes:
    return packed_table(pa.table({"key": keys, "row": rows, "date": dates.cast(pa.binary())}))


def _unpack(group: int, data: bytes) -> pa.Table:
    table = unpacked_table(data)
    return table.append_column("group", pa.array(np.full(table.num_rows, group, np.uint32)))


def packed_table(table: pa.Table) -> bytes:
    """A table as bytes."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def unpacked_table(data: bytes) -> pa.Table:
    """The inverse of `packed_table`."""
    return pa.ipc.open_stream(data).read_all()
