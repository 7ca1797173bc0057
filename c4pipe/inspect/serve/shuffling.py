"""A selection in an order other than that of the files: the lowest score of the language first, or at random, by a hash
of each record and a seed, so that the same seed produces the same order.

The order is computed once, as a table of places that the connection keeps; a list is then a slice of it.
"""

from __future__ import annotations

import duckdb

from c4pipe.facts.corpus import Corpus
from c4pipe.facts.views import files_sql
from c4pipe.inspect.serve.aside import aside_name, kept_aside
from c4pipe.inspect.serve.conditions import condition, set_aside
from c4pipe.inspect.serve.hits import Hit, Listing, Place, hits_at
from c4pipe.inspect.serve.selection import BY_SCORE, Selection, ShardEntry, parts_of


def shuffled(
    cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, start: Place | None, rows: int
) -> Listing:
    """The first pages from a place on, which must have one of them, or from the first of all."""
    order = _Order(cursor, corpus, selection)
    at = 0 if start is None else order.number(start)
    return order.listing(at, at + rows)


def shuffled_back(
    cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, stop: Place, rows: int
) -> Listing:
    """The last pages before a place, which must have one of them."""
    order = _Order(cursor, corpus, selection)
    at = order.number(stop)
    return order.listing(max(0, at - rows), at)


def shuffled_step(
    cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, at: Place, back: bool
) -> Hit | None:
    """The page after that of a place, or before it; None at the ends."""
    order = _Order(cursor, corpus, selection)
    number = order.number(at) + (-1 if back else 1)
    return next(iter(order.listing(number, number + 1).hits), None) if number >= 0 else None


def ordered_rows(
    cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection, most: int
) -> list[tuple[ShardEntry, int]] | None:
    """The file and row of each page of the selection in its order; None if it has more than `most`."""
    order = _Order(cursor, corpus, selection)
    return order.rows() if order.total <= most else None


class _Order:
    """The order of a selection."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, corpus: Corpus, selection: Selection):
        self._cursor, self._corpus, self._selection = cursor, corpus, selection
        self._parts = parts_of(corpus, selection)
        self._table = aside_name("order", selection.query())
        self._make()
        ((self.total,),) = cursor.execute(f"SELECT count(*) FROM {self._table}").fetchall()

    def _make(self) -> None:
        set_aside(self._cursor, self._corpus, self._selection)
        where, values = condition(self._selection)
        # A page without a source, possible in older corpora, is hashed by its URL.
        key = "md5(coalesce(nullif(source, ''), url) || chr(10) || $seed)"
        by_score = self._selection.order == BY_SCORE
        select = "SELECT '' AS path, 0 AS row LIMIT 0"
        if self._parts:
            select = (
                f"SELECT filename AS path, file_row_number AS row FROM {files_sql(self._corpus, self._parts)} "
                f"WHERE {where} ORDER BY {'language_score' if by_score else key}, path, row"
            )
            values |= {} if by_score else {"seed": self._selection.seed}
        words = f"Narrow the selection, or leave out order={self._selection.order}."
        kept_aside(self._cursor, self._table, select, values if self._parts else {}, words)

    def number(self, place: Place) -> int:
        """The position of a place in the order; that of the first page if it is not in it."""
        values = [self._path(place.part), place.row]
        sql = f"SELECT rowid FROM {self._table} WHERE path = $1 AND row = $2"
        found = self._cursor.execute(sql, values).fetchall()
        return int(found[0][0]) if found else 0

    def rows(self) -> list[tuple[ShardEntry, int]]:
        """The file and row of each page."""
        of = {self._path(number): part for number, part in enumerate(self._parts)}
        places = self._cursor.execute(f"SELECT path, row FROM {self._table} ORDER BY rowid").fetchall()
        return [(of[path], row) for path, row in places]

    def listing(self, start: int, stop: int) -> Listing:
        """The pages start .. stop - 1 of the order."""
        sql = f"SELECT path, row FROM {self._table} WHERE rowid >= $1 AND rowid <= $2 ORDER BY rowid"
        places = self._cursor.execute(sql, [start, stop]).fetchall()
        cut = len(self._path(0)) - len(self._parts[0]["path"]) if self._parts else 0
        numbers = {part["path"]: number for number, part in enumerate(self._parts)}
        on = Place(numbers[places[-1][0][cut:]], places[-1][1]) if len(places) > stop - start else None
        hits = hits_at(self._cursor, self._corpus, self._selection, self._parts, places[: stop - start])
        first = Place(numbers[hits[0].path], hits[0].row) if start > 0 and hits else None
        return Listing(hits, first, on, self.total, self.total, (len(self._parts), len(self._parts)))

    def _path(self, part: int) -> str:
        return str(self._corpus.folder.resolve() / self._parts[part]["path"])
