"""Tables that a connection keeps aside, of what takes a pass over all files to know: made once, when first asked for.

They live in the memory of DuckDB and end with the connection. Of those that a selection needs the last few are kept.
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
from c4pipe.inspect.serve.limits import within
from c4pipe.inspect.serve.selection import Selection

ASIDE = 6  # tables of selections that a connection keeps
ASIDE_SECONDS = 20.0  # that making one may take
CUT_CODES = "cut_codes"  # source -> codes of what was cut from that page
CHANGED_PAGES = "changed_pages"  # source -> names of the edits that changed that page
_OF_SELECTION = "aside_"
_MAKING = Lock()

_CUTS = "array_to_string(list_transform({}, lambda d: d.line), chr(10))"


def cut_text(code: str) -> str:
    """SQL: what was cut from a row of the rejected table, as a text: for the reason that `code` gives in SQL; for any
    where that is empty."""
    return _CUTS.format(f"list_filter(dropped, lambda d: d.reason = {code})" if code else "dropped")


def codes_table(cursor: duckdb.DuckDBPyConnection, corpus: Corpus) -> None:
    """Makes the table `cut_codes`, if it is not there."""
    with _MAKING:
        if not _is_made(cursor, CUT_CODES):
            codes_made(cursor, CUT_CODES, corpus)


def edits_table(cursor: duckdb.DuckDBPyConnection, corpus: Corpus) -> None:
    """Makes the table `changed_pages`, if it is not there."""
    with _MAKING:
        if not _is_made(cursor, CHANGED_PAGES):
            edits_made(cursor, CHANGED_PAGES, corpus)


def lost_lines_table(cursor: duckdb.DuckDBPyConnection, selection: Selection, snippet: str) -> None:
    """Makes the table of kept pages in whose lost lines the selection's search is found: `source`, and what of the
    lines is shown, the two columns that the SQL of `snippet` gives of `lines`."""
    needle = selection.needle
    values = {f"q{number}": pattern for number, pattern in enumerate(needle.patterns())}
    found = " AND ".join(needle.test("lines", f"${name}") for name in values)
    if selection.lost:
        values["lost"] = selection.lost
    select = (
        f"SELECT source, {snippet} FROM (SELECT source, {cut_text(selection.cut_code)} AS lines FROM rejected "
        f"WHERE stage = '' AND len(dropped) > 0 AND source != '') WHERE {found}"
    )
    kept_aside(cursor, lost_lines_name(selection), select, values)


def lost_lines_name(selection: Selection) -> str:
    """The name of that table."""
    return aside_name("lost", "\n".join((*selection.needle, selection.lost)))


def aside_name(what: str, key: str) -> str:
    """The name of a table of a selection."""
    return f"{_OF_SELECTION}{what}_{hashlib.md5(key.encode()).hexdigest()}"


def kept_aside(
    cursor: duckdb.DuckDBPyConnection, name: str, select: str, values: Mapping[str, Any], words: str = ""
) -> None:
    """Makes a table of a selection, if it is not there; the oldest of them goes. ConfigError where that takes too long:
    `words` say what to ask instead."""
    with _MAKING:
        others = cursor.execute(
            f"SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, '{_OF_SELECTION}') AND "
            "table_name != $1 ORDER BY table_oid",
            [name],
        ).fetchall()
        for (other,) in others[: max(0, len(others) - ASIDE + 1)]:
            cursor.execute(f"DROP TABLE {other}")
        _make(cursor, name, select, values, words)


def _make(
    cursor: duckdb.DuckDBPyConnection, name: str, select: str, values: Mapping[str, Any], words: str = ""
) -> None:
    if _is_made(cursor, name):
        return
    too_long = (
        f"this needs every page of a table looked at, and that takes more than {ASIDE_SECONDS:.0f} seconds here. "
        f"{words or 'Narrow the selection to a reason, a language or a split, or search the text instead.'}"
    )
    with within(cursor, ASIDE_SECONDS, too_long):
        cursor.execute(f"CREATE TABLE {name} AS {select}", dict(values) or None)


def _is_made(cursor: duckdb.DuckDBPyConnection, name: str) -> bool:
    return bool(cursor.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = $1", [name]).fetchall())
