"""Which pages a line edit changed. No build records it, so the rules are run again, on the first raw pages of the
rejected table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa

from c4pipe.clean import edited_by
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.views import files_sql
from c4pipe.inspect.rebuild import plan_of
from c4pipe.rules import LineEdit
from c4pipe.stages import Clean

EDIT_ROWS = 4_000  # rows of the rejected table that are examined: all that a sample of twenty reasons has
_SCHEMA = pa.schema([("source", pa.string()), ("edits", pa.list_(pa.string()))])


def edit_names(manifest: dict[str, Any]) -> tuple[str, ...]:
    """The edits in a manifest's preset: rules without a reason, since they drop nothing."""
    stages = manifest.get("preset", {}).get("stages", [])
    rules = (rule for stage in stages for rule in stage.get("rules", []) if not rule.get("reason"))
    return tuple(dict.fromkeys(str(rule["rule"]) for rule in rules if "rule" in rule))


def edits_made(cursor: duckdb.DuckDBPyConnection, name: str, corpus: Corpus) -> None:
    """Makes a DuckDB table, `source` and `edits`, of the pages that reached an edit and were changed.

    ConfigError or AssetError if the rules cannot be run again.
    """
    plan = plan_of(corpus)
    names = plan.names()
    cleaning = [
        (names.index(stage.name), [plan.bound(step) for step in stage.lines])
        for stage in plan.preset.stages
        if isinstance(stage, Clean) and any(isinstance(step, LineEdit) for step in stage.lines)
    ]
    rows = []
    for source, stage, text in _first_pages(cursor, corpus):
        came = len(names) if not stage else names.index(stage) if stage in names else -1
        edits = set[str]().union(*(edited_by(text, steps) for index, steps in cleaning if came >= index))
        if edits:
            rows.append({"source": source, "edits": sorted(edits)})
    cursor.from_arrow(pa.Table.from_pylist(rows, _SCHEMA)).create(name)


def _first_pages(cursor: duckdb.DuckDBPyConnection, corpus: Corpus) -> Iterator[tuple[str, str, str]]:
    left = EDIT_ROWS
    for part in corpus.rejected:
        where = f"file_row_number < {left} AND source != ''"
        sql = f"SELECT source, stage, text FROM {files_sql(corpus, [part])} WHERE {where}"
        yield from cursor.execute(sql).fetchall()
        left -= part["rows"]
        if left <= 0:
            return
