"""c4pipe.shards: the contract on disk."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.errors import BuildError, ConfigError
from c4pipe.page import NO_EXTRA, Dropped, Page
from c4pipe.shards import (
    DROPPED_TYPE,
    PAGE_SCHEMA,
    REJECTED_SCHEMA,
    ROW_GROUP_BYTES,
    ROW_GROUP_ROWS,
    TEXT_MD5,
    HashingStream,
    ParquetSink,
    RowGroupBuffer,
    column_fields,
    dropped_column,
    page_table,
    pages_of,
    read_manifest,
    schema_with,
    shard_name,
    to_json,
)
from c4pipe.stages import PageStage

PAGE = Page("http://a.example/", "Some text.", "2024-05-22T10:11:12Z", "x.wet#0", "urn:uuid:1", "en", 0.99)


def test_the_columns_are_those_of_allenai_and_then_ours() -> None:
    assert PAGE_SCHEMA.names == [
        "text",
        "timestamp",
        "url",
        "language",
        "language_score",
        "language_votes",
        "source",
        "record_id",
    ]
    assert REJECTED_SCHEMA.names == [
        "url",
        "timestamp",
        "stage",
        "reason",
        "detail",
        "text",
        "dropped",
        "source",
        "language",
    ]
    assert not any(field.nullable for field in PAGE_SCHEMA)


def test_a_page_has_a_column_for_each_field() -> None:
    assert {*PAGE_SCHEMA.names, "extra", TEXT_MD5.name} == set(Page._fields)


def test_a_page_is_a_row() -> None:
    table = page_table([PAGE])
    assert table.schema == PAGE_SCHEMA
    assert table.to_pylist() == [
        {
            "text": "Some text.",
            "timestamp": "2024-05-22T10:11:12Z",
            "url": "http://a.example/",
            "language": "en",
            "language_score": 0.99,
            "language_votes": "",
            "source": "x.wet#0",
            "record_id": "urn:uuid:1",
        }
    ]
    assert page_table([]).num_rows == 0
    assert page_table([]).schema == PAGE_SCHEMA


TEXT = st.text(st.characters(codec="utf-8"), max_size=9)
PAGES = st.lists(
    st.builds(Page, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, st.floats(0, 1), extra=st.just(NO_EXTRA)), max_size=5
)


@given(PAGES)
def test_pages_come_back_as_they_were(pages: list[Page]) -> None:
    staged = page_table(pages, PAGE_SCHEMA.append(TEXT_MD5))
    assert list(pages_of(staged)) == pages
    pages = [page._replace(text_md5="") for page in pages]  # which is no column of a corpus
    table = page_table(pages)
    assert list(pages_of(table)) == pages
    assert [page for batch in table.to_batches() for page in pages_of(batch)] == pages
    assert list(pages_of(table.append_column("row", pa.array(range(len(pages)), pa.int64())))) == pages


def test_columns_that_stages_add_come_back_by_their_names() -> None:
    schema = schema_with([pa.field("score", pa.float64()), pa.field("tags", pa.list_(pa.string()))])
    pages = [Page("http://a.example/", "a", "").adding(score=0.5, tags=["x"]), Page("http://b.example/", "b", "")]
    table = page_table(pages, schema)
    assert table.schema == schema
    assert table.select(["score", "tags"]).to_pylist() == [{"score": 0.5, "tags": ["x"]}, {"score": None, "tags": None}]
    assert [page.extra for page in pages_of(table, ["score", "tags"])] == table.select(["score", "tags"]).to_pylist()
    assert [page.extra for page in pages_of(table)] == [{}, {}]


@dataclass(frozen=True)
class Scored(PageStage):
    name: str = "scored"
    columns: ClassVar = {"score": "float64"}


@dataclass(frozen=True)
class Strange(Scored):
    columns: ClassVar = {"text": "string", "shape": "round"}


def test_a_column_has_a_name_of_its_own_and_a_type_that_there_is() -> None:
    assert column_fields([Scored()]) == [pa.field("score", pa.float64())]
    with pytest.raises(ConfigError, match=r"^no column can be added with the name 'score': it is taken"):
        schema_with(column_fields([Scored(), Scored()]))
    with pytest.raises(ConfigError, match=r"^Strange adds a column 'shape' of type 'round': .* Expected an Arrow type"):
        column_fields([Strange()])


def test_dropped_lines_are_a_list_a_row() -> None:
    column = dropped_column([[Dropped("few_words", "Two words."), Dropped("repeated_line", "", "0a")], []])
    assert column.type == DROPPED_TYPE
    assert column.to_pylist() == [
        [
            {"reason": "few_words", "line": "Two words.", "owner": ""},
            {"reason": "repeated_line", "line": "", "owner": "0a"},
        ],
        [],
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (("train", 0, 1), "train-00000-of-00001.parquet"),
        (("validation", 7, 1024), "validation-00007-of-01024.parquet"),
        (("train", 123456, 200000), "train-123456-of-200000.parquet"),
    ],
)
def test_names_sort_as_numbers_do(name: tuple[str, int, int], expected: str) -> None:
    assert shard_name(*name) == expected


def test_a_table_written_is_one_row_group_compressed_and_indexed() -> None:
    out = io.BytesIO()
    sink = ParquetSink(out, PAGE_SCHEMA)
    sink.write(page_table([PAGE] * 3))
    sink.write(page_table([PAGE]))
    sink.close()
    assert sink.groups == 2
    assert not out.closed
    footer = pq.ParquetFile(out).metadata
    assert [footer.row_group(i).num_rows for i in range(footer.num_row_groups)] == [3, 1]
    column = footer.row_group(0).column(0)
    assert column.compression == "ZSTD"
    assert column.has_column_index
    assert pq.read_table(out, page_checksum_verification=True).num_rows == 4


def test_a_flipped_byte_is_found() -> None:
    out = io.BytesIO()
    sink = ParquetSink(out, PAGE_SCHEMA, use_dictionary=False)
    sink.write(page_table([PAGE._replace(text=hashlib.sha512(bytes([n])).hexdigest()) for n in range(50)]))
    sink.close()
    column = pq.ParquetFile(out).metadata.row_group(0).column(0)
    data = bytearray(out.getvalue())
    data[column.data_page_offset + column.total_compressed_size // 2] ^= 0xFF
    with pytest.raises(OSError, match="CRC"):
        pq.read_table(io.BytesIO(bytes(data)), page_checksum_verification=True)


def test_a_batch_is_full_by_rows_or_by_bytes() -> None:
    batch = RowGroupBuffer()
    assert [batch.add(n, 1) for n in range(ROW_GROUP_ROWS)] == [False] * (ROW_GROUP_ROWS - 1) + [True]
    assert batch.take() == list(range(ROW_GROUP_ROWS))
    assert batch.rows == []
    assert not batch.add("x", ROW_GROUP_BYTES - 1)
    assert batch.add("y", 1)
    assert batch.take() == ["x", "y"]
    assert not batch.add("z", 1)  # the bytes of a batch that was taken are gone


def test_a_stream_knows_what_went_through_it() -> None:
    out = io.BytesIO()
    stream = HashingStream(out)
    assert stream.write(b"abc") == 3
    assert stream.write(memoryview(b"defg")) == 4
    assert stream.write(pa.py_buffer(b"hi")) == 2
    stream.flush()
    stream.close()
    assert (stream.tell(), stream.sha256, stream.closed) == (9, hashlib.sha256(b"abcdefghi").hexdigest(), True)
    assert out.getvalue() == b"abcdefghi"  # and left open, for its owner


def test_a_parquet_file_through_the_hashing_stream_is_the_file() -> None:
    out = io.BytesIO()
    stream = HashingStream(out)
    sink = ParquetSink(stream, PAGE_SCHEMA)  # type: ignore[arg-type]
    sink.write(page_table([PAGE]))
    sink.close()
    assert (stream.tell(), stream.sha256) == (len(out.getvalue()), hashlib.sha256(out.getvalue()).hexdigest())
    assert list(pages_of(pq.read_table(out))) == [PAGE]


def test_json_is_for_people_and_programs() -> None:
    assert to_json({"b": "é", "a": [1]}) == '{\n  "b": "é",\n  "a": [\n    1\n  ]\n}\n'.encode()


def test_a_manifest_is_read(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(to_json({"schema_version": 1, "shards": []}))
    assert read_manifest(tmp_path) == {"schema_version": 1, "shards": []}


def test_without_a_manifest_there_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds no finished corpus: it has no manifest.json. Build one: make build"):
        read_manifest(tmp_path)
    with pytest.raises(ConfigError, match="holds no finished corpus"):
        read_manifest(tmp_path / "never")


def test_of_a_folder_of_several_corpora_they_are_named(tmp_path: Path) -> None:
    for name in ("en", "multilingual", "notes"):
        (tmp_path / name).mkdir()
    for name in ("multilingual", "en"):
        (tmp_path / name / "manifest.json").write_bytes(to_json({"schema_version": 1, "shards": []}))
    with pytest.raises(ConfigError) as error:
        read_manifest(tmp_path)
    assert str(error.value) == (
        f"{tmp_path} holds no finished corpus: it has no manifest.json, but corpora in en, multilingual. Name one, "
        f"such as {tmp_path}/en."
    )


@pytest.mark.parametrize("data", [b"", b"{", b'{"schema_version": 1', b"\xff\xfe", b"[]", b"null", b'"x"', b"3"])
def test_a_damaged_manifest_is_told_as_such(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(data)
    with pytest.raises(BuildError, match=r"manifest.json cannot be read .* Build the corpus again"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("version", [None, 0, 2, "1"])
def test_a_manifest_of_another_version_is_refused(tmp_path: Path, version: object) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"schema_version": version}), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"has schema version {version!r}; this c4pipe reads 1"):
        read_manifest(tmp_path)
