"""A finished corpus as something to look at: its manifest, its statistics, and its tables for SQL.

Views: `pages` and `rejected` are the Parquet files with their columns, `shards` is the manifest's list, and
`ledger` what its ledger says that stages took, of all pages.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.sums import FileSums
from c4pipe.facts.views import sql_of_views
from c4pipe.files.record import LISTS
from c4pipe.shards import (
    MANIFEST,
    PAGE_SCHEMA,
    REJECTED_SCHEMA,
    STATS,
    belongings,
    read_manifest,
    rejected_schema,
    sha256_of,
)
from c4pipe.text import many

if TYPE_CHECKING:  # DuckDB is imported where it is asked: jobs that open a corpus read its files themselves
    import duckdb

VIEWS = ("pages", "rejected")  # of files
TOLD_VIEWS = ("shards", "ledger")  # the manifest's own
MEMORY = "1GB"  # of a connection; a query that needs more fails with a message


# Nothing is fetched or loaded, and a name in SQL is never a variable of this program.
_ALONE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}


class Corpus(NamedTuple):
    """A corpus whose files are all there, with the sizes that the manifest gives. Their sums are taken when they are
    read."""

    folder: Path
    manifest: dict[str, Any]
    stats: dict[str, Any]  # stats.json; empty for a mixture, which has none
    schema: pa.Schema = PAGE_SCHEMA  # of the kept pages: columns of theirs that stages or older builds have
    rejected_schema: pa.Schema = REJECTED_SCHEMA  # of the rejected table: those of older builds have no language
    sums: FileSums = FileSums(Path(), {})
    elsewhere: tuple[Path, ...] = ()  # folders where somebody says that earlier corpora are

    def shards(self, config: str | None = None, split: str | None = None) -> list[dict[str, Any]]:
        """The manifest's rows of the kept pages, of one config or split where it is named."""
        return [
            shard
            for shard in self.manifest["shards"]
            if config in (None, shard["config"]) and split in (None, shard["split"])
        ]

    @property
    def rejected(self) -> list[dict[str, Any]]:
        """The manifest's rows of the rejected table."""
        return list(self.manifest.get("rejected", ()))

    @property
    def complete(self) -> bool:
        """Whether every page that was read is in it, kept or rejected."""
        return bool(self.manifest.get("settings", {}).get("rejected") == "all")

    @property
    def sampled(self) -> bool:
        """Whether its rejected table is a sample."""
        return bool(self.rejected) and not self.complete

    @property
    def released(self) -> dict[str, Any]:
        """Of a copy of released pages the folder, the files, and what of these gave no page; of a corpus {}."""
        return dict(self.manifest.get("released", {}))

    @property
    def home(self) -> Path:
        """The folder that people know it by."""
        return Path(self.released["folder"]) if self.released else self.folder

    @property
    def digest(self) -> str:
        """The sha256 of its manifest, by which what was found of it is known again."""
        return sha256_of(self.folder / MANIFEST)

    def check(self, views: Iterable[str] = VIEWS) -> None:
        """Takes the sums of the files behind these views. BuildError names one that has other bytes."""
        parts = {"pages": self.shards(), "rejected": self.rejected}
        self.sums.check(part["path"] for view in views for part in parts[view])


def open_corpus(folder: Path) -> Corpus:
    """The corpus in a folder. ConfigError where none is finished, BuildError where a file is missing or damaged.

    Of files that grow with the pages only the size is looked at, but for the first, of which the columns are read.
    """
    manifest = read_manifest(folder)
    if not isinstance(manifest.get("shards"), list):
        raise BuildError(f"{folder}/manifest.json lists no shards. Rebuild the corpus.")
    files = belongings(manifest)
    for file in files:
        if file.data or file.path == STATS:
            _check_size(folder / file.path, file.bytes)
    sums = FileSums(folder, {file.path: file.sha256 for file in files})
    sums.check(file.path for file in files if file.path == STATS or file.path.startswith(f"{LISTS}/"))
    corpus = Corpus(folder, manifest, _stats(folder), sums=sums)
    return corpus._replace(schema=_schema(corpus), rejected_schema=_rejected_schema(corpus))


def _check_size(path: Path, size: int) -> None:
    found = path.stat().st_size if path.is_file() else None
    if found != size:
        what = "is missing" if found is None else f"has {many(found, 'byte')}"
        raise BuildError(f"{path} {what}; the manifest says {size:,}. Copy or build the corpus again.")


def _schema(corpus: Corpus) -> pa.Schema:
    """The columns of the first file; those of `PAGE_SCHEMA` where there is none."""
    first = corpus.shards()[:1]
    corpus.sums.check(shard["path"] for shard in first)
    return _read_schema(corpus.folder / first[0]["path"]) if first else PAGE_SCHEMA


def _rejected_schema(corpus: Corpus) -> pa.Schema:
    """Likewise of the rejected table. Its sum is taken when its rows are read, which most questions do not."""
    first = corpus.rejected[:1]
    return rejected_schema(_read_schema(corpus.folder / first[0]["path"])) if first else REJECTED_SCHEMA


def _read_schema(path: Path) -> pa.Schema:
    try:
        return pq.read_schema(path).remove_metadata()
    except (OSError, pa.ArrowException) as error:
        raise BuildError(f"{path} cannot be read ({error}). Copy or build the corpus again.") from None


def _stats(folder: Path) -> dict[str, Any]:
    path = folder / STATS
    try:
        stats = json.loads(path.read_bytes())
        if not isinstance(stats, dict):
            raise ValueError("it is not a JSON object")
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError, OSError) as error:
        raise BuildError(f"{path} cannot be read ({error}). Build the corpus again.") from None
    return stats


def connect(
    corpus: Corpus,
    memory: str = MEMORY,
    other: Corpus | None = None,
    reads: Collection[str] = VIEWS,
    views_only: bool = False,
) -> duckdb.DuckDBPyConnection:
    """A database of the corpus's views. It reads files of the corpus and no others, and loads nothing; with
    `views_only` no other files of the corpus either than those that the views are of.

    The sums of the files behind the views that will be read are taken first: BuildError names one that has other bytes.

    It could still write into the corpus: run what others typed by `select`. A second corpus, where one is given, is
    read too, as `other_pages`, `other_rejected` and `other_shards`.
    """
    import duckdb

    for found in (corpus, other):
        if found is not None:
            found.check(reads)
    try:
        return _connected(corpus, memory, other, views_only)
    except (duckdb.Error, KeyError) as error:
        what = str(error).partition("\n")[0]
        raise BuildError(f"{corpus.folder} cannot be read ({what}). Copy or build the corpus again.") from None


def _connected(corpus: Corpus, memory: str, other: Corpus | None, views_only: bool) -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(config=_ALONE)
    corpora = {"": corpus} if other is None else {"": corpus, "other_": other}
    # A name with a bracket or an asterisk is escaped, for DuckDB takes names as patterns, and checks both.
    names = [path for found in corpora.values() for path in _readable(found, views_only)]
    allowed = [each for name in names for each in (name, glob.escape(name))]
    connection.execute(f"SET allowed_{'paths' if views_only else 'directories'} = $1", [allowed])
    connection.execute("SET memory_limit = $1", [memory])
    connection.execute("SET temp_directory = ''")
    connection.execute("SET enable_external_access = false")
    for prefix, found in corpora.items():
        for name, sql in sql_of_views(found, connection).items():
            connection.execute(f"CREATE VIEW {prefix}{name} AS {sql}")
    connection.execute("SET lock_configuration = true")
    return connection


def _readable(corpus: Corpus, views_only: bool) -> list[str]:
    """The files behind the views, or the folder with a slash."""
    folder = corpus.folder.resolve()
    if not views_only:
        return [f"{folder}/"]
    return [str(folder / part["path"]) for part in (*corpus.shards(), *corpus.rejected)]


def select(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    """The result of one SELECT that somebody typed. ConfigError for anything else, and for what DuckDB refuses;
    OutOfMemoryException where it takes too much memory."""
    import duckdb

    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type is not duckdb.StatementType.SELECT:
            raise ConfigError("only one SELECT is allowed. The views are pages, rejected, shards and ledger.")
        return connection.execute(statements[0])
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise ConfigError(f"DuckDB refuses the query: {said(error)}") from None


def said(error: duckdb.Error) -> str:
    """What DuckDB says, in a line: below its words it draws the place in the query."""
    return str(error).partition("\n\n")[0].replace("\n", " ")
