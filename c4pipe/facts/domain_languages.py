"""What pages of each language and domain together lost to a rule, or to all of them.

The count of the build knows languages and domains apart. Which pages are kept the shards say, which fell the rejected
table: where it is a sample of each rule's pages, numbers of pages that fell are estimates, each with its interval.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from math import sqrt
from typing import Any, NamedTuple

import duckdb

from c4pipe.corpus.stats import registered
from c4pipe.errors import ConfigError, unknown
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.functions import HOST_SQL
from c4pipe.facts.losses import LEAST_PAGES
from c4pipe.facts.shares import critical, interval_between
from c4pipe.facts.unasked import FallenPages, PagesBetween, RuleKey

PairCounts = Counter[tuple[str, str]]  # of language and domain

ORDERS_WITHIN = ("language", "domain", "kept", "lost", "share")  # of rows


class DomainLanguageLoss(NamedTuple):
    """Pages of one language on one domain."""

    language: str  # "" where nobody knows it
    domain: str  # registered; "" without a URL
    kept: int
    held: int  # that fell and are in the rejected table
    lost: PagesBetween  # that fell
    interval: tuple[float, float] | None = None  # of the share that fell, with all intervals of the table at once
    more: int = 0  # 1 where it surely loses more of its pages than all do, -1 where fewer

    @property
    def share(self) -> float:
        """The part of its pages that fell."""
        return self.lost.pages / (self.lost.pages + self.kept)


class DomainLanguageLosses(NamedTuple):
    """All of them. Pages that fell to another rule than the one that is asked for count with neither side."""

    rows: list[DomainLanguageLoss]
    sampled: bool  # numbers of pages that fell are estimates

    def within(self, language: str | None, domain: str | None) -> list[DomainLanguageLoss]:
        """Those of one language, of one domain; of all where that is None."""
        return [row for row in self.rows if language in (None, row.language) and domain in (None, row.domain)]


def domain_language_losses(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, rule: str = "") -> DomainLanguageLosses:
    """Those of a corpus, by a pass over the URLs of all its pages. ConfigError for a rule, as stage/reason, that took
    no pages, and where the rejected table does not say of which language they were."""
    fell = _ledger(corpus)
    if rule and tuple(rule.split("/", 1)) not in fell:
        raise unknown("rule that takes pages,", rule, map("/".join, fell))
    if not corpus.rejected or "language" not in corpus.rejected_schema.names:
        raise ConfigError(
            f"{corpus.folder} has no table of rejected pages with their languages, so which domains lost pages in "
            "which language is unknown. Rebuild it."
        )
    kept = PairCounts()
    sql = f"SELECT language, {HOST_SQL}, count(*) FROM pages GROUP BY ALL"
    for language, host, pages in cursor.execute(sql).fetchall():
        kept[language or "", registered(host)] += pages
    seen = {key: PairCounts() for key in fell if rule in ("", "/".join(key))}
    sql = f"SELECT stage, reason, language, {HOST_SQL}, count(*) FROM rejected WHERE stage <> '' GROUP BY ALL"
    for stage, reason, language, host, pages in cursor.execute(sql).fetchall():
        if (stage, reason) in seen:
            seen[stage, reason][language or "", registered(host)] += pages
    fallen = FallenByPair({key: FallenPages(fell[key], pages) for key, pages in seen.items()})
    rows = [
        DomainLanguageLoss(*key, kept[key], fallen.held[key], PagesBetween(0, 0, 0))
        for key in sorted({*kept, *fallen.held})
    ]
    return DomainLanguageLosses(_compared(rows, fallen), fallen.sampled)


def _ledger(corpus: Corpus) -> dict[RuleKey, int]:
    """Pages by the rule that took them. What reading rejects are records that gave no page."""
    stages = corpus.manifest["ledger"]["stages"][1:]
    return {(stage["stage"], reason): pages for stage in stages for reason, pages in stage["rejected"].items() if pages}


class FallenByPair:
    """Pages that fell to some rules, of which the table has all or a sample."""

    def __init__(self, rules: dict[RuleKey, FallenPages]):
        self.pages = sum(rule.pages for rule in rules.values())
        self.held, self._counted, self._drawn = PairCounts(), PairCounts(), list[FallenPages]()
        self._unseen = sum(rule.pages for rule in rules.values() if not rule.seen)
        for rule in rules.values():
            self.held.update(rule.seen)
            if sum(rule.seen.values()) >= rule.pages:
                self._counted.update(rule.seen)
            elif rule.seen:
                self._drawn.append(rule)
        self.sampled = bool(self._drawn or self._unseen)

    def between(self, keys: Iterable[tuple[str, str]], errors: float) -> list[PagesBetween]:
        """The pages of each pair. The intervals of the rules make one of the sum as those of independent samples do
        (Zou and Donner 2008); those of which the table has no page may be all of one pair."""
        none = [rule.of(None, errors).high for rule in self._drawn]
        upper = sum(high**2 for high in none)
        told: dict[tuple[str, str], list[tuple[PagesBetween, float]]] = {}
        for rule, high in zip(self._drawn, none, strict=True):
            for key in rule.seen:
                told.setdefault(key, []).append((rule.of(key, errors), high))
        found = []
        for key in keys:
            spans = told.get(key, [])
            pages = self._counted[key] + sum(span.pages for span, _ in spans)
            below = sum((span.pages - span.low) ** 2 for span, _ in spans)
            above = upper + sum((span.high - span.pages) ** 2 - high**2 for span, high in spans)
            low = max(self.held[key], pages - sqrt(below))
            found.append(PagesBetween(pages, low, pages + sqrt(max(0.0, above)) + self._unseen))
        return found


def _compared(rows: list[DomainLanguageLoss], fallen: FallenByPair) -> list[DomainLanguageLoss]:
    """With what fell, and the intervals of those of enough pages, as the table of domains has them."""
    compared = max(1, sum(row.kept + row.held >= LEAST_PAGES for row in rows))
    all_of = fallen.pages / max(1, fallen.pages + sum(row.kept for row in rows))
    between = fallen.between([(row.language, row.domain) for row in rows], critical(2 * compared))
    found = []
    for row, lost in zip(rows, between, strict=True):
        row = row._replace(lost=lost)
        if row.kept + row.held >= LEAST_PAGES:
            least, most = (part / max(1, part + row.kept) for part in (lost.low, lost.high))
            low, high = interval_between(least, most, row.kept + lost.low, compared)
            row = row._replace(interval=(low, high), more=(low > all_of) - (high < all_of))
        found.append(row)
    return found


def ordered_within(rows: Iterable[DomainLanguageLoss], by: str, rising: bool) -> list[DomainLanguageLoss]:
    """Rows by one of `ORDERS_WITHIN`; those that are alike by domain and language."""
    keys: dict[str, Callable[[DomainLanguageLoss], Any]] = {
        "language": lambda row: row.language,
        "domain": lambda row: row.domain,
        "kept": lambda row: row.kept,
        "lost": lambda row: row.lost.pages,
        "share": lambda row: row.share,
    }
    return sorted(sorted(rows, key=lambda row: row[:2][::-1]), key=keys[by], reverse=not rising)
