"""Which pages of the rejected table lost lines that contain the search text: a temporary table for each search.

Columns: `source`, `file` as DuckDB names it, `row`, whether the page is `kept`, `whole`: whether all cuts of the page
together contain it, and the `codes` of reasons whose cuts alone contain it.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from c4pipe.facts.corpus import Corpus
from c4pipe.facts.cuts import CUT_PLACE, CutPages, over_cuts
from c4pipe.facts.views import files_sql
from c4pipe.inspect.serve.needle import PHRASE, Needle

SEARCH_SECONDS = 20.0  # limit for a search
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("source", "file")),
        ("row", pa.int64()),
        *((name, pa.bool_()) for name in ("kept", "whole")),
        ("codes", pa.list_(pa.string())),
    ]
)
_CUTS = "array_to_string(list_transform({}, lambda d: d.line), chr(10))"
_CODES = "list_sort(list_distinct(list_transform(dropped, lambda d: d.reason)))"


def cut_text(code: str) -> str:
    """SQL: what was cut from a row of the rejected table, as a text: for the reason whose code `code` gives in SQL; for
    any if that is empty."""
    return _CUTS.format(f"list_filter(dropped, lambda d: d.reason = {code})" if code else "dropped")


def found_cuts_made(cursor: duckdb.DuckDBPyConnection, name: str, corpus: Corpus, needle: Needle) -> None:
    """Makes the table. ConfigError if it takes too long."""
    if corpus.rejected and _runs_over_lines(needle):
        sql, values = found_cuts_sql(corpus, needle)
        cursor.execute(f"CREATE TABLE {name} AS {sql}", values)
    else:
        cursor.from_arrow(found_cuts(corpus, needle)).create(name)


def _runs_over_lines(needle: Needle) -> bool:
    """Whether a match may span lines: then texts must be joined before they are searched."""
    return "\n" in needle.q or (needle.how == PHRASE and len(needle.q.split()) > 1)


def found_cuts_sql(corpus: Corpus, needle: Needle) -> tuple[str, dict[str, str]]:
    """The rows of the table in SQL with its parameters: correct for every search, and many times as slow."""
    values = {f"q{number}": pattern for number, pattern in enumerate(needle.patterns())}

    def holds(text: str) -> str:
        return " AND ".join(needle.test(text, f"${name}") for name in values)

    sql = (
        "SELECT * FROM (SELECT source, filename AS file, file_row_number AS row, stage = '' AS kept, "
        f"{holds(cut_text(''))} AS whole, list_filter({_CODES}, lambda code: {holds(cut_text('code'))}) AS codes "
        f"FROM {files_sql(corpus, corpus.rejected)} WHERE len(dropped) > 0) WHERE whole OR len(codes) > 0"
    )
    return sql, values


def found_cuts(corpus: Corpus, needle: Needle) -> pa.Table:
    """The same for matches within one line: each distinct line is searched once per row group."""
    folder, paths = corpus.folder.resolve(), [part["path"] for part in corpus.rejected]

    def of_pages(cut: CutPages) -> pa.Table:
        holds = [
            _in_pages(cut, pc.fill_null(found.take(cut.lines.indices), False).to_numpy(False))
            for found in _tests(needle, cut.lines.dictionary)
        ]
        by_code = np.logical_and.reduce(holds)
        rows = np.flatnonzero(np.logical_and.reduce([met.any(axis=1) for met in holds]))
        file = str(folder / paths[cut.place >> CUT_PLACE])
        return pa.table(
            [
                cut.pages.column("source").take(pa.array(rows)),
                pa.array([file] * len(rows), pa.string()),
                pa.array((cut.place & ((1 << CUT_PLACE) - 1)) + rows),
                pa.array(cut.kept[rows]),
                pa.array(np.ones(len(rows), bool)),
                cut.page_codes(by_code[rows]),
            ],
            schema=_SCHEMA,
        )

    found = over_cuts(corpus, of_pages, ("reason", "line"), ["stage", "source"], SEARCH_SECONDS)
    return pa.concat_tables([_SCHEMA.empty_table(), *found])


def _tests(needle: Needle, lines: pa.Array) -> Sequence[pa.Array]:
    """For each term, which lines contain it."""
    if needle.plain and needle.exact:
        return [pc.match_substring(lines, needle.q)]
    return [pc.match_substring_regex(lines, p, ignore_case=not needle.exact) for p in needle.patterns()]


def _in_pages(cut: CutPages, found: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """[P, names] Whether one of these cuts is of the page and for the reason."""
    met = np.zeros((cut.pages.num_rows, len(cut.names)), bool)
    met[cut.page[found], cut.codes[found]] = True
    return met
