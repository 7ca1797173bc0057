"""A finished corpus for inspection: its manifest, its statistics, and its tables for SQL.

Views: `pages` and `rejected` are the Parquet files with their columns, `shards` is the manifest's list, and `ledger`
has what each stage dropped, for all pages.
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

if TYPE_CHECKING:  # DuckDB is imported when needed: jobs that open a corpus read its files themselves
    import duckdb

VIEWS = ("pages", "rejected")  # of files
TOLD_VIEWS = ("shards", "ledger")  # from the manifest
MEMORY = "1GB"  # of a connection; a query that needs more fails with a message


# Nothing is fetched or loaded, and a name in SQL never refers to a variable of this program.
_ALONE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}


class Corpus(NamedTuple):
    """A corpus whose files all exist, with the sizes in the manifest. Their checksums are verified when they are
    read."""

    folder: Path
    manifest: dict[str, Any]
    stats: dict[str, Any]  # stats.json; empty for a mixture, which has none
    schema: pa.Schema = PAGE_SCHEMA  # of the kept pages: includes columns of their stages, or of older builds
    rejected_schema: pa.Schema = REJECTED_SCHEMA  # of the rejected table: older builds have no language there
    sums: FileSums = FileSums(Path(), {})
    elsewhere: tuple[Path, ...] = ()  # folders to search for earlier corpora

    def shards(self, config: str | None = None, split: str | None = None) -> list[dict[str, Any]]:
        """The manifest's entries of the kept pages, of one config or split if given."""
        return [
            shard
            for shard in self.manifest["shards"]
            if config in (None, shard["config"]) and split in (None, shard["split"])
        ]

    @property
    def rejected(self) -> list[dict[str, Any]]:
        """The manifest's entries of the rejected table."""
        return list(self.manifest.get("rejected", ()))

    @property
    def complete(self) -> bool:
        """Whether it has every page that was read, kept or rejected."""
        return bool(self.manifest.get("settings", {}).get("rejected") == "all")

    @property
    def sampled(self) -> bool:
        """Whether its rejected table is a sample."""
        return bool(self.rejected) and not self.complete

    @property
    def released(self) -> dict[str, Any]:
        """For a copy of released pages, the folder, the files, and the records that gave no page; for a corpus {}."""
        return dict(self.manifest.get("released", {}))

    @property
    def home(self) -> Path:
        """The folder that users know it by."""
        return Path(self.released["folder"]) if self.released else self.folder

    @property
    def digest(self) -> str:
        """The sha256 of its manifest, which identifies stored results about it."""
        return sha256_of(self.folder / MANIFEST)

    def check(self, views: Iterable[str] = VIEWS) -> None:
        """Verifies the checksums of the files behind these views. BuildError names one that differs."""
        parts = {"pages": self.shards(), "rejected": self.rejected}
        self.sums.check(part["path"] for view in views for part in parts[view])


def open_corpus(folder: Path) -> Corpus:
    """The corpus in a folder. ConfigError if none is finished there, BuildError if a file is missing or damaged.

    Of files that grow with the pages only the size is checked, except the first one, whose columns are read.
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
    """The columns of the first file; `PAGE_SCHEMA` if there is none."""
    first = corpus.shards()[:1]
    corpus.sums.check(shard["path"] for shard in first)
    return _read_schema(corpus.folder / first[0]["path"]) if first else PAGE_SCHEMA


def _rejected_schema(corpus: Corpus) -> pa.Schema:
    """The columns of the rejected table. Its checksum is verified when its rows are read, which most queries do not
    do."""
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
    """A database of the corpus's views. It reads only files of the corpus, or with `views_only` only those behind the
    views, and loads nothing.

    The checksums of the files behind the views to be read are verified first: BuildError names one that differs.

    The connection could still write into the corpus: run untrusted SQL through `select`. A second corpus, if given, is
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
    # A name with a bracket or an asterisk is escaped: DuckDB takes names as patterns, and checks both.
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
    """The files behind the views, or the folder with a trailing slash."""
    folder = corpus.folder.resolve()
    if not views_only:
        return [f"{folder}/"]
    return [str(folder / part["path"]) for part in (*corpus.shards(), *corpus.rejected)]


def select(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    """The result of one SELECT that a user typed. ConfigError for anything else, and for errors of DuckDB;
    OutOfMemoryException if it takes too much memory."""
    import duckdb

    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type is not duckdb.StatementType.SELECT:
            raise ConfigError("only one SELECT is allowed. The views are pages, rejected, shards and ledger.")
        return connection.execute(statements[0])
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.CatalogException as error:
        words = said(error)
        if "Table with name" in words:
            words = f"{words.partition(' Did you mean')[0]} The views are pages, rejected, shards and ledger."
        raise ConfigError(f"DuckDB refuses the query: {words}") from None
    except duckdb.Error as error:
        raise ConfigError(f"DuckDB refuses the query: {said(error)}") from None


def said(error: duckdb.Error) -> str:
    """DuckDB's message in one line: it adds a drawing of the place in the query."""
    return str(error).partition("\n\n")[0].replace("\n", " ")
