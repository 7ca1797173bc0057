"""Opening a corpus, its views, and what SQL may not do."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.corpus import Corpus, connect, open_corpus, select
from c4pipe.shards import PAGE_SCHEMA, REJECTED_SCHEMA
from tests import manifests


@pytest.fixture
def copy(samples: Corpus, tmp_path: Path) -> Path:
    """The corpus in a folder of its own, whose name means something to DuckDB, to SQL and to URLs."""
    return Path(shutil.copytree(samples.folder, tmp_path / "o'ur [c]orpus*?#%"))


def test_views_hold_the_columns_of_the_files_and_where_a_row_is(samples: Corpus) -> None:
    pages = connect(samples).execute("FROM pages")
    assert [name for name, *_ in pages.description] == [*PAGE_SCHEMA.names, "config", "split", "shard", "row"]
    rejected = connect(samples).execute("FROM rejected")
    assert [name for name, *_ in rejected.description] == [*REJECTED_SCHEMA.names, "part", "row"]


def test_views_agree_with_the_manifest(samples: Corpus) -> None:
    connection = connect(samples)
    counted = connection.execute(
        "SELECT config, split, shard, count(*), max(row) + 1 FROM pages GROUP BY ALL"
    ).fetchall()
    listed = connection.execute("SELECT config, split, path, rows, rows FROM shards").fetchall()
    assert sorted(counted) == sorted(listed)
    assert len(listed) == 2
    rejected = connection.execute("SELECT count(*) FROM rejected WHERE stage != ''").fetchone()
    assert rejected is not None
    assert 0 < rejected[0] <= samples.manifest["ledger"]["records"]


def test_a_folder_may_have_any_name(copy: Path) -> None:
    connection = connect(open_corpus(copy))
    assert connection.execute("SELECT DISTINCT config FROM pages").fetchall() == [("en",)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('/tmp/other.parquet')",
        "SELECT * FROM 'https://example.org/x.parquet'",
        "COPY (SELECT 1) TO 'inside.csv'",
        "ATTACH 'x.db'",
        "SET lock_configuration = false",
        "INSTALL httpfs",
        "DROP VIEW pages",
        "SELECT 1; DROP VIEW pages",
        "CREATE TABLE x AS SELECT 1",
        "",
        "SELECT nonsense FROM pages",
    ],
)
def test_sql_only_reads_the_corpus(samples: Corpus, sql: str) -> None:
    with pytest.raises(ConfigError):
        select(connect(samples), sql).fetchall()


def test_a_connection_cannot_leave_the_corpus_by_itself(samples: Corpus, tmp_path: Path) -> None:
    with pytest.raises(duckdb.Error):
        connect(samples).execute(f"COPY (SELECT 1) TO '{tmp_path}/x.csv'")


def test_a_query_that_needs_too_much_memory_is_refused(samples: Corpus) -> None:
    with pytest.raises(duckdb.OutOfMemoryException):  # those who ask say how much that was
        select(connect(samples, memory="20MB"), "SELECT list(i) FROM range(20000000) t(i)").fetchall()


def test_a_corpus_without_pages_has_empty_views(copy: Path) -> None:
    manifests.write_older(copy, manifests.read(copy) | {"shards": [], "rejected": []})
    connection = connect(open_corpus(copy))
    for view, columns in (("pages", 12), ("rejected", 11), ("shards", 6)):
        assert connection.execute(f"FROM {view}").fetchall() == []
        assert len(connection.description) == columns


def test_a_folder_without_a_corpus(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no finished corpus"):
        open_corpus(tmp_path)


def test_a_missing_and_a_cut_shard_are_named(copy: Path) -> None:
    shard = next((copy / "en").glob("train-*"))
    data = shard.read_bytes()
    shard.write_bytes(data[:-1])
    with pytest.raises(BuildError, match=rf"train-00000-of-00001.parquet has {len(data) - 1:,} bytes"):
        open_corpus(copy)
    shard.unlink()
    with pytest.raises(BuildError, match=r"train-00000-of-00001.parquet is missing"):
        open_corpus(copy)


@pytest.mark.parametrize("text", ["{", "[]", '"\udcff"'])
def test_damaged_statistics_are_named(copy: Path, text: str) -> None:
    (copy / "stats.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(BuildError, match=r"stats.json has"):
        open_corpus(copy)
    manifests.write_again(copy, manifests.read(copy))  # a stranger's, whose sums are right
    with pytest.raises(BuildError, match=r"stats.json cannot be read"):
        open_corpus(copy)


def test_an_older_schema_is_refused(copy: Path) -> None:
    manifests.write_older(copy, manifests.read(copy) | {"schema_version": 0})
    with pytest.raises(ConfigError, match="schema version 0"):
        open_corpus(copy)
