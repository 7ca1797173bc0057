"""Exact dedup of lines: of all lines of the texts that are the same, stripped and in lower case, the first stays.

All get the texts in the order in which they may claim lines, and say of each line in turn whether it stays. c4pipe
does it as a build does: hashes, claims of 20 bytes, a sort. It compares 64 bits of each line, the others all of it.

DuckDB and Polars do less: they have all lines in memory at once, in the order in which they came, where claims are cut
into partitions that are written down; nobody hears who owns a line that fell. They lower and strip by tables of
their own (for the few letters that differ see the share that is the same), and of white space Polars strips what
Unicode calls so where Python also strips four controls; DuckDB strips the same as we name them.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.rivals.contest import Work, take_part

BLANKS = "".join(map(chr, [*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029]))
BLANKS += "".join(map(chr, [0x202F, 0x205F, 0x3000]))  # what str.strip strips


def c4pipe() -> Work:
    """By `LineLevel` and `collapse`, which is what a group of inputs settles by itself."""
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
    """By a smallest number of each line, joined in its place."""
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
