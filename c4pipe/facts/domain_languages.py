"""Losses to a rule, or to all rules, of the pages of each combination of language and domain.

A build counts by language and by domain, but not by both. The shards have the kept pages, and the rejected table the
dropped ones. If that is a sample of each rule's pages, numbers of dropped pages are estimates, each with its interval.
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

PairCounts = Counter[tuple[str, str]]  # by language and domain

ORDERS_WITHIN = ("language", "domain", "kept", "lost", "share")  # of rows


class DomainLanguageLoss(NamedTuple):
    """Pages of one language on one domain."""

    language: str  # "" if unknown
    domain: str  # registered; "" without a URL
    kept: int
    held: int  # dropped, and in the rejected table
    lost: PagesBetween  # dropped
    interval: tuple[float, float] | None = None  # of the dropped share; all of the table hold simultaneously
    more: int = 0  # 1 if it certainly loses more of its pages than average, -1 if fewer

    @property
    def share(self) -> float:
        """The share of its pages that was dropped."""
        return self.lost.pages / (self.lost.pages + self.kept)


class DomainLanguageLosses(NamedTuple):
    """All combinations. Pages dropped by a rule other than the requested one count neither as kept nor as dropped."""

    rows: list[DomainLanguageLoss]
    sampled: bool  # numbers of dropped pages are estimates

    def within(self, language: str | None, domain: str | None) -> list[DomainLanguageLoss]:
        """Those of one language or domain; None stands for all."""
        return [row for row in self.rows if language in (None, row.language) and domain in (None, row.domain)]


def domain_language_losses(cursor: duckdb.DuckDBPyConnection, corpus: Corpus, rule: str = "") -> DomainLanguageLosses:
    """Those of a corpus, from one pass over the URLs of all its pages. ConfigError for a rule, as stage/reason, that
    dropped no pages, and if the rejected table does not have their languages."""
    fell = _ledger(corpus)
    if rule and tuple(rule.split("/", 1)) not in fell:
        raise unknown("rule that drops pages,", rule, map("/".join, fell))
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
    """Pages by the rule that dropped them. What reading rejects are records that gave no page."""
    stages = corpus.manifest["ledger"]["stages"][1:]
    return {(stage["stage"], reason): pages for stage in stages for reason, pages in stage["rejected"].items() if pages}


class FallenByPair:
    """Pages dropped by some rules; the table has all of them or a sample."""

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
        """The pages of each combination. The intervals of the rules are combined as those of independent samples (Zou
        and Donner 2008); pages of rules that the table does not have may all belong to one combination."""
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
    """With the dropped pages, and intervals for combinations with enough pages, as in the table of domains."""
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
    """Rows in one of the orders `ORDERS_WITHIN`; ties are ordered by domain and language."""
    keys: dict[str, Callable[[DomainLanguageLoss], Any]] = {
        "language": lambda row: row.language,
        "domain": lambda row: row.domain,
        "kept": lambda row: row.kept,
        "lost": lambda row: row.lost.pages,
        "share": lambda row: row.share,
    }
    return sorted(sorted(rows, key=lambda row: row[:2][::-1]), key=keys[by], reverse=not rising)
