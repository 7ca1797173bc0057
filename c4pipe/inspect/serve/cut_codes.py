"""The reasons for which each page of the rejected table lost lines, sentences or passages: a small table of codes by
source."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from c4pipe.facts.corpus import Corpus
from c4pipe.facts.cuts import CutPages, over_cuts

CODES_SECONDS = 20.0  # limit for reading them; 550,000 pages take one
_SCHEMA = pa.schema([("source", pa.string()), ("codes", pa.list_(pa.string()))])


def cut_codes(corpus: Corpus) -> pa.Table:
    """`source` and `codes`, distinct and sorted, of the pages that lost anything.

    ConfigError if it takes longer than `CODES_SECONDS`, BuildError for a file that cannot be read.
    """
    found = over_cuts(corpus, _codes_of, columns=["source"], seconds=CODES_SECONDS)
    return pa.concat_tables([_SCHEMA.empty_table(), *found])


def _codes_of(cut: CutPages) -> pa.Table:
    codes = cut.page_codes()
    table = pa.table([cut.pages.column("source"), codes], schema=_SCHEMA)
    return table.filter(pc.greater(pc.list_value_length(codes), 0))


def codes_made(cursor: duckdb.DuckDBPyConnection, name: str, corpus: Corpus) -> None:
    """Makes a DuckDB table of them."""
    cursor.from_arrow(cut_codes(corpus)).create(name)
