"""Pages of two corpora by outcome: a list with paging, its counts, and its full export.

Paging is by key, not by offset: the last page costs as much as the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from c4pipe.corpus.stats import registered
from c4pipe.errors import ConfigError, unknown
from c4pipe.facts.fates import DETAIL_CHARS
from c4pipe.facts.pairing import (
    BOTH,
    ONLY_A,
    ONLY_B,
    OTHER_LANGUAGE_BIT,
    OTHER_TEXT_BIT,
    PLACE_BITS,
    VIEWS_OF_PAIR,
    PairTable,
)

FATE_ROWS = 50  # per page of a list
FATE_DOMAINS = 12  # shown for a list
EXPORT_ROWS = 10_000  # per batch of an export

# The lists by name: a condition on rows of the table, and which corpus keeps the listed pages.
_LISTS = {
    "same": ("way = 0", 0),
    "other_text": (f"way < {ONLY_A} AND way & {OTHER_TEXT_BIT} > 0", 0),
    "other_language": (f"way < {ONLY_A} AND way & {OTHER_LANGUAGE_BIT} > 0", 0),
    "only_a": (f"way = {ONLY_A}", 0),
    "only_b": (f"way = {ONLY_B}", 1),
}
FATE_LISTS = tuple(_LISTS)

EXPORT_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("url", "timestamp", "source", "fate", "stage", "reason", "detail")),
        *((f"language_{side}", pa.string()) for side in "ab"),
        *((f"bytes_{side}", pa.int64()) for side in "ab"),
        ("domain", pa.string()),
        *((name, kind) for side in "ab" for name, kind in ((f"file_{side}", pa.string()), (f"row_{side}", pa.int64()))),
    ]
)


class FatePages(NamedTuple):
    """Pages with one outcome. Empty fields do not filter."""

    fate: str  # one of `FATE_LISTS`
    why: str = ""  # "stage/reason" of the corpus that lacks them, or "/not_read", "/not_recorded"
    language: str = ""  # in either corpus
    domain: str = ""  # registered
    words: str = ""  # all of which its URL contains, in any case

    def check(self) -> None:
        """ConfigError for an unknown list, and for a reason in a list that has none."""
        if self.fate not in _LISTS:
            raise unknown("list,", self.fate, _LISTS)
        if self.why and not self.fate.startswith("only_"):
            raise ConfigError(f"pages of list {self.fate} are in both corpora, so no reason separates them.")

    @property
    def side(self) -> int:
        """The corpus that keeps them, the first one if both do."""
        return _LISTS[self.fate][1]

    def condition(self, but: str = "") -> tuple[str, dict[str, Any]]:
        """The condition on a row of the table, in SQL with its parameters, without the filter of the field named
        `but`."""
        terms, values = [_LISTS[self.fate][0]], dict[str, Any]()
        chosen = {name: value for name, value in self._asdict().items() if value.strip() and name != but}
        for name, term in (
            ("why", "CAST(why AS VARCHAR) = $why"),
            ("language", "$language IN (CAST(language0 AS VARCHAR), CAST(language1 AS VARCHAR))"),
            ("domain", "CAST(domain AS VARCHAR) = $domain"),
        ):
            if name in chosen:
                terms.append(f"({term})")
                values[name] = registered(chosen[name]) if name == "domain" else chosen[name]
        if "words" in chosen:
            holds = []
            for number, word in enumerate(self.words.split()):
                holds.append(f"regexp_matches(url, $word{number}, 'i')")
                values[f"word{number}"] = re.sub(r"([!-/:-@\[-^`{-~])", r"\\\1", word)
            view, side = VIEWS_OF_PAIR[self.side], self.side
            place = (
                f"(SELECT (number << {PLACE_BITS}) | row FROM {view}pages JOIN shards_of{side} ON shard = file WHERE "
            )
            terms.append(f"place{side} IN {place}{' AND '.join(holds)})")
        return " AND ".join(terms), values


class FateRow(NamedTuple):
    """One page of a list."""

    key: int
    url: str
    timestamp: str
    source: str
    stage: str  # that rejected it in the corpus that lacks it
    reason: str
    detail: str
    languages: tuple[str, str]  # "" if it is not kept
    bytes: tuple[int, int]


class FateListing(NamedTuple):
    """Some pages of a list, in the order of their keys, and whether there are more on either side."""

    rows: list[FateRow]
    back: bool
    on: bool


class FateCounts(NamedTuple):
    """The counts of a list. Each filter's counts respect all other filters."""

    pages: int
    bytes: tuple[int, int]  # of kept texts, in UTF-8
    whys: list[tuple[str, int]]
    languages: list[tuple[str, str, int]]  # in the first corpus, in the second; "" if it is not kept
    domains: list[tuple[str, int]]  # the most frequent in the list
    others: int  # number of other domains


def listed(
    cursor: duckdb.DuckDBPyConnection,
    table: PairTable,
    asked: FatePages,
    after: int | None = None,
    before: int | None = None,
) -> FateListing:
    """The pages of a list after a key, or before one; without a key the first ones."""
    where, values = asked.condition()
    if after is not None or before is not None:
        where += f" AND key {'>' if before is None else '<'} CAST($key AS UHUGEINT)"
        values["key"] = str(after if before is None else before)
    found = cursor.execute(
        "SELECT key, why, place0, place1, note0, note1, language0, language1, size0, size1 FROM fates "
        f"WHERE {where} ORDER BY key {'' if before is None else 'DESC'} LIMIT {FATE_ROWS + 1}",
        values,
    ).fetchall()
    more, found = len(found) > FATE_ROWS, found[:FATE_ROWS]
    if before is not None:
        found.reverse()
    side = asked.side
    pages = table.rows_at(cursor, side, "url, timestamp, source", [row[2 + side] for row in found])
    noted = {}
    if asked.fate.startswith("only_"):
        places = [row[5 - side] for row in found if row[5 - side] is not None]
        noted = table.rows_at(cursor, 1 - side, f"left(detail, {DETAIL_CHARS})", places, rejected=True)
    rows = []
    for key, why, *at in found:
        stage, _, reason = (why or "/").partition("/")
        detail = noted.get(at[3 - side], ("",))[0]
        languages, sizes = (at[4] or "", at[5] or ""), (at[6] or 0, at[7] or 0)
        url, timestamp, source = pages[at[side]]
        rows.append(FateRow(key, url, timestamp, source, stage, reason, detail, languages, sizes))
    back, on = (after is not None, more) if before is None else (more, True)
    return FateListing(rows, back, on)


def around_key(cursor: duckdb.DuckDBPyConnection, asked: FatePages, key: int) -> tuple[int | None, int | None]:
    """The keys before and after one in a list; None at the ends."""
    where, values = asked.condition()
    ((before, after),) = cursor.execute(
        f"SELECT max(key) FILTER (key < CAST($key AS UHUGEINT)), min(key) FILTER (key > CAST($key AS UHUGEINT)) "
        f"FROM fates WHERE {where}",
        values | {"key": str(key)},
    ).fetchall()
    return before, after


def fate_counts(cursor: duckdb.DuckDBPyConnection, asked: FatePages) -> FateCounts:
    """The counts of a list."""
    where, values = asked.condition()
    ((pages, size_a, size_b, domains),) = cursor.execute(
        f"SELECT count(*), sum(size0), sum(size1), count(DISTINCT domain) FROM fates WHERE {where}", values
    ).fetchall()

    def by(names: tuple[str, ...], but: str, most: str = "") -> list[Any]:
        where, values = asked.condition(but)
        picked = ", ".join(f"coalesce(CAST({name} AS VARCHAR), '')" for name in names)
        order = ", ".join(str(number) for number, _ in enumerate(names, 1))
        sql = (
            f"SELECT {picked}, count(*) AS pages FROM fates WHERE {where} GROUP BY {order} ORDER BY pages DESC, {order}"
        )
        return cursor.execute(f"{sql} {most}", values).fetchall()

    top = by(("domain",), "domain", f"LIMIT {FATE_DOMAINS}")
    whys = by(("why",), "why") if asked.fate.startswith("only_") else []
    return FateCounts(
        pages,
        (int(size_a or 0), int(size_b or 0)),
        whys,
        by(("language0", "language1"), "language"),
        top,
        max(0, domains - len(top)),
    )


def exported(cursor: duckdb.DuckDBPyConnection, asked: FatePages) -> Iterator[pa.Table]:
    """All pages of a list with `EXPORT_SCHEMA`, in the order of the files of the corpus that keeps them."""
    where, values = asked.condition()
    side = asked.side
    mine, other = VIEWS_OF_PAIR[side], VIEWS_OF_PAIR[1 - side]
    detail, join = "''", ""
    if asked.fate.startswith("only_"):
        detail = "coalesce(detail, '')"
        join = (
            f"LEFT JOIN (SELECT (number << {PLACE_BITS}) | row AS note, left(detail, {DETAIL_CHARS}) AS detail "
            f"FROM {other}rejected JOIN parts_of{1 - side} ON part = file) ON note = note{1 - side} "
        )
    why = "coalesce(CAST(why AS VARCHAR), '/')"
    files = [f"(SELECT file FROM shards_of{n} WHERE number = place{n} >> {PLACE_BITS})" for n in BOTH]
    row = (1 << PLACE_BITS) - 1
    sql = (
        f"SELECT url, timestamp, source, $fate AS fate, split_part({why}, '/', 1) AS stage, "
        f"substr({why}, strpos({why}, '/') + 1) AS reason, {detail} AS detail, "
        "CAST(language0 AS VARCHAR), CAST(language1 AS VARCHAR), size0, size1, "
        f"CAST(domain AS VARCHAR), {files[0]}, place0 & {row}, {files[1]}, place1 & {row} "
        f"FROM (SELECT * FROM fates WHERE {where}) AS fates JOIN (SELECT url, timestamp, source, "
        f"(number << {PLACE_BITS}) | row AS place FROM {mine}pages JOIN shards_of{side} ON shard = file) "
        f"ON place = place{side} {join}ORDER BY place{side}"
    )
    reader: Any = cursor.sql(sql, params=values | {"fate": asked.fate}).to_arrow_reader(EXPORT_ROWS)
    for batch in reader:
        if batch.num_rows:
            yield pa.Table.from_batches([batch]).rename_columns(EXPORT_SCHEMA.names).cast(EXPORT_SCHEMA)
