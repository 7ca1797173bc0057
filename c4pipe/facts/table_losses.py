"""Losses by the rejected table, beyond the counts of the build: how much of a rule's cuts was from pages that were
finally kept, how long the dropped pages were, and which groups have pages to show.

A stage drops from what earlier ones left. So what a rule cut from pages that were dropped later counts for that rule,
and the rule that dropped them has only the rest: which one drops most depends on the order of the stages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from c4pipe.corpus.stats import registered
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.cuts import CutPages, asked_of_cuts, over_cuts
from c4pipe.facts.functions import HOST_SQL
from c4pipe.facts.losses import CorpusLosses, LossRow, rule_name
from c4pipe.page import Unit
from c4pipe.stages.personal import MaskPersonal

# The column of the table with a page's group, and the group in SQL, where `read` is the value read of the
# column: for domains the host, which `registered` takes apart, for texts the length.
_GROUPS = {
    "rule": ("stage", "''"),
    "language": ("language", "read"),
    "domain": ("url", HOST_SQL.replace("url", "read")),
    "length": ("text", "read"),
}
_FATE = ("stage", "reason")
_LOST = [*_FATE, "codes", "read"]


class TableLosses(NamedTuple):
    """Characters by rule, as stage/reason. Rules for which the table has no exact number are left out."""

    from_kept: Mapping[str, int]  # cut from pages that were kept
    as_read: Mapping[str, int]  # length as read of the pages that it dropped


class LossPlaces(NamedTuple):
    """For which rules and groups the table has pages: each as the rule or code, whether kept, and the group."""

    found: frozenset[tuple[str, bool, str | int]]

    def has(self, name: str, kept: bool, group: str | int = "") -> bool:
        """Whether there are pages that lost to a rule, as stage/reason, or to the code of a cutting rule; "" for
        any."""
        return (name, kept, group) in self.found


def stands_as_read(corpus: Corpus) -> bool:
    """Whether texts of the table have their original length: nothing in them is masked."""
    stages = corpus.manifest.get("preset", {}).get("stages", [])
    return all(stage.get("kind") != MaskPersonal.__name__ for stage in stages)


def table_losses(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, losses: CorpusLosses) -> TableLosses | None:
    """The losses from the table; None if there are none, or if texts are masked.

    A rule is left out if the table, a sample, has fewer of its pages than the build counted, if several stages have its
    code, or if texts are withheld.
    """
    if not corpus.rejected or not stands_as_read(corpus):
        return None
    rows = losses.by_rule()
    pages = {name: (count, chars) for name, count, chars in cursor.execute(_READ).fetchall()}
    cuts = _cut_by_code(corpus)
    as_read = {name: chars for name, (count, chars) in pages.items() if count == _pages_of(rows, name)}
    by_code: dict[str, list[LossRow]] = {}
    for row in rows:
        if row.cell is not None and row.cell.unit in _PARTS:
            by_code.setdefault(row.cell.reason, []).append(row)
    from_kept = {
        rule_name(row.cell): chars
        for code, (row, *others) in by_code.items()
        for count, chars in [cuts.get(code, (0, 0))]
        if row.cell is not None and not others and count == row.lost.pages
    }
    return TableLosses(from_kept, as_read) if from_kept or as_read else None


_PARTS = {Unit.LINE.value, Unit.SENTENCE.value, Unit.PASSAGE.value}
_READ = (
    "SELECT stage || '/' || reason, count(*), sum(length(text))::BIGINT FROM rejected WHERE stage <> '' "
    "GROUP BY ALL HAVING min(length(text)) > 0"
)


def _cut_by_code(corpus: Corpus) -> dict[str, tuple[int, int]]:
    """By code, the pages from which something was cut, and the characters cut from kept ones."""

    def of_pages(cut: CutPages) -> list[tuple[str, int, int]]:
        chars = np.bincount(cut.codes, cut.chars() * cut.kept[cut.page], len(cut.names))
        return list(zip(cut.names, cut.met.sum(0).tolist(), chars.astype(int).tolist(), strict=True))

    found: dict[str, tuple[int, int]] = {}
    for each in over_cuts(corpus, of_pages, ("reason", "line"), ["stage"]):
        for code, pages, chars in each:
            before = found.get(code, (0, 0))
            found[code] = before[0] + pages, before[1] + chars
    return found


def _pages_of(rows: list[LossRow], name: str) -> int:
    return sum(row.lost.pages for row in rows if row.key == name)


def loss_places(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, by: str) -> LossPlaces:
    """For which rules and groups the table has pages; groups are keyed as in losses, a length by its power of two."""
    column, group = _GROUPS[by]
    if column not in corpus.rejected_schema.names:  # language, in older builds
        column, group = _GROUPS["rule"]

    def of_pages(cut: CutPages) -> pa.Table:
        read = cut.pages.column(column)
        of = pc.utf8_length(read) if by == "length" else read.cast(pa.string())
        codes = cut.page_codes()
        return pa.table([*(cut.pages.column(name).cast(pa.string()) for name in _FATE), codes, of], _LOST)

    columns = sorted({*_FATE, column})
    if not (tables := list(over_cuts(corpus, of_pages, columns=columns))):
        return LossPlaces(frozenset())
    sql = (
        f"WITH each AS MATERIALIZED (SELECT stage, reason, codes, {group} AS of FROM cuts) "
        "SELECT stage || '/' || reason, false, of FROM each WHERE stage <> '' UNION "
        "SELECT '', false, of FROM each WHERE stage <> '' UNION "
        "SELECT unnest(codes), stage = '', of FROM each"
    )
    found = asked_of_cuts(cursor, pa.concat_tables(tables), sql)
    return LossPlaces(frozenset((name, kept, _group(by, group)) for name, kept, group in found))


def _group(by: str, told: str | int) -> str | int:
    if by == "domain":
        return registered(str(told))
    return max(0, int(told).bit_length() - 1) if by == "length" else told
