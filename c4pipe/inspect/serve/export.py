"""The selection as a file, written while it is read: memory does not grow with it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from c4pipe.facts.corpus import Corpus
from c4pipe.facts.views import files_sql, names_sql
from c4pipe.inspect.output import as_text
from c4pipe.inspect.serve.conditions import condition, set_aside
from c4pipe.inspect.serve.selection import Selection, ShardEntry, parts_of
from c4pipe.inspect.serve.shuffling import ordered_rows
from c4pipe.shards import ROW_GROUP_ROWS, ParquetSink
from c4pipe.text import defused

MOST_ORDERED = 10_000  # pages saved in an order other than that of the files: all of them are in memory
CUTS = "dropped"  # the column of what was cut from a page
MEDIA_TYPES = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv; charset=utf-8"}


def batches(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection) -> Iterator[pa.Table]:
    """The selected rows as tables of one row group: in the order of the files, or in that of the selection, if it has
    one, up to `MOST_ORDERED` pages."""
    schema = schema_of(corpus, selection)
    own = corpus.schema if selection.kept else corpus.rejected_schema
    tables = _selected(cursor, corpus, selection, own)
    return tables if schema.equals(own) else _with_cuts(cursor, tables, schema)


def _selected(
    cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, schema: pa.Schema
) -> Iterator[pa.Table]:
    """In the order of the corpus's files."""
    if selection.order:
        places = ordered_rows(cursor, corpus, selection, MOST_ORDERED)
        if places is not None:
            yield from _in_order(cursor, corpus, places, schema)
            return
    set_aside(cursor, corpus, selection)
    where, values = condition(selection.unrecorded)
    for part in parts_of(corpus, selection):
        chosen = _rows_of(cursor, corpus, selection, part) if selection.recorded else None
        sql = f"SELECT file_row_number, {names_sql(schema.names)} FROM {files_sql(corpus, [part])} WHERE {where}"
        reader: Any = cursor.sql(sql, params=values).to_arrow_reader(ROW_GROUP_ROWS)
        for batch in reader:
            if chosen is not None:
                batch = batch.filter(pc.is_in(batch.column(0), chosen))
            if batch.num_rows:
                yield pa.Table.from_batches([batch]).select(schema.names).cast(schema)


def _with_cuts(cursor: duckdb.DuckDBPyConnection, tables: Iterator[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """Kept pages with their cuts, which are in the rejected table: it is queried for one row group at a time."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(each.num_rows for each in held) >= ROW_GROUP_ROWS:
            yield _joined_to_cuts(cursor, pa.concat_tables(held), schema)
            held = []
    if held:
        yield _joined_to_cuts(cursor, pa.concat_tables(held), schema)


def _joined_to_cuts(cursor: duckdb.DuckDBPyConnection, pages: pa.Table, schema: pa.Schema) -> pa.Table:
    sql = f"SELECT source, {CUTS} FROM rejected WHERE stage = '' AND list_contains($1, source)"
    cuts: Any = cursor.sql(sql, params=[pages.column("source").to_pylist()]).to_arrow_table()
    rows = pc.index_in(pages.column("source"), value_set=cuts.column("source").combine_chunks())
    return pages.append_column(CUTS, cuts.column(CUTS).take(rows)).cast(schema)


def _in_order(
    cursor: duckdb.DuckDBPyConnection, corpus: Corpus, places: list[tuple[ShardEntry, int]], schema: pa.Schema
) -> Iterator[pa.Table]:
    """These rows in their order. Each file is read once, and all rows are in memory together."""
    wanted: dict[str, list[int]] = {}
    parts = {part["path"]: part for part, _ in places}
    for part, row in places:
        wanted.setdefault(part["path"], []).append(row)
    tables, number, found = [schema.empty_table()], dict[tuple[str, int], int](), 0
    for path, rows in wanted.items():
        sql = (
            f"SELECT file_row_number, {names_sql(schema.names)} FROM {files_sql(corpus, [parts[path]])} "
            "WHERE CASE WHEN file_row_number IN (SELECT unnest($rows)) THEN true ELSE false END"
        )
        for batch in cursor.sql(sql, params={"rows": rows}).to_arrow_reader(ROW_GROUP_ROWS):
            for row in batch.column(0).to_pylist():
                number[path, row], found = found, found + 1
            tables.append(pa.Table.from_batches([batch]).select(schema.names).cast(schema))
    table = pa.concat_tables(tables)
    order = [number[part["path"], row] for part, row in places]
    for start in range(0, len(order), ROW_GROUP_ROWS):
        yield table.take(order[start : start + ROW_GROUP_ROWS])


def _rows_of(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, part: ShardEntry) -> pa.Array:
    """The rows of a file that belong to a selection. With a temporary table in the condition, DuckDB does not preserve
    the order of rows: their numbers are found first, and the rows then read in order."""
    where, values = condition(selection)
    sql = f"SELECT file_row_number FROM {files_sql(corpus, [part])} WHERE {where}"
    return pa.array([row for (row,) in cursor.execute(sql, values).fetchall()], pa.int64())


def schema_of(corpus: Corpus, selection: Selection) -> pa.Schema:
    """The columns of an export: those of the corpus's own files and, for kept pages that are selected by their cuts,
    also the column in which the rejected table has these."""
    if not selection.kept:
        return corpus.rejected_schema
    if not selection.by_cuts or CUTS not in corpus.rejected_schema.names or CUTS in corpus.schema.names:
        return corpus.schema
    return corpus.schema.append(corpus.rejected_schema.field(CUTS))


def parquet(tables: Iterator[pa.Table], schema: pa.Schema) -> Iterator[bytes]:
    """A Parquet file, in pieces."""
    pipe = _Pipe()
    sink = ParquetSink(pipe, schema)  # type: ignore[arg-type]
    for table in tables:
        sink.write(table)
        yield pipe.take()
    sink.close()
    yield pipe.take()


def comma_separated(tables: Iterator[pa.Table], schema: pa.Schema) -> Iterator[bytes]:
    """CSV in UTF-8 with a header line. An apostrophe precedes what a spreadsheet would run as a formula: text that
    begins with = + - @ tab or carriage return. Lists and the like are JSON."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(map(cell, schema.names))
    for table in tables:
        writer.writerows(zip(*([cell(value) for value in column.to_pylist()] for column in table), strict=True))
        yield _taken(text)
    yield _taken(text)


def cell(value: Any) -> Any:
    """A value as in a CSV file.

    >>> cell("=1+1"), cell("1 = 1"), cell(-0.5), cell(None)
    ("'=1+1", '1 = 1', -0.5, '')
    """
    match value:
        case None:
            return ""
        case int() | float():
            return value
    return defused(as_text(value))


def _taken(text: io.StringIO) -> bytes:
    data = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return data


class _Pipe:
    """An in-memory file that is read while it is written."""

    def __init__(self) -> None:
        self._written: list[bytes] = []
        self._size = 0
        self.closed = False

    def write(self, data: Any) -> int:
        self._written.append(bytes(data))
        self._size += len(self._written[-1])
        return len(self._written[-1])

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def take(self) -> bytes:
        data = b"".join(self._written)
        self._written.clear()
        return data
