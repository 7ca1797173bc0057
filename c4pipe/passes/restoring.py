"""What `remove` needs: every page that reached the first text dedup and is not in a shard unchanged.

staged pages of the first leg, NNNNNN.came.arrow --write_restore--> __restore/part-NNNNNN.parquet

A page that was kept with its text unchanged, and lost no claim, is already in a shard.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from c4pipe.files.storage import Store
from c4pipe.page import Page
from c4pipe.passes.losses import Survivor
from c4pipe.passes.staged import CLAIM_FIELDS, LINK_FIELDS
from c4pipe.passes.tables import TableSource, write_table
from c4pipe.shards import RESTORE_FOLDER, ROW_GROUP_BYTES, ROW_GROUP_ROWS, TEXT_MD5, HashingStream, ParquetSink

LEGS = pa.field("legs", pa.int8())  # text dedups that a page reached, plus one if it was kept
CAME_SCHEMA = pa.schema([pa.field("row", pa.int64()), LEGS, pa.field("changed", pa.bool_())])


class Came:
    """How far each page of a unit came that reached the first text dedup, and whether it lost something."""

    def __init__(self) -> None:
        self._legs: dict[int, int] = {}  # by row, in ascending order
        self._changed: set[int] = set()

    @classmethod
    def read(cls, store: Store, path: str) -> Came:
        """As written after the leg before."""
        came = cls()
        with store.read(path) as stream:
            rows, legs, changed = (column.to_pylist() for column in TableSource(stream).table())
        came._legs = dict(zip(rows, legs, strict=True))
        came._changed = {row for row, lost in zip(rows, changed, strict=True) if lost}
        return came

    def take(self, survivor: Survivor, leg: int, left: Page | None) -> None:
        """A page that reached the dedup of leg number `leg`, and how it left the stages after it (None: rejected)."""
        self._legs[survivor.row] = leg + 1 + (left is not None)
        changed = survivor.losses is not None or (left is not None and left.text != survivor.page.text)
        if changed or not survivor.page.url:  # without a URL, no shard tells its priority
            self._changed.add(survivor.row)

    def write(self, store: Store, path: str) -> None:
        """The inverse of `read`."""
        rows = [*self._legs]
        columns = [rows, [*self._legs.values()], [row in self._changed for row in rows]]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, CAME_SCHEMA, strict=True)]
        with store.write(path) as stream:
            write_table(stream, pa.table(arrays, schema=CAME_SCHEMA))


class UnitFiles(NamedTuple):
    """A unit with pages that may come back, and two of its files."""

    number: int
    staged: str  # its pages before the first text dedup
    came: str  # of `Came`, after all text dedups


def restore_fields(linked: bool) -> list[pa.Field]:
    """The columns of these files after those of pages; `linked` pages are compared as a whole."""
    return [TEXT_MD5, *CLAIM_FIELDS, *(LINK_FIELDS if linked else ()), LEGS]


def write_restore(
    unit: UnitFiles, dedups: int, left_out: Collection[str], store: Store, folder: str
) -> dict[str, Any] | None:
    """Writes the part of a unit. Returns its row of the manifest, None if no page belongs there.

    Columns and order are those of the staged pages, followed by `LEGS`.

    Args:
        dedups: text dedups in the preset.
        left_out: `source` of pages that passed all stages, in a language dropped for its size.
    """
    groups = _row_groups(unit, dedups, left_out, store)
    first = next(groups, None)
    if first is None:
        return None
    path, rows = f"{RESTORE_FOLDER}/part-{unit.number:06d}.parquet", 0
    with store.write(f"{folder}/{path}") as raw:
        stream = HashingStream(raw)
        sink = ParquetSink(stream, first.schema)  # type: ignore[arg-type]
        for group in chain([first], groups):
            sink.write(group)
            rows += group.num_rows
        sink.close()
    return {"path": path, "rows": rows, "bytes": stream.tell(), "sha256": stream.sha256}


def _row_groups(unit: UnitFiles, dedups: int, left_out: Collection[str], store: Store) -> Iterator[pa.Table]:
    """The pages of a unit that belong there, as row groups."""
    with store.read(unit.came) as stream:
        rows, legs, changed = (column.to_numpy() for column in TableSource(stream).table())
    held: list[pa.Table] = []
    with store.read(unit.staged) as stream:
        file = TableSource(stream)
        schema = pa.schema([field.with_type(_as_in_parquet(field.type)) for field in file.schema])
        for batch in file:
            table = pa.Table.from_arrays(batch.columns, schema=schema)
            mine = table["row"].to_numpy()
            at = np.searchsorted(rows, mine)
            there = at < len(rows)
            there[there] = rows[at[there]] == mine[there]  # others lost their URL
            far, lost = np.zeros(len(mine), np.int8), np.zeros(len(mine), bool)
            far[there], lost[there] = legs[at[there]], changed[at[there]]
            if left_out:
                far[pc.is_in(table["source"], pa.array([*left_out])).to_numpy()] = dedups
            chosen = there & (lost | (far <= dedups))
            if chosen.any():
                held.append(table.append_column(LEGS, pa.array(far)).filter(pa.array(chosen)))
            if sum(map(len, held)) >= ROW_GROUP_ROWS or sum(part.nbytes for part in held) >= ROW_GROUP_BYTES:
                yield pa.concat_tables(held)
                held = []
    if held:
        yield pa.concat_tables(held)


def _as_in_parquet(kind: pa.DataType) -> pa.DataType:
    """A type whose list items are named as in Parquet: the files store the Arrow schema."""
    if pa.types.is_list(kind):
        inside = kind.value_field
        return pa.list_(pa.field("element", _as_in_parquet(inside.type), inside.nullable))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_as_in_parquet(field.type)) for field in kind])
    return kind
