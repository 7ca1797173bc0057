"""Temporary tables of a connection, for facts that need a pass over all files: each made once, on first use.

They are in DuckDB's memory and end with the connection. Of those for a selection only the last few are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from threading import Lock
from typing import Any

import duckdb

from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.serve.cut_codes import codes_made
from c4pipe.inspect.serve.edits import edits_made
from c4pipe.inspect.serve.found_cuts import found_cuts_made
from c4pipe.inspect.serve.limits import within
from c4pipe.inspect.serve.selection import Selection

ASIDE = 6  # tables of selections kept per connection
ASIDE_SECONDS = 20.0  # limit for making one
CUT_CODES = "cut_codes"  # source -> codes of what was cut from that page
CHANGED_PAGES = "changed_pages"  # source -> names of the edits that changed that page
_OF_SELECTION = "aside_"
_MAKING = Lock()
_TOO_LONG = "this must look at every page of a table, which takes more than {:.0f} seconds here. {}"
_NARROW = "Narrow the selection to a reason, a language or a split, or search the text instead."


def codes_table(cursor: duckdb.DuckDBPyConnection, corpus: Corpus) -> None:
    """Makes the table `cut_codes`, if missing."""
    with _MAKING:
        if not _is_made(cursor, CUT_CODES):
            codes_made(cursor, CUT_CODES, corpus)


def edits_table(cursor: duckdb.DuckDBPyConnection, corpus: Corpus) -> None:
    """Makes the table `changed_pages`, if missing."""
    with _MAKING:
        if not _is_made(cursor, CHANGED_PAGES):
            edits_made(cursor, CHANGED_PAGES, corpus)


def lost_lines_table(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection) -> None:
    """Makes the table of `found_cuts` for the selection's search, if missing."""
    name = lost_lines_name(selection)
    with _MAKING:
        _make_room(cursor, name)
        if not _is_made(cursor, name):
            with within(cursor, ASIDE_SECONDS, _TOO_LONG.format(ASIDE_SECONDS, _NARROW)):
                found_cuts_made(cursor, name, corpus, selection.needle)


def lost_lines_name(selection: Selection) -> str:
    """The name of that table."""
    return aside_name("lost", "\n".join(selection.needle))


def lost_lines_found(selection: Selection) -> str:
    """SQL: the rows of that table that belong to the selection, to follow `FROM`."""
    side = "kept AND source != ''" if selection.kept else "NOT kept"
    return (
        f"{lost_lines_name(selection)} WHERE {side} AND {'list_contains(codes, $lost)' if selection.lost else 'whole'}"
    )


def aside_name(what: str, key: str) -> str:
    """The name of a table of a selection."""
    return f"{_OF_SELECTION}{what}_{hashlib.md5(key.encode()).hexdigest()}"


def kept_aside(
    cursor: duckdb.DuckDBPyConnection, name: str, select: str, values: Mapping[str, Any], words: str = ""
) -> None:
    """Makes a table of a selection, if missing, and drops the oldest. ConfigError if that takes too long: `words` say
    what to ask instead."""
    with _MAKING:
        _make_room(cursor, name)
        _make(cursor, name, select, values, words)


def _make_room(cursor: duckdb.DuckDBPyConnection, name: str) -> None:
    others = cursor.execute(
        f"SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, '{_OF_SELECTION}') AND "
        "table_name != $1 ORDER BY table_oid",
        [name],
    ).fetchall()
    for (other,) in others[: max(0, len(others) - ASIDE + 1)]:
        cursor.execute(f"DROP TABLE {other}")


def _make(
    cursor: duckdb.DuckDBPyConnection, name: str, select: str, values: Mapping[str, Any], words: str = ""
) -> None:
    if _is_made(cursor, name):
        return
    with within(cursor, ASIDE_SECONDS, _TOO_LONG.format(ASIDE_SECONDS, words or _NARROW)):
        cursor.execute(f"CREATE TABLE {name} AS {select}", dict(values) or None)


def _is_made(cursor: duckdb.DuckDBPyConnection, name: str) -> bool:
    return bool(cursor.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = $1", [name]).fetchall())
