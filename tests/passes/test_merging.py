"""c4pipe.passes.merging: every row of the finished shards is in one output shard, in an order that the data decides."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from c4pipe.files.storage import LocalStore
from c4pipe.page import Page
from c4pipe.passes.finished import PIECE_ROWS, FinishedPages, FinishedRows, GroupFound, RowSlice
from c4pipe.passes.merging import (
    SHARD_BYTES,
    OutputShard,
    leave_out,
    plan_split,
    shard_count,
    write_rejected,
    write_rows,
    write_shard,
)
from c4pipe.passes.ordering import SortedTable, seeded
from c4pipe.passes.sample import Sampled, sample_table
from c4pipe.shards import PAGE_SCHEMA, REJECTED_SCHEMA, page_table, pages_of, rows_per_group
from c4pipe.stages import Size
from c4pipe.text import hash64

Groups = list[GroupFound]


@pytest.mark.parametrize(
    ("split", "rows", "size", "shards", "count"),
    [
        ("train", 100, 1, None, 1),
        ("train", 10**9, SHARD_BYTES, None, 1),
        ("train", 10**9, SHARD_BYTES + 1, None, 2),
        ("validation", 10**9, SHARD_BYTES * 3, None, 3),
        ("train", 10**9, 1, 1024, 1024),
        ("validation", 10**9, 1, 1024, 8),
        ("validation", 10**9, 1, 1, 1),
        ("validation", 10**9, 1, 129, 2),
        ("train", 3, 1, 1024, 3),  # no file without a page
        ("train", 1, 10**12, None, 1),
    ],
)
def test_a_split_has_files_by_its_size_or_as_many_as_were_asked_for(
    split: str, rows: int, size: int, shards: int | None, count: int
) -> None:
    assert shard_count(split, rows, size, shards) == count


def test_a_plan_by_example() -> None:
    found = [("a", 0, 0, 3, 10), ("a", 1, 1, 4, 10), ("b", 0, 0, 1, 10)]
    groups = [GroupFound(f"s/{name}.arrow", *rest) for name, *rest in found]
    first, second, third = sorted(groups, key=lambda g: hash64(f"en/train/{g.path[2]}.parquet/{g.number}"))
    assert (first.rows, second.rows, third.rows) == (4, 1, 3)
    assert list(plan_split("en", "train", groups, 2)) == [
        OutputShard("en", "train", 0, 2, (RowSlice(first, 0, 4),)),
        OutputShard("en", "train", 1, 2, (RowSlice(second, 0, 1), RowSlice(third, 0, 3))),
    ]
    assert [shard.pieces for shard in plan_split("en", "train", groups, 3)] == [
        (RowSlice(first, 0, 2),),
        (RowSlice(first, 2, 2), RowSlice(second, 0, 1)),
        (RowSlice(third, 0, 3),),
    ]
    assert [shard.path for shard in plan_split("en", "train", groups, 2)] == [
        "en/train-00000-of-00002.parquet",
        "en/train-00001-of-00002.parquet",
    ]


GROUPS = st.lists(
    st.builds(
        GroupFound,
        st.sampled_from(["x/staged/0", "x/staged/1", "y/2"]),
        st.integers(0, 5),
        st.just(0),
        st.integers(1, 9),
        st.integers(1, 99),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda group: group[:2],
)


@given(st.data(), GROUPS, st.one_of(st.none(), st.integers(1, 50)), st.sampled_from(["train", "validation"]))
def test_every_row_goes_to_one_shard_whoever_finished_first(
    data: st.DataObject, groups: Groups, shards: int | None, split: str
) -> None:
    plan = list(plan_split("en", split, groups, shards))
    assert plan == list(plan_split("en", split, data.draw(st.permutations(groups)), shards))
    placed = [(p.group, row) for s in plan for p in s.pieces for row in range(p.start, p.start + p.rows)]
    assert sorted(placed) == sorted((group, row) for group in groups for row in range(group.rows))
    sizes = [sum(piece.rows for piece in shard.pieces) for shard in plan]
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) >= 1
    total = sum(group.rows for group in groups)
    assert len(plan) == shard_count(split, total, sum(group.nbytes for group in groups), shards)
    assert [(shard.number, shard.of) for shard in plan] == [(n, len(plan)) for n in range(len(plan))]


@given(GROUPS)
def test_where_the_staging_folder_stands_makes_no_difference(groups: Groups) -> None:
    """The order is by the names of the files, so that a build in another folder gives the same corpus."""
    here = list(plan_split("en", "train", [g._replace(path=f"/here/{n:02d}") for n, g in enumerate(groups)], 3))
    there = list(plan_split("en", "train", [g._replace(path=f"gs://b/c/{n:02d}") for n, g in enumerate(groups)], 3))

    def placed(plan: list[OutputShard]) -> list[list[tuple[object, ...]]]:
        return [[(*piece.group[1:], piece.start, piece.rows) for piece in shard.pieces] for shard in plan]

    assert placed(here) == placed(there)


def page(n: int) -> Page:
    return Page(f"http://a.example/{n}", f"Page {n}.", "2024-05-22T10:11:12Z", f"x.wet#{n}", f"id{n}", "en", 0.99)


def finished(path: Path, *groups: range) -> list[GroupFound]:
    """A finished file with these pages by row group."""
    with path.open("wb") as stream:
        sink = FinishedPages(stream, PAGE_SCHEMA)
        for number, group in enumerate(groups):
            for n in group:
                sink.add("en", str(number), page(n))
        sink.close()
    return [GroupFound(str(path), *group[2:]) for group in sink.groups]


@pytest.mark.parametrize("held", [None, 1, 1 << 30])
def test_a_part_of_a_row_group_holds_the_pages_that_came_then(tmp_path: Path, held: int | None) -> None:
    """Whatever their order in the file: 3 pieces and a part of a fourth."""
    rows = 3 * PIECE_ROWS + 7
    (group,) = finished(tmp_path / "one", range(rows))
    for start, stop in [(0, rows), (5, 6), (PIECE_ROWS - 1, 2 * PIECE_ROWS + 1), (100, rows)]:
        chosen = RowSlice(group, start, stop - start)
        wanted = sorted(map(page, range(start, stop)), key=lambda p: (hash64(p.source), p.source))
        assert list(pages_of(FinishedRows(chosen, LocalStore()).table())) == wanted
        assert FinishedRows(chosen, LocalStore()).nbytes == page_table(wanted).nbytes
        shard = OutputShard("en", "train", 0, 1, (chosen,))
        row, _ = write_shard(shard, LocalStore(), str(tmp_path / f"out{start}"), held)
        assert list(pages_of(pq.read_table(tmp_path / f"out{start}" / row["path"], partitioning=None))) == wanted


def test_a_shard_is_written_in_the_order_of_the_hashes_of_its_sources(tmp_path: Path) -> None:
    first, second = finished(tmp_path / "one", range(10), range(10, 30))
    (third,) = finished(tmp_path / "two", range(30, 40))
    pieces = (RowSlice(second, 5, 10), RowSlice(third, 0, 10), RowSlice(first, 9, 1))
    wanted = [page(n) for n in (*range(15, 25), *range(30, 40), 9)]
    shard = OutputShard("en", "train", 0, 2, pieces)
    row, stats = write_shard(shard, LocalStore(), str(tmp_path / "out"))

    written = tmp_path / "out" / "en" / "train-00000-of-00002.parquet"
    table = pq.read_table(written, partitioning=None)
    assert table.schema == PAGE_SCHEMA
    assert list(pages_of(table)) == sorted(wanted, key=lambda p: (hash64(p.source), p.source))
    assert row == {
        "path": "en/train-00000-of-00002.parquet",
        "config": "en",
        "split": "train",
        "rows": 21,
        "bytes": written.stat().st_size,
        "memory": page_table(wanted).nbytes,
        "sha256": hashlib.sha256(written.read_bytes()).hexdigest(),
    }
    assert (stats.pages_kept, stats.chars_kept) == (21, sum(len(p.text) for p in wanted))
    again = write_shard(shard._replace(pieces=pieces[::-1]), LocalStore(), str(tmp_path / "again"))
    assert again == (row, stats)  # the order in which pieces are named does not show


def test_row_groups_are_small_enough_to_page_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = (RowSlice(group, 0, group.rows) for group in finished(tmp_path / "one", range(2500)))
    shard = OutputShard("en", "train", 0, 1, tuple(pieces))

    def groups(folder: str) -> list[int]:
        row, _ = write_shard(shard, LocalStore(), str(tmp_path / folder))
        footer = pq.ParquetFile(tmp_path / folder / row["path"]).metadata
        return [footer.row_group(i).num_rows for i in range(footer.num_row_groups)]

    assert groups("a") == [1000, 1000, 500]
    monkeypatch.setattr("c4pipe.shards.sink.ROW_GROUP_BYTES", 30_000)  # long pages make shorter groups
    sizes = groups("b")
    assert sum(sizes) == 2500
    assert max(sizes) < 400


PIECES = st.lists(st.lists(st.integers(0, 400), max_size=60), min_size=1, max_size=8)  # numbers of pages


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PIECES, st.integers(200, 20_000), st.none() | st.integers(1, 40_000))
def test_row_groups_are_those_of_one_table_that_is_sorted_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pieces: list[list[int]], most: int, held: int | None
) -> None:
    """Numbers repeat, so that some rows have the same source: they stay in the order in which they came."""
    monkeypatch.setattr("c4pipe.shards.sink.ROW_GROUP_BYTES", most)
    tables = [page_table([page(n)._replace(url=f"http://{i}.example") for i, n in enumerate(ns)]) for ns in pieces]
    whole = pa.concat_tables(tables)
    order = sorted(range(whole.num_rows), key=lambda i: (hash64(source := whole["source"][i].as_py()), source))
    per_group = rows_per_group(whole.num_rows, whole.nbytes)
    expected = [whole.take(order[i : i + per_group]) for i in range(0, len(order), per_group)]
    groups: list[pa.Table] = []
    place = "en/x.parquet", "en", "train"
    rows = [SortedTable(seeded(table), table.nbytes) for table in tables]
    row = write_rows(place, rows, PAGE_SCHEMA, LocalStore(), str(tmp_path), groups.append, held)
    assert groups == expected
    assert pq.read_table(tmp_path / row["path"], partitioning=None).num_rows == row["rows"] == whole.num_rows


@pytest.mark.parametrize(("held", "least", "most"), [(None, 1.0, 1.4), (1 << 30, 1.0, 1.4), (5 << 20, 0.24, 0.5)])
def test_a_shard_is_in_memory_at_once_or_a_part_at_a_time(
    tmp_path: Path, held: int | None, least: float, most: float
) -> None:
    groups = []
    for number in range(20):
        with (tmp_path / f"{number}").open("wb") as stream:
            sink = FinishedPages(stream, PAGE_SCHEMA)
            for n in range(1000 * number, 1000 * number + 1000):
                sink.add("en", "train", page(n)._replace(text=f"Page {n}. " * 100))
            sink.close()
        groups += [GroupFound(str(tmp_path / f"{number}"), *group[2:]) for group in sink.groups]
    shard = OutputShard("en", "train", 0, 1, tuple(RowSlice(group, 0, group.rows) for group in groups))
    before, pool = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
    pa.set_memory_pool(pool)
    try:
        write_shard(shard, LocalStore(), str(tmp_path), held)
    finally:
        pa.set_memory_pool(before)
    size = sum(group.nbytes for group in groups)
    assert least * size < pool.max_memory() < most * size


@pytest.mark.parametrize(("cap", "shown"), [(None, 20), (3, 3), (0, 0)])
def test_a_shard_that_is_left_out_goes_into_the_rejected_table(tmp_path: Path, cap: int | None, shown: int) -> None:
    (group,) = finished(tmp_path / "one", range(20))
    shard = OutputShard("fy", "train", 0, 1, (RowSlice(group, 0, 20),))
    row, stats = leave_out(shard, Size("size", 50), 21, cap, LocalStore(), str(tmp_path))
    assert (stats.pages_kept, stats.domains_rejected.total()) == (0, 20)
    if not shown:
        assert row is None
        return
    assert row is not None
    assert row["path"] == "__rejected/part-size-few_pages-fy-train-00000.parquet"
    found = pq.read_table(tmp_path / row["path"], partitioning=None).to_pylist()
    assert [r["url"] for r in found] == [
        p.url for p in sorted(map(page, range(20)), key=lambda p: (hash64(p.source), p.source))[:shown]
    ]
    assert {(r["stage"], r["reason"], r["detail"]) for r in found} == {("size", "few_pages", "fy: 21 pages")}


def test_the_rejected_table_is_written_in_the_order_given(tmp_path: Path) -> None:
    sampled = [Sampled(n, n, page(n), "clean", "policy", "A line.") for n in (3, 1, 2)]
    row = write_rejected("clean-policy", sample_table(sampled), LocalStore(), str(tmp_path))
    table = pq.read_table(tmp_path / "__rejected" / "part-clean-policy.parquet", partitioning=None)
    assert table.schema == REJECTED_SCHEMA
    assert table["url"].to_pylist() == [f"http://a.example/{n}" for n in (3, 1, 2)]
    data = (tmp_path / row["path"]).read_bytes()
    assert row == {
        "path": "__rejected/part-clean-policy.parquet",
        "rows": 3,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
