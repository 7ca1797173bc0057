"""c4pipe.passes.tables: what one pass writes is what the next one reads, whole, by columns, or one piece of it."""

from __future__ import annotations

import io
import random

import pyarrow as pa
import pytest

from c4pipe.errors import DamagedFile
from c4pipe.files.sealed import Sealing, unseal
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


WORDS = pa.dictionary(pa.int8(), pa.string())


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        (WORDS, ["a", "b", None], ["c", "a", "a"]),
        (pa.dictionary(pa.int32(), pa.string(), ordered=True), ["a", "b", None], ["c", "a", "a"]),
        (pa.list_(WORDS), [["a"], [], None], [["c", "a"], ["b"], []]),
        (pa.large_list(WORDS), [["a"], [], None], [["c", "a"], ["b"], []]),
        (pa.struct([("w", WORDS)]), [{"w": "a"}, {"w": None}, None], [{"w": "c"}, {"w": "a"}, {"w": "b"}]),
    ],
    ids=str,
)
def test_each_piece_may_have_other_words_in_its_dictionary(kind: pa.DataType, first: list, second: list) -> None:
    schema, stream = pa.schema([("n", pa.int64()), ("w", kind)]), io.BytesIO()
    pieces = [pa.table([[1, 2, 3], pa.array(words, kind)], schema=schema) for words in (first, second)]
    sink = TableSink(stream, schema)
    for piece in pieces:
        sink.write(piece)
    sink.close()
    assert TableSource(stream).schema == TableSource(stream).table().schema == schema
    assert TableSource(stream).table()["w"].to_pylist() == [*first, *second]
    assert TableSource(stream, ["w"]).piece(1)["w"].to_pylist() == second
    assert TableSource(stream, ["n"]).schema.names == ["n"]


@pytest.mark.parametrize("place", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_damage_is_told_as_such_wherever_it_is(place: float) -> None:
    """pyarrow makes errors of its own of what a stream raises in the middle of a piece."""
    stream = io.BytesIO()
    sealing = Sealing(stream, "a/name")
    sink = TableSink(sealing, pa.schema([("x", pa.binary())]))
    for seed in range(8):
        sink.write(pa.table({"x": pa.array([random.Random(seed).randbytes(60_000)])}))
    sink.close()
    sealing.finish()
    data = bytearray(stream.getvalue())
    data[int(place * len(data))] ^= 1
    with pytest.raises(DamagedFile, match="a/path is damaged"):
        TableSource(unseal(io.BytesIO(bytes(data)), "a/name", "a/path")).table()
