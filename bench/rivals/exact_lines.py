"""Exact line dedup: of all lines that are equal when stripped and lower-cased, the first stays.

All get the texts in the order in which they may claim lines, and say for each line whether it stays. c4pipe works as in
a build: hashes, claims of 20 bytes, a sort. It compares 64 bits of each line, the others the whole line.

DuckDB and Polars do less: they hold all lines in memory, in the order of arrival, where claims are cut into partitions
that are written to disk, and they do not report the owner of a dropped line. They lower-case and strip by their own
tables (the share that is the same shows the few letters that differ). Polars strips Unicode white space, where Python
also strips four controls; DuckDB strips the characters listed here.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.rivals.contest import Work, take_part

BLANKS = "".join(map(chr, [*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029]))
BLANKS += "".join(map(chr, [0x202F, 0x205F, 0x3000]))  # as str.strip strips


def c4pipe() -> Work:
    """By `LineLevel` and `collapse`, the dedup within a group of inputs."""
    import numpy as np

    from c4pipe.dedup import LineLevel
    from c4pipe.dedup.claims import Atoms, claims, collapse

    level = LineLevel()

    def stays(texts: Sequence[str]) -> list[int]:
        atoms = Atoms.of([level.atoms(text) for text in texts], np.arange(len(texts), dtype=np.uint64))
        _, lost = collapse(claims(atoms, 1, np.ones(len(texts), bool)))
        kept = np.ones(len(atoms.hashes), np.int64)
        kept[lost["row"]] = 0
        return kept.tolist()

    return stays


def polars() -> Work:
    """By `is_first_distinct`."""
    import polars as pl

    def stays(texts: Sequence[str]) -> list[int]:
        lines = pl.Series("line", texts).str.split("\n").explode()
        return lines.str.strip_chars().str.to_lowercase().is_first_distinct().cast(pl.Int8).to_list()

    return stays


def duckdb() -> Work:
    """By the smallest number of each line, joined back."""
    import duckdb as db
    import pyarrow as pa

    connection = db.connect(config={"threads": 1})
    query = """
        WITH texts AS (SELECT row_number() OVER () AS page, unnest(string_split(text, chr(10))) AS line FROM given),
        lines AS (SELECT row_number() OVER () AS number, trim(lower(line), ?) AS line FROM texts),
        firsts AS (SELECT min(number) AS number FROM lines GROUP BY line)
        SELECT CAST(firsts.number IS NOT NULL AS TINYINT) AS stays
        FROM lines LEFT JOIN firsts USING (number) ORDER BY lines.number
    """

    def stays(texts: Sequence[str]) -> list[int]:
        connection.register("given", pa.table({"text": pa.array(texts, pa.large_string())}))
        return connection.execute(query, [BLANKS]).fetchnumpy()["stays"].tolist()

    return stays


if __name__ == "__main__":
    take_part({"c4pipe": c4pipe, "duckdb": duckdb, "polars": polars}, {})
