"""The views of a corpus as SQL, and building blocks of other queries."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from c4pipe.corpus.ledger import LOST_AS
from c4pipe.shards import REJECTED_SCHEMA

if TYPE_CHECKING:
    import duckdb

    from c4pipe.facts.corpus import Corpus

_SHARD_TYPES = {"path": "VARCHAR", "config": "VARCHAR", "split": "VARCHAR", "rows": "BIGINT", "bytes": "BIGINT"}


def files_sql(corpus: Corpus, parts: Iterable[dict[str, Any]]) -> str:
    """`read_parquet` over these files of the corpus, with `filename` and `file_row_number`."""
    names = (_quoted(glob.escape(str(corpus.folder.resolve() / part["path"]))) for part in parts)
    return f"read_parquet([{', '.join(names)}], filename = true, file_row_number = true)"


def names_sql(names: Iterable[str]) -> str:
    """Columns as SQL writes them: a name may be an SQL keyword, or contain any characters."""
    return ", ".join('"' + name.replace('"', '""') + '"' for name in names)


def sql_of_views(corpus: Corpus, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Each view by name. `connection` maps the types of a table without a file."""
    return {
        "pages": _pages(corpus, connection),
        "rejected": _rejected(corpus, connection),
        "shards": _shard_rows(corpus),
        "ledger": _ledger_rows(corpus),
    }


def _pages(corpus: Corpus, connection: duckdb.DuckDBPyConnection) -> str:
    """Kept pages with `config`, `split`, the `shard` they are in and their `row` there."""
    if not corpus.manifest["shards"]:
        return _empty(corpus.schema, connection, "config", "split", "shard", "row")
    columns = _with_language(corpus.schema)
    shard = f"substr(filename, {len(str(corpus.folder.resolve())) + 2})"
    return (
        f"SELECT * EXCLUDE (shard, row), regexp_extract(shard, '^(.*)/', 1) AS config, "
        "regexp_extract(shard, '([^/]*)-[0-9]{5}-of-[0-9]{5}[.]parquet$', 1) AS split, shard, row FROM "
        f"(SELECT {columns}, {shard} AS shard, file_row_number AS row FROM {files_sql(corpus, corpus.shards())})"
    )


def _rejected(corpus: Corpus, connection: duckdb.DuckDBPyConnection) -> str:
    """The rejected table with the `part` each page is in and its `row` there."""
    if not corpus.rejected:
        return _empty(REJECTED_SCHEMA, connection, "part", "row")
    part = f"substr(filename, {len(str(corpus.folder.resolve())) + 2})"
    columns = _with_language(corpus.rejected_schema)
    return f"SELECT {columns}, {part} AS part, file_row_number AS row FROM {files_sql(corpus, corpus.rejected)}"


def _with_language(schema: pa.Schema) -> str:
    """The columns, with an empty language if older builds have none."""
    return names_sql(schema.names) + ("" if "language" in schema.names else ", '' AS language")


def _shard_rows(corpus: Corpus) -> str:
    types = {**_SHARD_TYPES, "sha256": "VARCHAR"}
    columns = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in types.items())
    rows = (
        "SELECT " + ", ".join(f"CAST({_quoted(str(shard[name]))} AS {kind})" for name, kind in types.items())
        for shard in corpus.manifest["shards"]
    )
    return " UNION ALL ".join([f"(SELECT {columns} LIMIT 0)", *rows])


def _ledger_rows(corpus: Corpus) -> str:
    """One row for each reason of each stage: the pages, lines or sentences that it dropped from all pages, kept or
    not."""
    rows = ["(SELECT '' AS stage, '' AS reason, '' AS unit, 0::BIGINT AS taken LIMIT 0)"]
    for stage in corpus.manifest.get("ledger", {}).get("stages", []):
        for unit, name in LOST_AS.items():
            for code, taken in stage.get(name, {}).items():
                words = (_quoted(str(each)) for each in (stage["stage"], code, unit.value))
                rows.append(f"SELECT {', '.join(words)}, {int(taken)}::BIGINT")
    return " UNION ALL ".join(rows)


def _empty(schema: pa.Schema, connection: duckdb.DuckDBPyConnection, *places: str) -> str:
    """An empty table with these columns; `places` are columns that locate a row."""
    made = connection.from_arrow(schema.empty_table())  # DuckDB knows best how it maps a type
    fields = {name: str(kind) for name, kind in zip(schema.names, made.types, strict=True)}
    fields |= {name: "BIGINT" if name == "row" else "VARCHAR" for name in places}
    columns = (f"CAST(NULL AS {kind}) AS {names_sql([name])}" for name, kind in fields.items())
    return f"SELECT {', '.join(columns)} LIMIT 0"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
