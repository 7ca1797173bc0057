"""Parquet: each row is a record, and the columns determine the layout. Reads row group by row group."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from functools import partial
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.documents.columns import Way, is_sure, is_text, text_type, texts, values, way_to
from c4pipe.documents.fields import MOST_DETAIL, Fields, Location, document, is_missing, names, no_text, rejected
from c4pipe.documents.layouts import NO_KEYS, FieldKeys, Layout, layout_of
from c4pipe.documents.spans import WHOLE, Span
from c4pipe.documents.thrift import page_sizes
from c4pipe.documents.unpack import Guarded
from c4pipe.page import Verdict
from c4pipe.text import shortened
from c4pipe.wet.kinds import CUT_PARQUET, HEAD_BYTES, NO_ROWS, PARQUET, kind_of, text_kind
from c4pipe.wet.reasons import DAMAGED_MEMBER, TOO_LARGE, UNREADABLE
from c4pipe.wet.record import Limits
from c4pipe.wet.text import PREVIEW_CHARS

PARQUET_MARK = b"PAR1"  # at the beginning and at the end of a file
BATCH_ROWS = 256  # decoded at a time,
BUDGET = 64 << 20  # bytes; fewer rows if a few bytes may encode so long a value that they would exceed this
_BUFFER = 256 << 10  # bytes of compressed data read at a time
BAD_TABLE = (pa.ArrowException, OSError, ValueError, MemoryError)  # what pyarrow raises for bad bytes


def read_parquet(
    stream: Any, name: str, limits: Limits, span: Span = WHOLE, keys: FieldKeys = NO_KEYS
) -> Iterator[Verdict]:
    """A verdict for each row of the row groups that begin in the span, and one for the unreadable part of a row group.
    `stream` must also have `seek` and `tell`.

    A column's page is unpacked whole, as the format requires: 1 MB from usual writers, 2 GB at most.
    """
    guarded = Guarded(stream)
    try:
        file = opened_table(guarded)
        layout = table_layout(file.schema_arrow, keys)
        found = _unusable(file.schema_arrow, layout.text)
        wanted = found if isinstance(found, str) else Wanted.of(file.schema_arrow, layout, found)
        groups = _groups(file)
    except BAD_TABLE as error:
        wanted = _unlike_parquet(guarded) or fault_in(error, guarded)
    if isinstance(wanted, str):
        if not span.start:
            yield rejected(Location(name, 0), UNREADABLE, wanted)
        return
    if not span.start and not any(rows for *_, rows in groups):
        yield rejected(Location(name, 0), UNREADABLE, NO_ROWS.says)
    for group, (offset, row, rows) in enumerate(groups):
        if span.holds(offset):
            yield from _group(file, group, guarded, wanted, row, rows, name, limits)


def _unlike_parquet(guarded: Guarded) -> str | None:
    """What a file is that is not a complete Parquet file, by its beginning and its end; None if they do not tell."""
    if guarded.error is not None:
        return None
    guarded.seek(0)
    head = guarded.read(HEAD_BYTES)
    kind = kind_of(head) or text_kind(head)
    if kind is PARQUET:
        guarded.seek(-len(PARQUET_MARK), os.SEEK_END)
        return None if guarded.read() == PARQUET_MARK else CUT_PARQUET.says
    return None if kind is None else kind.says


def opened_table(guarded: Guarded) -> pq.ParquetFile:
    """The table in a file, of which only the footer is read."""
    source = pa.PythonFile(guarded, mode="r")
    return pq.ParquetFile(source, pre_buffer=False, buffer_size=_BUFFER, page_checksum_verification=True)


def table_layout(schema: pa.Schema, keys: FieldKeys) -> Layout:
    """How a table is laid out, without reading into maps and strings."""
    return layout_of(partial(is_sure, schema), keys)


def spans_of_rows(stream: Any, rows: Collection[int]) -> list[Span]:
    """The spans of a file, one for each row group, that hold any of these rows; none if it is not a table (any
    more)."""
    try:
        groups = _groups(opened_table(guarded := Guarded(stream)))
    except BAD_TABLE as error:
        fault_in(error, guarded)
        return []
    return [
        Span(offset, offset + 1) for offset, first, size in groups if any(first <= row < first + size for row in rows)
    ]


class Wanted(NamedTuple):
    """Where a table stores the fields of a page."""

    text: Way
    others: tuple[tuple[Way, ...], ...]  # for URL, date and name: the ways to try, in order

    @classmethod
    def of(cls, schema: pa.Schema, layout: Layout, text: Way) -> Wanted:
        each = ((way_to(schema, path) for path in paths) for paths in (layout.url, layout.date, layout.id))
        return cls(text, tuple(tuple(filter(None, steps)) for steps in each))

    def columns(self, schema: pa.Schema) -> list[str]:
        """The columns to read, in pyarrow's names; only the needed fields of structs."""
        found: dict[str, None] = {}
        for column, *inside in (self.text, *(steps for field in self.others for steps in field)):
            nested = pa.types.is_struct(schema.field(schema.names.index(column)).type)
            found[".".join([column, *inside]) if nested else column] = None
        return [*found]


def _unusable(schema: pa.Schema, paths: tuple[str, ...]) -> str | Way:
    """Where the text is in such a table, or why there is none."""
    steps = next((steps for path in paths if (steps := way_to(schema, path)) is not None), None)
    if steps is None:
        times = schema.names.count(paths[0])
        return f"{times or 'no'} column named {paths[0]} among the columns {names(schema.names)}"
    kind = text_type(schema, steps)
    return steps if is_text(kind) else shortened(f"column {'.'.join(steps)} holds {kind}, not strings", MOST_DETAIL)


def _groups(file: pq.ParquetFile) -> list[tuple[int, int, int]]:
    """For each row group its first byte, the number of its first row, and its rows, according to the footer. Groups
    never overlap, whatever a damaged footer says."""
    found, offset, row = [], 0, 0
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        chunks = (group.column(i) for i in range(group.num_columns))
        starts = [min(c.dictionary_page_offset or c.data_page_offset, c.data_page_offset) for c in chunks]
        offset, rows = max(offset, min(starts, default=0)), max(0, group.num_rows)
        found.append((offset, row, rows))
        row += rows
    return found


def _group(
    file: pq.ParquetFile, group: int, guarded: Guarded, wanted: Wanted, row: int, rows: int, name: str, limits: Limits
) -> Iterator[Verdict]:
    """A row group, from the row of that number on."""
    end = row + rows
    for batch in _rows(file, group, guarded, wanted):
        if isinstance(batch, str):
            yield rejected(Location(name, row), DAMAGED_MEMBER, f"row group {group}, from row {row} on: {batch}")
            return
        for body, url, date, own in batch:
            if row < end:  # else the footer counts fewer rows, and these numbers belong to others
                yield _judge(body, url, date, own, Location(name, row), limits)
            row += 1


def _rows(file: pq.ParquetFile, group: int, guarded: Guarded, wanted: Wanted) -> Iterator[Any]:
    """The rows of a row group in batches; and the error, if it cannot be read to its end."""
    try:
        columns = wanted.columns(file.schema_arrow)
        next(file.iter_batches(1, [group], columns, use_threads=False), None)  # raises if the next line would abort
        some = _at_a_time(file, group, guarded, columns)
        for batch in file.iter_batches(some, [group], columns, use_threads=False):
            found = [_first_of(batch, where) for where in wanted.others]
            column, *inside = wanted.text
            yield zip(texts(batch.column(column), tuple(inside)), *found, strict=True)
    except BAD_TABLE as error:
        yield fault_in(error, guarded)


def _first_of(batch: pa.RecordBatch, where: tuple[Way, ...]) -> list[Any]:
    """For each row, the first of some fields that is not empty."""
    columns = [values(batch.column(column), tuple(inside)) for column, *inside in where]
    if len(columns) == 1:
        return columns[0]
    rows = zip(*columns, strict=True) if columns else [()] * batch.num_rows
    return [next((value for value in row if not is_missing(value)), None) for row in rows]


def _at_a_time(file: pq.ParquetFile, group: int, guarded: Guarded, columns: list[str]) -> int:
    """The number of rows to decode at once."""
    leaves = [(i, file.schema.column(i).path) for i in range(file.metadata.num_columns)]
    asked = [i for i, path in leaves if any(path == name or path.startswith(f"{name}.") for name in columns)]
    longest = max(_repeatable(file.metadata.row_group(group).column(i), guarded) for i in asked)
    return min(BATCH_ROWS, max(1, BUDGET // max(1, longest)))


def _repeatable(chunk: pq.ColumnChunkMetaData, guarded: Guarded) -> int:
    """The longest value, in bytes, among those written in full once and then only referenced."""
    if "DELTA_BYTE_ARRAY" in chunk.encodings:  # a value shares the beginning of the one before
        return int(chunk.total_uncompressed_size)
    guarded.seek(min(chunk.dictionary_page_offset or chunk.data_page_offset, chunk.data_page_offset))
    page = page_sizes(guarded.read(32))
    if page is None:
        return int(chunk.total_uncompressed_size)
    return page.unpacked if page.is_dictionary else 0


def fault_in(error: BaseException, guarded: Guarded) -> str:
    """What is wrong with the bytes of a file; errors from reading them are raised."""
    if guarded.error is not None:
        raise guarded.error
    return shortened(str(error).partition("\n")[0], MOST_DETAIL) or type(error).__name__


def _judge(body: pa.Buffer | None, url: Any, date: Any, own: Any, place: Location, limits: Limits) -> Verdict:
    if body is None:
        return no_text(place, "text is null")
    if body.size > limits.record:
        return rejected(place, TOO_LARGE, f"{body.size} bytes of text", body[: 4 * PREVIEW_CHARS].to_pybytes())
    return document(Fields(body.to_pybytes(), url, date, own), place)
