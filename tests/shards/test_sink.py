"""c4pipe.shards.sink: what is written is what is read."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from c4pipe.shards import ParquetSink, whole_table

TABLE = pa.table({"row": [0, 1, 2], "trail": [[1], [], [2, 3]], "domain": ["a", None, ""]})


def written() -> io.BytesIO:
    stream = io.BytesIO()
    sink = ParquetSink(stream, TABLE.schema)
    sink.write(TABLE.slice(0, 2))
    sink.write(TABLE.slice(2))
    sink.close()
    return stream


@pytest.mark.parametrize("columns", [None, ["row"], ["domain", "row"], ["trail", "domain"]])
def test_a_small_file_is_read_as_by_read_table(columns: list[str] | None) -> None:
    found = whole_table(written(), columns)
    asked = pq.read_table(written(), columns=columns)
    assert found.select(asked.column_names) == asked
    assert sorted(found.column_names) == sorted(columns or TABLE.column_names)
