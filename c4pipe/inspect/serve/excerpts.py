"""The sentences for which pages of a list were dropped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import duckdb

from c4pipe.facts.corpus import Corpus
from c4pipe.facts.views import files_sql
from c4pipe.inspect.quoted import Quote, sentence_around
from c4pipe.stages.explaining import MEASURE

CHARS_SEARCHED = 200_000  # of a text that are examined; the longest page that any preset keeps has 190,000
LONGEST_DETAIL = 300


def quotes_of(
    cursor: duckdb.DuckDBPyConnection, corpus: Corpus, hits: Iterable[Any], stages: Collection[str]
) -> dict[tuple[str, int], Quote]:
    """(file, row) of hits -> the sentence around the offending words, if the details of their stage quote the page and
    the text contains them."""
    wanted = defaultdict[str, dict[int, str]](dict)
    for hit in hits:
        if hit.stage in stages and 0 < len(hit.detail) <= LONGEST_DETAIL and not MEASURE.fullmatch(hit.detail):
            wanted[hit.path][hit.row] = hit.detail
    parts = {part["path"]: part for part in corpus.rejected}
    found = {}
    for path, details in wanted.items():
        sql = (
            f"SELECT file_row_number, left(text, {CHARS_SEARCHED}) FROM {files_sql(corpus, [parts[path]])} "
            "WHERE list_contains($rows, file_row_number)"
        )
        for row, text in cursor.execute(sql, {"rows": [*details]}).fetchall():
            if quote := sentence_around(text, details[row]):
                found[path, row] = quote
    return found
