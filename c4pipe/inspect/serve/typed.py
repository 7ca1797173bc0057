"""Queries that somebody types into the viewer: what they may hold, how long they may run, and what is shown of them.

They are read before they run: one SELECT over the views, without functions that read files. The database below would
not read any other file either, has no place to write to, and takes no settings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import TOLD_VIEWS, VIEWS, Corpus, connect, said
from c4pipe.facts.functions import teach_functions
from c4pipe.inspect.output import as_text

QUERY_MEMORY = "1GB"  # of DuckDB
QUERY_SECONDS, EXPORT_SECONDS = 30, 600  # on the clock
LONGEST_SQL = 10_000  # characters
MOST_ANSWER_ROWS = 1_000  # shown; an export has all of them
MOST_ANSWER_CHARS = 2_000_000  # of all cells that are shown
CELL_CHARS = 500  # shown of a cell
MOST_COLUMNS = 100
ANSWER_BATCH = 10_000  # of an export at a time
TYPED_VIEWS = (*VIEWS, *TOLD_VIEWS)

_TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})  # all others read files or the program's state
_REFUSED = frozenset({"write_log", "current_setting", "getvariable", "setval", "nextval", "sleep_ms"})


class TypedAnswer(NamedTuple):
    """The first rows of a query."""

    columns: list[str]
    rows: list[list[Any]]
    more: bool  # there are others

    def cell(self, value: Any) -> tuple[str, int]:
        """A value as it is shown, and how many characters of it are not."""
        text = as_text(value)
        return text[:CELL_CHARS], max(0, len(text) - CELL_CHARS)


class TypedQueries:
    """A corpus, and a connection to its views for nothing else than what people type."""

    def __init__(self, corpus: Corpus):
        self._corpus = corpus
        self._lock = Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Made when it is first asked for."""
        with self._lock:
            if self._connection is None:
                made = connect(self._corpus, QUERY_MEMORY, views_only=True)
                teach_functions(made)
                self._connection = made
            return self._connection

    def columns(self, cursor: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
        """The columns of each view, with their types."""
        sql = "SELECT column_name, column_type FROM (DESCRIBE {})"
        return {view: cursor.execute(sql.format(view)).fetchall() for view in TYPED_VIEWS}

    def answer(self, cursor: duckdb.DuckDBPyConnection, sql: str) -> TypedAnswer:
        """What a query gives. ConfigError where it may not run, fails or takes too long or too much."""
        with self._refusing(cursor, sql, QUERY_SECONDS) as statement:
            result = cursor.execute(statement)
            columns = [column[0] for column in result.description or []]
            if len(columns) > MOST_COLUMNS:
                raise ConfigError(f"the answer has {len(columns):,} columns; {MOST_COLUMNS} are shown at most.")
            rows: list[list[Any]] = []
            chars = 0
            while batch := result.fetchmany(100):
                rows += map(list, batch)
                chars += sum(len(cell) for row in batch for cell in row if isinstance(cell, str | bytes))
                if len(rows) > MOST_ANSWER_ROWS or chars > MOST_ANSWER_CHARS:
                    break
            more = result.fetchone() is not None or len(rows) > MOST_ANSWER_ROWS
        return TypedAnswer(columns, rows[:MOST_ANSWER_ROWS], more)

    def tables(self, cursor: duckdb.DuckDBPyConnection, sql: str) -> Iterator[pa.Table]:
        """All rows of a query, in one table at least. Errors as of `answer`."""
        with self._refusing(cursor, sql, EXPORT_SECONDS):
            # `sql` parses the same text again; `select` would have the whole answer in memory first.
            reader: Any = cursor.sql(sql).to_arrow_reader(ANSWER_BATCH)
            schema = _named_once(reader.schema)
            batch = next(reader, None)
            if batch is None:
                yield schema.empty_table()
            while batch is not None:
                yield pa.Table.from_batches([batch]).rename_columns(schema.names)
                batch = next(reader, None)

    @contextmanager
    def _refusing(self, cursor: duckdb.DuckDBPyConnection, sql: str, seconds: float) -> Iterator[duckdb.Statement]:
        """The query, which is one that may run. Errors of DuckDB as words for who typed the query."""
        try:
            self._corpus.check()
            with _within(cursor, seconds):
                yield checked_query(cursor, sql)
        except duckdb.InterruptException:
            raise
        except duckdb.OutOfMemoryException:
            raise ConfigError(
                f"the query takes more than {QUERY_MEMORY} of memory. Ask for fewer pages or columns, or for numbers."
            ) from None
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            words = said(error) if isinstance(error, duckdb.Error) else str(error).partition("\n")[0]
            raise ConfigError(f"DuckDB refuses the query: {words}") from None


def asks_sample(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, sql: str) -> bool:
    """Whether a query that may run reads a table of rejected pages that holds a sample of them."""
    if not corpus.rejected or corpus.manifest.get("settings", {}).get("rejected") == "all":
        return False
    return any(
        node.get("type") == "BASE_TABLE" and node["qualified_name"]["path"][-1].lower() == "rejected"
        for node in _nodes(_tree(cursor, sql))
    )


def checked_query(cursor: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """The statement, which is read and not run. ConfigError for all but one SELECT over the views, wherever in it."""
    if not sql.strip():
        raise ConfigError("no query was given. Expected one SELECT over pages, rejected, shards and ledger.")
    if len(sql) > LONGEST_SQL:
        raise ConfigError(f"the query has {len(sql):,} characters; {LONGEST_SQL:,} are read at most.")
    statements = cursor.extract_statements(sql)
    if len(statements) != 1 or statements[0].type is not duckdb.StatementType.SELECT:
        raise ConfigError("only one SELECT is allowed. The views are pages, rejected, shards and ledger.")
    tree = _tree(cursor, sql)
    named = {entry["key"].lower() for node in _nodes(tree) for entry in _common_tables(node)}
    for node in _nodes(tree):
        _check_node(node, named)
    return statements[0]


def _tree(cursor: duckdb.DuckDBPyConnection, sql: str) -> Any:
    ((text,),) = cursor.execute("SELECT json_serialize_sql($1)", [sql]).fetchall()
    try:
        tree = json.loads(text)
    except RecursionError:
        raise ConfigError("the query is nested too deep.") from None
    if tree.get("error"):
        raise ConfigError(f"DuckDB refuses the query: {tree.get('error_message', 'it cannot be read')}")
    return tree


def _check_node(node: dict[str, Any], named: set[str]) -> None:
    """`named` are tables that the query defines itself."""
    if node.get("type") == "BASE_TABLE":
        path = node["qualified_name"]["path"]
        *above, name = (part.lower() for part in path)
        if not (name in named and not above) and (name not in TYPED_VIEWS or above not in ([], ["main"])):
            raise ConfigError(f"there is no table {'.'.join(path)!r}. The views are {', '.join(TYPED_VIEWS)}.")
    if node.get("type") == "TABLE_FUNCTION":
        name = str(node["function"].get("function_name", "")).lower()
        if name not in _TABLE_FUNCTIONS:
            raise ConfigError(f"{name} is not allowed here: no files are read and no state is. Ask the views.")
    if node.get("class") == "FUNCTION" and str(node.get("function_name", "")).lower() in _REFUSED:
        raise ConfigError(f"{node['function_name']} is not allowed here.")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of a tree of JSON."""
    left = [tree]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            yield node
            left += node.values()
        elif isinstance(node, list):
            left += node


def _common_tables(node: dict[str, Any]) -> list[dict[str, Any]]:
    found = node.get("cte_map")
    return found.get("map", []) if isinstance(found, dict) else []


@contextmanager
def _within(cursor: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
    """Interrupts what the cursor does after so many seconds. ConfigError says so."""
    done, late = Event(), Event()

    def watch() -> None:
        if not done.wait(seconds):
            late.set()
            while not done.wait(0.05):  # between two steps of a query there is nothing to interrupt
                cursor.interrupt()

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except (duckdb.InterruptException, pa.ArrowException, OSError):  # pyarrow's reader has other words for it
        if late.is_set():
            raise ConfigError(
                f"the query was ended after {seconds:,} seconds. Ask for less: fewer pages, or columns other than text."
            ) from None
        raise
    finally:
        done.set()
        watcher.join()


def _named_once(schema: pa.Schema) -> pa.Schema:
    """With a number behind a name that was there before, for files do not take it twice."""
    names: list[str] = []
    for name in schema.names:
        fresh, number = name, 2
        while fresh in names:
            fresh, number = f"{name}_{number}", number + 1
        names.append(fresh)
    return pa.schema([field.with_name(name) for field, name in zip(schema, names, strict=True)])
