"""Which pages an edit of lines changed. No build notes it, so the rules are asked again, of the first raw pages of the
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

EDIT_ROWS = 4_000  # rows of the rejected table that are looked at: all that a sample of twenty reasons holds
_SCHEMA = pa.schema([("source", pa.string()), ("edits", pa.list_(pa.string()))])


def edit_names(manifest: dict[str, Any]) -> tuple[str, ...]:
    """The edits of the preset that a manifest describes: rules without a reason, for they drop nothing."""
    stages = manifest.get("preset", {}).get("stages", [])
    rules = (rule for stage in stages for rule in stage.get("rules", []) if not rule.get("reason"))
    return tuple(dict.fromkeys(str(rule["rule"]) for rule in rules if "rule" in rule))


def edits_made(cursor: duckdb.DuckDBPyConnection, name: str, corpus: Corpus) -> None:
    """Makes a table of DuckDB, `source` and `edits`, of the pages that came as far and were changed.

    ConfigError or AssetError where the rules cannot be asked again.
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
