"""Languages of pages rejected before language identification, counted in the rejected table, which may be a sample."""

from __future__ import annotations

from typing import NamedTuple

import duckdb

from c4pipe.facts.corpus import Corpus
from c4pipe.facts.shares import wilson_interval


class FallenLanguage(NamedTuple):
    """Pages of a language that a rule dropped."""

    language: str
    seen: int  # in the table
    share: float  # of the rule's pages in the table
    interval: tuple[float, float] | None  # of the share, if the table is a sample; pages are the sampling unit
    pages: int  # of all that the rule dropped; an estimate if there is an interval


class FallenLanguages(NamedTuple):
    """The languages of the pages that one rule dropped."""

    by: str  # the language identifier used
    seen: int  # pages in the table
    pages: int  # dropped by the rule
    languages: list[FallenLanguage]  # the most frequent first

    @property
    def sampled(self) -> bool:
        """Whether the numbers are estimates from a sample."""
        return self.seen < self.pages


def fallen_languages(
    cursor: duckdb.DuckDBPyConnection, corpus: Corpus, stage: str, reason: str
) -> FallenLanguages | None:
    """The languages of the pages that a rule dropped before language identification. None if it ran after that, if the
    table has no languages, or if the rule drops no pages."""
    said = corpus.manifest.get("rejected_languages")
    rows = corpus.manifest.get("ledger", {}).get("stages", [])
    names = [row["stage"] for row in rows]
    if not said or stage not in names or not (pages := rows[names.index(stage)]["rejected"].get(reason, 0)):
        return None
    if said["stage"] in names and names.index(stage) >= names.index(said["stage"]):
        return None
    found = cursor.execute(
        "SELECT language, count(*) FROM rejected WHERE stage = ? AND reason = ? AND language <> '' GROUP BY ALL "
        "ORDER BY count(*) DESC, language",
        [stage, reason],
    ).fetchall()
    seen = sum(number for _, number in found)
    languages = [
        FallenLanguage(
            language,
            number,
            number / seen,
            wilson_interval(number, seen) if seen < pages else None,
            round(number / seen * pages),
        )
        for language, number in found
    ]
    return FallenLanguages(said["before"]["identifier"], seen, pages, languages) if seen else None
