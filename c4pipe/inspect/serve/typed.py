"""Queries typed into the viewer: what they may contain, how long they may run, and how much of them is shown.

They are parsed before they run: one SELECT over the views, without functions that read files. Nor would the database
itself read any other file, write anything, or accept settings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Lock
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import TOLD_VIEWS, VIEWS, Corpus, connect, said
from c4pipe.facts.functions import CHARS, REGISTERED_DOMAIN, teach_functions
from c4pipe.inspect.confined import QUERY_MEMORY, Caller, confined, get_ready
from c4pipe.inspect.output import as_text

QUERY_SECONDS, EXPORT_SECONDS = 30, 600  # wall time
LONGEST_SQL = 10_000  # characters
MOST_ANSWER_ROWS = 1_000  # shown; an export has all of them
MOST_ANSWER_CHARS = 2_000_000  # in all cells of the rows shown
CELL_CHARS = 500  # shown per cell
MOST_COLUMNS = 100
ANSWER_BATCH = 2_048  # rows fetched at a time: as many as DuckDB produces at once
ANSWER_GROUP_ROWS, ANSWER_GROUP_BYTES = 10_000, 64 << 20  # of an export written at once, whichever is reached first
TYPED_VIEWS = (*VIEWS, *TOLD_VIEWS, "domains")
_TOLD_OF_VIEWS = f"{', '.join(TYPED_VIEWS[:-1])} and {TYPED_VIEWS[-1]}"
# For each registered domain the counts of `facts.domain_sizes`; tokens if a named tokenizer has counted them.
_DOMAINS = (
    f"SELECT domain, pages, characters, tokens FROM (SELECT {REGISTERED_DOMAIN}(url) AS domain, count(*) AS pages, "
    f"sum({CHARS}(text))::BIGINT AS characters FROM pages GROUP BY 1) LEFT JOIN domain_tokens USING (domain)"
)

DomainTokens = Mapping[str, int]  # by registered domain
SchemaTold = dict[bytes, bytes] | None  # metadata of a schema
WriteTables = Callable[[Iterator[pa.Table], pa.Schema], Iterator[bytes]]

_TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})  # all others read files or the program's state
# Functions that DuckDB marks as volatile or having side effects, and those on its catalogue, are refused, except these.
_HARMLESS = ("random", "uuid", "gen_random_uuid", "uuidv4", "uuidv7", "error", "pg_typeof", "pg_size_pretty")
_TELLING = ("current_setting", "getvariable", "current_database", "current_schemas", "in_search_path", "current_query")
_REFUSED_SQL = (
    "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE (stability = 'VOLATILE' OR has_side_effects OR "
    "(function_type = 'macro' AND regexp_matches(macro_definition, '\\bsleep_ms\\b|\\bduckdb_|\\bpg_catalog\\b')) OR "
    "starts_with(function_name, 'pg_') OR list_contains($1, function_name)) AND NOT list_contains($2, function_name)"
)


class TypedAnswer(NamedTuple):
    """The first rows of a result."""

    columns: list[str]
    rows: list[list[Any]]
    more: bool  # whether there are others

    def cell(self, value: Any) -> tuple[str, int]:
        """A value for display, and how many of its characters are omitted."""
        return as_text(value), value.hidden if isinstance(value, CutCell) else 0


class CutCell(str):
    """The beginning of a cell that is too long to be shown."""

    hidden = 0  # number of omitted characters

    @classmethod
    def of(cls, value: Any) -> tuple[Any, int]:
        """The value, or the beginning of its text if that is too long; and the length of the whole."""
        if value is None or isinstance(value, bool | int | float):
            return value, 0
        text = as_text(value)
        if len(text) <= CELL_CHARS:
            return value, len(text)
        cut = cls(text[:CELL_CHARS])
        cut.hidden = len(text) - CELL_CHARS
        return cut, len(text)


class TypedQueries:
    """A corpus, and a connection to its views that parses queries; they run in separate processes."""

    def __init__(self, corpus: Corpus, tokens: Callable[[], DomainTokens] = dict):
        """`tokens` returns those of domains, if available."""
        self._corpus, self._tokens = corpus, tokens
        self._lock = Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Made on first use."""
        with self._lock:
            if self._connection is None:
                self._connection = _connected(self._corpus, {})
            return self._connection

    def columns(self, cursor: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
        """The columns of each view, with their types."""
        sql = "SELECT column_name, column_type FROM (DESCRIBE {})"
        return {view: cursor.execute(sql.format(view)).fetchall() for view in TYPED_VIEWS}

    def expect(self) -> None:
        """Prepares for a query, while the user looks at the box."""
        get_ready(_first_rows)

    def answer(self, caller: Caller, sql: str) -> TypedAnswer:
        """The result of a query. ConfigError if it is not allowed, fails, or exceeds a limit."""
        self._check(sql)
        (found,) = confined(caller, QUERY_SECONDS, _first_rows, self._corpus, self._asked(sql), sql, MOST_ANSWER_CHARS)
        return TypedAnswer(*found)

    def written(self, caller: Caller, sql: str, write: WriteTables, told: SchemaTold = None) -> Iterator[bytes]:
        """All rows of a query as a file, in pieces, with further metadata in its schema. Errors as from `answer`."""
        self._check(sql)
        return confined(caller, EXPORT_SECONDS, _file_of, self._corpus, self._asked(sql), sql, write, told)

    def _asked(self, sql: str) -> DomainTokens:
        """The tokens of domains, for a query that may use them: requesting them starts the count."""
        return self._tokens() if "domains" in sql.lower() else {}

    def _check(self, sql: str) -> None:
        with self.connection().cursor() as cursor:
            checked_query(cursor, sql)
        self._corpus.check()


def _connected(corpus: Corpus, tokens: DomainTokens) -> duckdb.DuckDBPyConnection:
    made = connect(corpus, QUERY_MEMORY, views_only=True)
    teach_functions(made)
    made.execute("CREATE TABLE domain_tokens (domain VARCHAR, tokens BIGINT)")
    if tokens:
        made.execute("INSERT INTO domain_tokens SELECT unnest($1), unnest($2)", [list(tokens), list(tokens.values())])
    made.execute(f"CREATE VIEW domains AS {_DOMAINS}")
    return made


def _first_rows(
    corpus: Corpus, tokens: DomainTokens, sql: str, most_chars: int
) -> Iterator[tuple[list[str], list[list[Any]], bool]]:
    """The columns and first rows of a query, with long cells truncated, and whether there are more. Row by row: the
    full cells of one are freed before the next is read."""
    result = _connected(corpus, tokens).execute(sql)
    columns = [column[0] for column in result.description or []]
    if len(columns) > MOST_COLUMNS:
        raise ConfigError(f"the answer has {len(columns):,} columns; {MOST_COLUMNS} are shown at most.")
    rows: list[list[Any]] = []
    chars = 0
    while len(rows) < MOST_ANSWER_ROWS and chars <= most_chars and (row := result.fetchone()) is not None:
        cells = [CutCell.of(value) for value in row]
        rows.append([value for value, _ in cells])
        chars += sum(size for _, size in cells)
    yield columns, rows, result.fetchone() is not None


def _file_of(corpus: Corpus, tokens: DomainTokens, sql: str, write: WriteTables, told: SchemaTold) -> Iterator[bytes]:
    # `sql` parses the same text again; `select` would hold the whole result in memory.
    reader: Any = _connected(corpus, tokens).sql(sql).to_arrow_reader(ANSWER_BATCH)
    schema = _named_once(reader.schema).with_metadata(told)
    yield from write((table.replace_schema_metadata(told) for table in _tables(reader, schema)), schema)


def _tables(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """The batches as tables of bounded size; a single row may exceed it."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if (
            sum(each.num_rows for each in held) >= ANSWER_GROUP_ROWS
            or sum(each.nbytes for each in held) >= ANSWER_GROUP_BYTES
        ):
            yield from _halved(pa.Table.from_batches(held).rename_columns(schema.names))
            held = []
    if held:
        yield from _halved(pa.Table.from_batches(held).rename_columns(schema.names))


def _halved(table: pa.Table) -> Iterator[pa.Table]:
    if table.nbytes <= ANSWER_GROUP_BYTES or table.num_rows == 1:
        yield table
        return
    half = table.num_rows // 2
    yield from _halved(table.slice(0, half))
    yield from _halved(table.slice(half))


def asks_sample(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, sql: str) -> bool:
    """Whether an allowed query reads a table of rejected pages that is a sample."""
    return corpus.sampled and any(
        node.get("type") == "BASE_TABLE" and node["qualified_name"]["path"][-1].lower() == "rejected"
        for node in _nodes(_tree(cursor, sql))
    )


def checked_query(cursor: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """The statement, parsed and not run. ConfigError for anything but one SELECT over the views, at any depth."""
    if not sql.strip():
        raise ConfigError(f"no query was given. Expected one SELECT over {_TOLD_OF_VIEWS}.")
    if len(sql) > LONGEST_SQL:
        raise ConfigError(f"the query has {len(sql):,} characters; {LONGEST_SQL:,} are read at most.")
    statements = _statements(cursor, sql)
    if len(statements) != 1 or statements[0].type is not duckdb.StatementType.SELECT:
        raise ConfigError(f"only one SELECT is allowed. The views are {_TOLD_OF_VIEWS}.")
    tree = _tree(cursor, sql)
    named = {entry["key"].lower() for node in _nodes(tree) for entry in _common_tables(node)}
    own = {name.lower() for (name,) in cursor.execute("SELECT view_name FROM duckdb_views() WHERE internal").fetchall()}
    for name in sorted(named & own):  # outside the scope of the query's own definition, DuckDB's would be used
        raise ConfigError(f"a table of a query may not be called {name}: DuckDB has one of that name. Choose another.")
    refused = {name for (name,) in cursor.execute(_REFUSED_SQL, [list(_TELLING), list(_HARMLESS)]).fetchall()}
    for node in _nodes(tree):
        _check_node(node, named, refused)
    return statements[0]


def _statements(cursor: duckdb.DuckDBPyConnection, sql: str) -> list[duckdb.Statement]:
    """ConfigError, with DuckDB's message, if it cannot be parsed."""
    try:
        return cursor.extract_statements(sql)
    except duckdb.Error as error:
        raise ConfigError(f"DuckDB refuses the query: {said(error)}") from None


def _tree(cursor: duckdb.DuckDBPyConnection, sql: str) -> Any:
    ((text,),) = cursor.execute("SELECT json_serialize_sql($1)", [sql]).fetchall()
    try:
        tree = json.loads(text)
    except RecursionError:
        raise ConfigError("the query is nested too deep.") from None
    if tree.get("error"):
        raise ConfigError(f"DuckDB refuses the query: {tree.get('error_message', 'it cannot be read')}")
    return tree


def _check_node(node: dict[str, Any], named: set[str], refused: set[str]) -> None:
    """`named` are tables that the query defines itself, `refused` functions that it may not call."""
    if node.get("type") == "BASE_TABLE":
        path = node["qualified_name"]["path"]
        *above, name = (part.lower() for part in path)
        if not (name in named and not above) and (name not in TYPED_VIEWS or above not in ([], ["main"])):
            raise ConfigError(f"there is no table {'.'.join(path)!r}. The views are {', '.join(TYPED_VIEWS)}.")
    if node.get("type") == "TABLE_FUNCTION":
        name = str(node["function"].get("function_name", "")).lower()
        if name not in _TABLE_FUNCTIONS:
            raise ConfigError(f"{name} is not allowed here: queries read the views only, not files or state.")
    if node.get("class") == "FUNCTION" and str(node.get("function_name", "")).lower() in refused:
        raise ConfigError(f"{node['function_name']} is not allowed here.")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of a JSON tree."""
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


def _named_once(schema: pa.Schema) -> pa.Schema:
    """With a number after a repeated name, since files allow none."""
    names: list[str] = []
    for name in schema.names:
        fresh, number = name, 2
        while fresh in names:
            fresh, number = f"{name}_{number}", number + 1
        names.append(fresh)
    return pa.schema([field.with_name(name) for field, name in zip(schema, names, strict=True)])
