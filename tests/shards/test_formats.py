"""What shards are written as: the bytes of JSON Lines, groups cut by content, which formats go together."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.errors import ConfigError
from c4pipe.files.storage import LocalStore
from c4pipe.page import Page
from c4pipe.shards import PAGE_SCHEMA, SHARD_FORMATS, formats_named, formats_told, memory_of, page_table, shard_files
from c4pipe.shards.regrouping import LEAST_GROUP_ROWS, MOST_GROUP_ROWS, ByContent

PAGES = [
    Page("http://a.example/?q=1&r=<2>", 'One "line".\nA\\B\ttab, é, 日本, \x07.', "2019-04-25T12:57:54Z", "a.wet#0"),
    Page("http://b.example/", "", "2024-05-22T10:11:12Z", "a.wet#1"),
]
# As allenai/c4 has them: text, timestamp and url in this order, no blanks, no slash escaped.
LINES = (
    '{"text":"One \\"line\\".\\nA\\\\B\\ttab, é, 日本, \\u0007.","timestamp":"2019-04-25T12:57:54Z",'
    '"url":"http://a.example/?q=1&r=<2>"}\n'
    '{"text":"","timestamp":"2024-05-22T10:11:12Z","url":"http://b.example/"}\n'
)


def written(name: str, *tables: pa.Table) -> bytes:
    stream = io.BytesIO()
    writer = SHARD_FORMATS[name].open(stream, PAGE_SCHEMA)
    for table in tables:
        writer.write(table)
    writer.close()
    return stream.getvalue()


def test_json_lines_are_those_of_allenai() -> None:
    data = written("jsonl", page_table(PAGES[:1]), page_table(PAGES[1:]))
    assert gzip.decompress(data).decode() == LINES
    assert data[:4] == b"\x1f\x8b\x08\x00"  # no name, no comment
    assert data[4:8] == bytes(4)  # and no time
    assert data == written("jsonl", page_table(PAGES))  # however the rows come


def test_an_empty_shard_is_a_whole_gzip_file() -> None:
    assert gzip.decompress(written("jsonl")) == b""


@pytest.mark.parametrize(
    ("asked", "formats"),
    [
        ("parquet", ("parquet",)),
        ("jsonl", ("parquet", "jsonl")),
        ("jsonl, parquet", ("parquet", "jsonl")),
        ("jsonl,parquet-cdc", ("parquet-cdc", "jsonl")),
    ],
)
def test_parquet_is_there_in_any_case(asked: str, formats: tuple[str, ...]) -> None:
    assert formats_named(asked) == formats
    assert formats_told(formats) == ({} if formats == ("parquet",) else {"format": ",".join(formats)})


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("csv", "unknown format 'csv'. Known: parquet, parquet-cdc, jsonl."),
        ("json", "Did you mean 'jsonl'?"),
        ("", "unknown format ''"),
        ("parquet,parquet-cdc", "--format parquet,parquet-cdc: parquet and parquet-cdc have the same file names."),
    ],
)
def test_other_formats_are_refused(asked: str, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        formats_named(asked)
    assert words in str(error.value)


def test_all_files_of_a_shard_appear_together_or_not_at_all(tmp_path: Path) -> None:
    path, formats = "en/train-00002-of-00012.parquet", ("parquet", "jsonl")
    with (
        pytest.raises(RuntimeError),
        shard_files(LocalStore(), str(tmp_path), path, PAGE_SCHEMA, formats) as files,
    ):
        files.write(page_table(PAGES))
        raise RuntimeError
    assert [*tmp_path.rglob("*.*")] == []
    with shard_files(LocalStore(), str(tmp_path), path, PAGE_SCHEMA, formats) as files:
        files.write(page_table(PAGES))
    beside = tmp_path / "en" / "c4-train.00002-of-00012.json.gz"
    assert gzip.decompress(beside.read_bytes()).decode() == LINES
    row = files.row()
    assert (row["bytes"], row["memory"]) == ((tmp_path / path).stat().st_size, memory_of(page_table(PAGES)))
    assert [file["path"] for file in row["beside"]] == ["en/c4-train.00002-of-00012.json.gz"]


# --- row groups that are cut by content --------------------------------------------------------------------------


def numbered(numbers: Sequence[int]) -> pa.Table:
    return page_table(Page("http://a.example/", f"Page {n}.", "2024", f"x.wet#{n}") for n in numbers)


def groups_of(tables: Sequence[pa.Table]) -> list[list[str]]:
    cut = ByContent()
    found = [group for table in tables for group in cut.add(table)] + [*cut.rest()]
    assert [*cut.rest()] == []
    return [group["source"].to_pylist() for group in found]


@given(st.lists(st.integers(0, 6000), max_size=6))
def test_groups_are_the_same_however_the_rows_come(bounds: list[int]) -> None:
    table = numbered(range(6000))
    edges = [0, *sorted(bounds), 6000]
    pieces = [table.slice(start, stop - start) for start, stop in pairwise(edges)]
    assert groups_of(pieces) == groups_of([table])


def test_groups_have_about_a_thousand_rows() -> None:
    sizes = [*map(len, groups_of([numbered(range(40_000))]))]
    assert sum(sizes) == 40_000
    assert min(sizes[:-1]) >= LEAST_GROUP_ROWS
    assert max(sizes) <= MOST_GROUP_ROWS
    assert 30 < len(sizes) < 60


@pytest.mark.parametrize("gone", [0, 5000, 19_999])
def test_a_page_that_goes_leaves_all_but_a_few_groups_as_they_were(gone: int) -> None:
    numbers = [*range(20_000)]
    before = groups_of([numbered(numbers)])
    after = groups_of([numbered([n for n in numbers if n != gone])])
    same = sum(group in before for group in after)
    assert same >= len(after) - 3
    assert same < len(after)


def test_long_pages_make_shorter_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("c4pipe.shards.regrouping.ROW_GROUP_BYTES", 1000)
    sizes = [*map(len, groups_of([numbered(range(1000, 1500))]))]
    assert sizes == [100, 100, 100, 100, 100]  # "Page 1000." has ten bytes


def test_the_parquet_that_is_cut_by_content_has_the_same_pages(tmp_path: Path) -> None:
    table = numbered(range(3000))
    for name in ("parquet", "parquet-cdc"):
        with shard_files(LocalStore(), str(tmp_path / name), "en/a.parquet", PAGE_SCHEMA, (name,)) as files:
            for start in range(0, 3000, 1000):
                files.write(table.slice(start, 1000))
        file = pq.ParquetFile(tmp_path / name / "en/a.parquet")
        assert file.read().equals(table)
        groups = [file.read_row_group(i) for i in range(file.num_row_groups)]
        assert files.row()["memory"] == sum(map(memory_of, groups))
