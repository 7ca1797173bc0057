"""What the pages of a list lost for a reason: for each page a line, sentence or passage that was cut for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import duckdb

from c4pipe.facts.corpus import Corpus
from c4pipe.facts.views import files_sql
from c4pipe.inspect.serve.conditions import around, inside, needles, runs_on
from c4pipe.inspect.serve.hits import Hit
from c4pipe.inspect.serve.selection import Selection

# Blank lines are not informative.
_LINES = (
    "list_transform(list_filter(dropped, lambda d: d.reason = $lost AND regexp_matches(d.line, '[^\\s\\pZ]')), "
    "lambda d: d.line)"
)


class CutLine(NamedTuple):
    """A line, sentence or passage that was cut, possibly shortened for a list."""

    text: str
    begins: bool  # whether the beginning of the line is shown
    ends: bool


def cut_lines_of(
    cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, hits: Sequence[Hit]
) -> dict[tuple[str, int], CutLine]:
    """(file, row) of hits -> the first line that the page lost for the selection's reason; for a search in cut text the
    first that contains all terms, or else any. Pages without such a line are left out.

    For a kept page the rejected table has it, in the row with the same source; for others their own row.
    """
    if not selection.lost or not hits:
        return {}
    if selection.kept:
        sources = list({hit.source for hit in hits if hit.source})
        # Their places are found first, so that cut text is read for these rows alone.
        sql = "SELECT part, row FROM rejected WHERE stage = '' AND list_contains($1, source)"
        places = set(cursor.execute(sql, [sources]).fetchall())
        parts = [part for part in corpus.rejected if part["path"] in {path for path, _ in places}]
        rows = sorted({row for _, row in places})
        found = _asked(cursor, corpus, selection, parts, rows)
        by_source = {source: line for place, source, line in reversed(found) if place in places}
        return {(hit.path, hit.row): by_source[hit.source] for hit in hits if hit.source in by_source}
    paths = {hit.path for hit in hits}
    parts = [part for part in corpus.rejected if part["path"] in paths]
    rows = list({hit.row for hit in hits})  # also reads these row numbers in other files: a few
    found = _asked(cursor, corpus, selection, parts, rows)
    return {place: line for place, _, line in found}


def _asked(
    cursor: duckdb.DuckDBPyConnection,
    corpus: Corpus,
    selection: Selection,
    parts: Sequence[dict[str, object]],
    rows: Sequence[int],
) -> list[tuple[tuple[str, int], str, CutLine]]:
    """(file, row), source and line of these rows of these files, in the order of the files."""
    if not rows:
        return []
    numbers = ", ".join(map(str, rows))
    sought = needles(selection) if selection.q and selection.field == "lost" else {}
    line, match = "lines[1]", "0"
    if sought:
        tests = [selection.needle.test("line", f"${name}") for name in sought]
        line = "coalesce({}, {})".format(
            *(f"list_filter(lines, lambda line: {word.join(tests)})[1]" for word in (" AND ", " OR "))
        )
        places = (f"nullif({selection.needle.place('line', f'${name}')}, 0)" for name in sought)
        match = f"coalesce({', '.join(places)}, 0)"
    sql = (
        f"SELECT filename, file_row_number, source, {around('line', match)}, {inside(match)}, {runs_on('line', match)} "
        f"FROM (SELECT * EXCLUDE (lines), {line} AS line FROM (SELECT filename, file_row_number, source, "
        f"{_LINES} AS lines FROM {files_sql(corpus, parts)} WHERE file_row_number IN ({numbers}))) "
        "WHERE line IS NOT NULL ORDER BY filename, file_row_number"
    )
    values = {"lost": selection.lost} | sought
    cut = len(str(corpus.folder.resolve())) + 1
    return [
        ((path[cut:], row), source, CutLine(text, not inner, not more))
        for path, row, source, text, inner, more in cursor.execute(sql, values).fetchall()
    ]
