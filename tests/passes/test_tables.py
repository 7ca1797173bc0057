"""c4pipe.passes.tables: what one pass writes is what the next one reads, whole, by columns, or one piece of it."""

from __future__ import annotations

import io

import pyarrow as pa
import pytest

from c4pipe.passes.tables import TableSink, TableSource, write_table

TABLE = pa.table({"row": [0, 1, 2], "trail": [[1], [], [2, 3]], "domain": ["a", None, ""]})


def written() -> io.BytesIO:
    stream = io.BytesIO()
    sink = TableSink(stream, TABLE.schema)
    sink.write(TABLE.slice(0, 2))
    sink.write(TABLE.slice(2))
    sink.close()
    return stream


def test_all_is_read() -> None:
    assert TableSource(written()).table() == TABLE
    assert [piece.num_rows for piece in TableSource(written())] == [2, 1]


@pytest.mark.parametrize("columns", [["row"], ["domain", "row"], ["trail", "domain"]])
def test_columns_are_read_in_the_order_of_the_file(columns: list[str]) -> None:
    found = TableSource(written(), columns).table()
    assert found == TABLE.select([name for name in TABLE.column_names if name in columns])


def test_one_piece_is_read() -> None:
    source = TableSource(written())
    assert source.piece(1) == TABLE.slice(2)
    assert source.piece(0).take(pa.array([1])).to_pylist() == [{"row": 1, "trail": [], "domain": None}]


def test_a_long_table_is_written_in_pieces() -> None:
    stream, table = io.BytesIO(), pa.table({"row": range(25_000)})
    write_table(stream, table)
    assert [piece.num_rows for piece in TableSource(stream)] == [10_000, 10_000, 5_000]
