"""Two corpora as one table, one row per page: its outcome in both, and where their records of it are.

A page is the same in both if its URL and the second of its date are, whatever the input files are called, so that WET
and WARC files of one crawl can be compared. Pages without a URL are the same if they are in the same place of a file of
the same name. Texts are compared by hash and not stored: a row of the table takes about 75 bytes. The content of a page
is read from its file when it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import duckdb

from c4pipe.errors import BuildError
from c4pipe.facts.corpus import Corpus, connect, said
from c4pipe.facts.functions import HOST_SQL, REGISTERED_DOMAIN, teach_functions
from c4pipe.facts.views import files_sql

NOT_READ, NOT_RECORDED = "not_read", "not_recorded"  # its file is not among the inputs; no table has its outcome
OTHER_TEXT_BIT, OTHER_LANGUAGE_BIT, ONLY_A, ONLY_B = 1, 2, 4, 8  # of `way`; 0 is a page that is the same in both

_KEY = "md5_number(if(url = '', regexp_replace(source, '^.*/', ''), url || chr(10) || left(timestamp, 19)))"
# A file name without folder and endings: a.warc.gz and a.warc.wet.gz are of one crawl.
_NO_STEM = r"^.*/|(\.warc)?(\.wet)?(\.gz|\.zst)?$"
_STEM = f"regexp_replace(regexp_replace(source, '#[^#]*$', ''), '{_NO_STEM}', '', 'g')"
VIEWS_OF_PAIR = ("", "other_")  # prefixes of view names: for the first corpus, for the second
PAIR_MEMORY = "2GB"  # of DuckDB: about 350 bytes per page of either corpus while the table is made, 75 afterwards
PLACE_BITS = 40  # of a place: the index of a file in the manifest's list, followed by so many bits of the row there
BOTH = (0, 1)


class KeptPages(NamedTuple):
    """The kept pages of a corpus; repetitions in a mixture count once."""

    pages: int
    bytes: int  # of their texts in UTF-8


class PairTable:
    """The table `fates` of a connection to two corpora: key, way, why, places (of the page and of its row in the
    rejected table, in both corpora), languages, bytes and domain.

    `why` is "stage/reason" of a page that one corpus lacks, from its rejected table, or "/" and `NOT_READ` or
    `NOT_RECORDED`. Every query uses a cursor of the connection, so that it can be interrupted.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, corpora: tuple[Corpus, Corpus]):
        """Makes the table; the connection is one of `connect_pair`. An interrupted table is made again."""
        self.corpora = corpora
        connection.execute("DROP TABLE IF EXISTS fates")  # an incomplete table left by an interruption
        self._make_types(connection)
        self.kept = tuple(self._keep(connection, side) for side in BOTH)
        for side in BOTH:
            self._note(connection, side)
        self._join(connection)

    def check(self) -> None:
        """Checks the files of both corpora against their manifests. BuildError names one that differs."""
        for corpus in self.corpora:
            corpus.check()

    def _make_types(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """The enumerations of names and of file numbers for rows."""
        pages, rejected = (
            " UNION ALL ".join(f"SELECT {{0}} FROM {view}{name}" for view in VIEWS_OF_PAIR)
            for name in ("pages", "rejected")
        )
        own = f"(VALUES ('', '{NOT_READ}'), ('', '{NOT_RECORDED}')) AS v(stage, reason)"
        for name, values in (
            ("tongue", f"SELECT DISTINCT language FROM ({pages.format('language')}) ORDER BY 1"),
            (
                "why",
                f"SELECT stage || '/' || reason FROM (SELECT DISTINCT stage, reason FROM "
                f"({rejected.format('stage, reason')} UNION ALL SELECT * FROM {own}) ORDER BY 1, 2)",
            ),
        ):
            cursor.execute(f"DROP TYPE IF EXISTS {name}")
            cursor.execute(f"CREATE TYPE {name} AS ENUM ({values})")
        hosts = f"SELECT DISTINCT {HOST_SQL} AS host FROM ({pages.format('url')})"
        domains = f"SELECT hash(host) AS host, {REGISTERED_DOMAIN}(host) AS domain FROM ({hosts})"
        cursor.execute(f"CREATE OR REPLACE TABLE hosts AS {domains}")
        cursor.execute("DROP TYPE IF EXISTS domain")
        cursor.execute("CREATE TYPE domain AS ENUM (SELECT DISTINCT domain FROM hosts ORDER BY 1)")
        for side, corpus in enumerate(self.corpora):
            for name, parts in (("shards_of", corpus.shards()), ("parts_of", corpus.rejected)):
                cursor.execute(
                    f"CREATE OR REPLACE TABLE {name}{side} AS "
                    "SELECT unnest($1::VARCHAR[]) AS file, unnest(range($2)) AS number",
                    [[part["path"] for part in parts], len(parts)],
                )

    def _keep(self, cursor: duckdb.DuckDBPyConnection, side: int) -> KeptPages:
        """The pages of one corpus without their texts."""
        inputs = self.corpora[1 - side].manifest.get("inputs", [])
        stems = sorted({re.sub(_NO_STEM, "", item["path"]) for item in inputs})
        other = self.corpora[1 - side]
        untold = "mixture" in other.manifest or bool(other.released)  # a mixture reads corpora; a copy has no record
        cursor.execute("CREATE OR REPLACE TABLE inputs AS SELECT hash(unnest($1::VARCHAR[])) AS stem", [stems])
        cursor.execute(
            f"CREATE OR REPLACE TABLE kept{side} AS SELECT {_KEY} AS key, min(hash(text)) AS text, "
            f"CAST(min(strlen(text)) AS UINTEGER) AS size, CAST(min(language) AS tongue) AS language, "
            f"min((number << {PLACE_BITS}) | row) AS place, min(hash({HOST_SQL})) AS host, "
            f"bool_or($1 OR hash({_STEM}) IN (SELECT stem FROM inputs)) AS read "
            f"FROM {VIEWS_OF_PAIR[side]}pages JOIN shards_of{side} ON shard = file GROUP BY 1",
            [untold],
        )
        cursor.execute("DROP TABLE inputs")
        ((pages, size),) = cursor.execute(f"SELECT count(*), coalesce(sum(size), 0) FROM kept{side}").fetchall()
        return KeptPages(pages, int(size))

    def _note(self, cursor: duckdb.DuckDBPyConnection, side: int) -> None:
        """Rows of the rejected table on pages that either corpus keeps. For a page kept here, only its cuts matter: of
        several copies of one date one is kept, and that others were dropped says nothing about it."""
        cursor.execute(
            f"CREATE OR REPLACE TABLE notes{side} AS SELECT key, min({{'why': why, 'place': place}}) AS note FROM ("
            f"SELECT {_KEY} AS key, CAST(stage || '/' || reason AS why) AS why, stage = '' AS here, "
            f"(number << {PLACE_BITS}) | row AS place "
            f"FROM {VIEWS_OF_PAIR[side]}rejected JOIN parts_of{side} ON part = file) "
            f"WHERE here = (key IN (SELECT key FROM kept{side})) AND "
            f"(here OR key IN (SELECT key FROM kept{1 - side})) GROUP BY 1"
        )

    def _join(self, cursor: duckdb.DuckDBPyConnection) -> None:
        unknown = [f"CAST(if({kept}.read, '/{NOT_RECORDED}', '/{NOT_READ}') AS why)" for kept in "ab"]
        tongues = [f"CAST({kept}.language AS VARCHAR)" for kept in "ab"]
        other_language = f"{tongues[0]} != {tongues[1]} AND '' NOT IN ({', '.join(tongues)})"  # if both have one
        cursor.execute(
            "CREATE OR REPLACE TABLE fates AS SELECT coalesce(a.key, b.key) AS key, CAST(CASE "
            f"WHEN b.key IS NULL THEN {ONLY_A} WHEN a.key IS NULL THEN {ONLY_B} ELSE "
            f"if(a.text != b.text, {OTHER_TEXT_BIT}, 0) + if({other_language}, {OTHER_LANGUAGE_BIT}, 0) END "
            "AS UTINYINT) AS way, CASE "
            f"WHEN b.key IS NULL THEN coalesce(y.note.why, {unknown[0]}) "
            f"WHEN a.key IS NULL THEN coalesce(x.note.why, {unknown[1]}) END AS why, "
            "a.place AS place0, b.place AS place1, x.note.place AS note0, y.note.place AS note1, "
            "a.language AS language0, b.language AS language1, a.size AS size0, b.size AS size1, "
            "CAST(h.domain AS domain) AS domain "
            "FROM kept0 a FULL JOIN kept1 b USING (key) LEFT JOIN notes0 x USING (key) LEFT JOIN notes1 y USING (key) "
            "LEFT JOIN hosts h ON h.host = coalesce(a.host, b.host)"
        )
        for name in ("kept0", "kept1", "notes0", "notes1", "hosts"):
            cursor.execute(f"DROP TABLE {name}")

    def rows_at(
        self, cursor: duckdb.DuckDBPyConnection, side: int, columns: str, places: Iterable[int], rejected: bool = False
    ) -> dict[int, tuple[Any, ...]]:
        """These columns of the rows at places of one corpus, of its kept pages or of its rejected table, by place."""
        corpus = self.corpora[side]
        parts = corpus.rejected if rejected else corpus.shards()
        wanted: dict[int, list[int]] = {}
        for place in places:
            wanted.setdefault(place >> PLACE_BITS, []).append(place & ((1 << PLACE_BITS) - 1))
        found: dict[int, tuple[Any, ...]] = {}
        for number, rows in sorted(wanted.items()):
            sql = f"SELECT file_row_number, {columns} FROM {files_sql(corpus, [parts[number]])} WHERE file_row_number "
            listed = ", ".join(map(str, sorted(rows)))
            for row, *values in cursor.execute(f"{sql} IN ({listed})").fetchall():
                found[number << PLACE_BITS | row] = tuple(values)
        return found


def connect_pair(a: Corpus, b: Corpus, memory: str = PAIR_MEMORY) -> duckdb.DuckDBPyConnection:
    """A connection to two corpora with everything that their table needs. Raises the errors of
    `facts.corpus.connect`."""
    connection = connect(a, memory, b)
    teach_functions(connection)
    return connection


@contextmanager
def comparing(a: Corpus, b: Corpus) -> Iterator[None]:
    """BuildError if the files of two corpora lack something, or for too little memory; an interruption passes
    unchanged."""
    try:
        yield
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise BuildError(f"{a.folder} and {b.folder} cannot be compared: {said(error)}") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = str(error).partition("\n")[0]
        raise BuildError(f"{a.folder} and {b.folder} cannot be compared: {what}") from None


def pair_table(connection: duckdb.DuckDBPyConnection, corpora: tuple[Corpus, Corpus]) -> PairTable:
    """The table of two corpora. BuildError if they are too large for the memory of the connection, or differ from their
    manifests; duckdb.InterruptException if it was interrupted."""
    with comparing(*corpora):
        return PairTable(connection, corpora)
