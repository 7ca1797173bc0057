"""Parquet: columns `text`, `url`, `timestamp` and `id` of any table, row group by row group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.documents.fields import LONGEST_FIELD, MOST_DETAIL, Fields, Location, document, names, no_text, rejected
from c4pipe.documents.thrift import page_sizes
from c4pipe.documents.unpack import Guarded
from c4pipe.page import Verdict
from c4pipe.wet.kinds import HEAD_BYTES, PARQUET, kind_of, text_kind
from c4pipe.wet.reasons import DAMAGED_MEMBER, TOO_LARGE, UNREADABLE
from c4pipe.wet.record import Limits
from c4pipe.wet.text import PREVIEW_CHARS

COLUMNS = ("text", "url", "timestamp", "id")
BATCH_ROWS = 256  # decoded at a time,
BUDGET = 64 << 20  # and fewer where a few bytes may stand for so long a value that they would be more than this
_BUFFER = 256 << 10  # bytes of packed data read at a time
_DATE_TIME = len("1970-01-01 00:00:00Z")
_FAULTS = (pa.ArrowException, OSError, ValueError, MemoryError)  # what pyarrow makes of bad bytes


class Columns(NamedTuple):
    """Some rows of a table, column by column; "" for what is missing or of another type."""

    texts: pa.Array
    urls: list[str]
    dates: list[str]
    ids: list[str]


def read_parquet(stream: Any, name: str, limits: Limits) -> Iterator[Verdict]:
    """A verdict for each row, and one for what cannot be read of a row group. `stream` must `seek` and `tell`, too.

    A page of a column is unpacked whole, as the format wants it: 1 MB from usual writers, 2 GB at most.
    """
    guarded = Guarded(stream)
    try:
        file = pq.ParquetFile(
            pa.PythonFile(guarded, mode="r"), pre_buffer=False, buffer_size=_BUFFER, page_checksum_verification=True
        )
        says = _unusable(file.schema_arrow)
    except _FAULTS as error:
        says = _unlike_parquet(guarded) or _said(error, guarded)
    if says is not None:
        yield rejected(Location(name, 0), UNREADABLE, says)
        return
    row = 0
    for group in range(file.num_row_groups):
        for rows in _rows(file, group, guarded):
            if isinstance(rows, str):
                yield rejected(Location(name, row), DAMAGED_MEMBER, f"row group {group}, from row {row} on: {rows}")
                row += 1
                continue
            for i, text in enumerate(rows.texts):
                yield _judge(text, rows.urls[i], rows.dates[i], rows.ids[i], Location(name, row), limits)
                row += 1


def _unlike_parquet(guarded: Guarded) -> str | None:
    """What a file is that is no Parquet, by its beginning; None where that does not say."""
    if guarded.error is not None:
        return None
    guarded.seek(0)
    head = guarded.read(HEAD_BYTES)
    kind = kind_of(head) or text_kind(head)
    return None if kind in (None, PARQUET) else kind.says


def _unusable(schema: pa.Schema) -> str | None:
    """Why there is no text in such a table."""
    if (times := schema.names.count("text")) != 1:
        return f"{times or 'no'} column named text among the columns {names(schema.names)}"
    kind = schema.field("text").type
    return None if _is_text(kind) else f"column text holds {kind}, not strings"[:MOST_DETAIL]


def _rows(file: pq.ParquetFile, group: int, guarded: Guarded) -> Iterator[Columns | str]:
    """The rows of a row group, some at a time; what is wrong with it, where it cannot be read to its end."""
    try:
        columns = [name for name in COLUMNS if name in file.schema_arrow.names]
        next(file.iter_batches(1, [group], columns, use_threads=False), None)  # raises where the next line would abort
        some = _at_a_time(file, group, guarded)
        for batch in file.iter_batches(some, [group], columns, use_threads=False):
            column = {name: batch.column(i) for i, name in enumerate(batch.schema.names) if name in COLUMNS}
            blank = pa.nulls(batch.num_rows)
            rest = (_strings(column.get(name, blank), name == "id") for name in COLUMNS[1:])
            yield Columns(column["text"], *rest)
    except _FAULTS as error:
        yield _said(error, guarded)


def _at_a_time(file: pq.ParquetFile, group: int, guarded: Guarded) -> int:
    """How many rows to decode at once."""
    asked = [i for i in range(file.metadata.num_columns) if file.schema.column(i).path in COLUMNS]
    longest = max(_repeatable(file.metadata.row_group(group).column(i), guarded) for i in asked)
    return min(BATCH_ROWS, max(1, BUDGET // max(1, longest)))


def _repeatable(chunk: pq.ColumnChunkMetaData, guarded: Guarded) -> int:
    """Bytes that the longest value may have of those that are written in full once and then only pointed to."""
    if "DELTA_BYTE_ARRAY" in chunk.encodings:  # the beginning of a value is that of the one before
        return int(chunk.total_uncompressed_size)
    guarded.seek(min(chunk.dictionary_page_offset or chunk.data_page_offset, chunk.data_page_offset))
    page = page_sizes(guarded.read(32))
    if page is None:
        return int(chunk.total_uncompressed_size)
    return page.unpacked if page.is_dictionary else 0


def _said(error: BaseException, guarded: Guarded) -> str:
    """What is wrong with the bytes of a file; raises what is wrong with reading them."""
    if guarded.error is not None:
        raise guarded.error
    return str(error).partition("\n")[0][:MOST_DETAIL] or type(error).__name__


def _judge(text: pa.Scalar, url: str, date: str, own: str, place: Location, limits: Limits) -> Verdict:
    body = _bytes(text)
    if body is None:
        return no_text(place, "text is null")
    if body.size > limits.record:
        return rejected(place, TOO_LARGE, f"{body.size} bytes of text", body[: 4 * PREVIEW_CHARS].to_pybytes())
    return document(Fields(body.to_pybytes(), url, date, own), place)


def _is_text(kind: pa.DataType) -> bool:
    """Strings, under whatever name; old writers call them binary."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    asked = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(is_a(kind) for is_a in asked) or kind in (pa.string_view(), pa.binary_view())


def _bytes(cell: pa.Scalar) -> pa.Buffer | None:
    """The bytes of a string as they are in the file, which need not be UTF-8."""
    if isinstance(cell, pa.DictionaryScalar):
        cell = cell.value
    return cell.as_buffer() if cell.is_valid else None


def _strings(column: pa.Array, numbers: bool) -> list[str]:
    """URLs, dates or ids as strings; `numbers` may be ids, but no URLs or dates."""
    if _is_text(column.type):
        found = map(_bytes, column)
        return ["" if cell is None else str(cell[:LONGEST_FIELD].to_pybytes(), "utf-8", "replace") for cell in found]
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        dates = column.cast(pa.timestamp("s", "UTC"), safe=False).cast(pa.string()).to_pylist()
        return [date.replace(" ", "T") if date and len(date) == _DATE_TIME else "" for date in dates]
    if numbers and pa.types.is_integer(column.type):
        return ["" if number is None else str(number) for number in column.to_pylist()]
    return [""] * len(column)
