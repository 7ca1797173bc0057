"""Single pages: the one at a place, those of a URL, the raw text of a kept one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import duckdb

from c4pipe.facts.corpus import Corpus
from c4pipe.facts.views import files_sql
from c4pipe.page import Page
from c4pipe.shards import TAKEN
from c4pipe.text.urls import as_read


class Record(NamedTuple):
    """A row of the corpus or of the rejected table. Fields that its table lacks are empty; columns that stages added
    are in `page.extra`."""

    path: str
    row: int
    page: Page
    stage: str
    reason: str  # "" in the corpus, "kept" for a kept page in the rejected table
    detail: str
    dropped: list[dict[str, str]]


def record_at(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, path: str, row: int) -> Record | None:
    """The page at a place; None if the corpus has no such file or row."""
    kept = [part for part in corpus.shards() if part["path"] == path]
    lost = [part for part in corpus.rejected if part["path"] == path]
    for part in (*kept, *lost):
        sql = f"SELECT *, file_row_number AS row FROM {files_sql(corpus, [part])} WHERE file_row_number = $row"
        if 0 <= row < part["rows"]:
            return next(_records(cursor.execute(sql, {"row": row}), path), None)
    return None


def raw_of(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, source: str) -> Record | None:
    """The kept page of that source in the rejected table, if it is there as read."""
    sql = "SELECT * FROM rejected WHERE source = $source AND stage = '' LIMIT 1"
    return next(_records(cursor.execute(sql, {"source": source})), None) if source and corpus.rejected else None


def kept_of(cursor: duckdb.DuckDBPyConnection, source: str) -> Record | None:
    """The kept page of that source."""
    sql = "SELECT * FROM pages WHERE source = $source LIMIT 1"
    return next(_records(cursor.execute(sql, {"source": source})), None) if source else None


def rawest(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, record: Record) -> tuple[Page, bool]:
    """The page as read, if available, and whether it is."""
    raw = record if record.reason else raw_of(cursor, corpus, record.page.source)
    return (as_read(raw.page), True) if raw else (record.page, False)


def _records(result: duckdb.DuckDBPyConnection, path: str = "") -> Iterator[Record]:
    names = [name for name, *_ in result.description]
    for values in result.fetchall():
        row = dict(zip(names, values, strict=True))
        extra = {name: value for name, value in row.items() if name not in _PAGE and name not in TAKEN}
        found = {name: default if row.get(name) is None else row[name] for name, default in _PAGE.items()}
        page = Page(**found, extra=extra)
        place = path or row.get("shard") or row["part"]
        yield Record(
            place,
            row["row"],
            page,
            row.get("stage", ""),
            row.get("reason", ""),
            row.get("detail", ""),
            row.get("dropped", []),
        )


_PAGE = {name: Page._field_defaults.get(name, "") for name in Page._fields if name != "extra"}
