"""Pages dropped before language identification: how many of them are of each language.

The losses count them all, and the rejected table, which may be a sample of each rule's pages, has the languages of its
rows. So a language's loss is its certain loss plus an estimated part of these pages.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from math import hypot
from typing import Any, NamedTuple

import duckdb

from c4pipe.corpus.cells import LossCell
from c4pipe.facts.corpus import Corpus, connect
from c4pipe.facts.shares import wilson_interval
from c4pipe.page import Unit

RuleKey = tuple[str, str]  # stage and reason


class PagesBetween(NamedTuple):
    """A number of pages, with lower and upper bounds."""

    pages: float
    low: float
    high: float


class FallenPages(NamedTuple):
    """The pages that a rule dropped before language identification."""

    pages: int
    seen: Mapping[Any, int]  # those in the table by language, or by another group; empty if it has none

    def of(self, language: Hashable, errors: float) -> PagesBetween:
        """The pages of a language: Wilson's interval, for a sample of the effective size if it is a large part of the
        whole (the finite population correction, Cochran 1977, section 2.6), and never below what the table has."""
        seen, part = sum(self.seen.values()), self.seen.get(language, 0)
        if not seen:
            return PagesBetween(0.0, 0.0, self.pages)
        least, most = part, self.pages - (seen - part)
        if seen >= self.pages:
            return PagesBetween(part, part, part)
        worth = (self.pages - 1) / (self.pages - seen)
        low, high = wilson_interval(part * worth, seen * worth, errors)
        return PagesBetween(
            part / seen * self.pages, min(most, max(least, low * self.pages)), max(least, min(most, high * self.pages))
        )


class NeverAsked(NamedTuple):
    """All pages dropped before language identification."""

    by: str  # the identifier of the languages in the rejected table; "" if none
    rules: Mapping[RuleKey, FallenPages]

    @property
    def pages(self) -> int:
        """Their number."""
        return sum(rule.pages for rule in self.rules.values())

    @property
    def told(self) -> bool:
        """Whether the table has the languages of each rule's pages, so that there is an estimate."""
        return all(rule.seen for rule in self.rules.values())

    @property
    def sampled(self) -> bool:
        """Whether the table has only some of them."""
        return any(sum(rule.seen.values()) < rule.pages for rule in self.rules.values())

    @property
    def languages(self) -> set[str]:
        """All languages in the table."""
        return {language for rule in self.rules.values() for language in rule.seen}

    def of(self, language: Hashable, errors: float, where: Callable[[RuleKey], bool] | None = None) -> PagesBetween:
        """The pages of a language that some of the rules dropped. The intervals of the rules are combined as those of
        independent samples (Zou and Donner 2008); if the table has no languages, all pages may be of this one."""
        asked = [fallen for rule, fallen in self.rules.items() if where is None or where(rule)]
        spans = [fallen.of(language, errors) for fallen in asked if fallen.seen]
        unknown = sum(fallen.pages for fallen in asked if not fallen.seen)
        pages = sum(span.pages for span in spans)
        return PagesBetween(
            pages,
            max(0.0, pages - hypot(*(span.pages - span.low for span in spans))),
            pages + hypot(*(span.high - span.pages for span in spans)) + unknown,
        )


class LossOfLanguage(NamedTuple):
    """What a language lost, including its pages dropped before identification."""

    lost: PagesBetween
    came: PagesBetween
    share: float | None  # None if the table has too little for an estimate
    least: float  # of the share
    most: float

    @property
    def counted(self) -> bool:
        """Whether nothing of it is an estimate."""
        return self.share is not None and self.lost.low == self.lost.high and self.came.low == self.came.high


def with_never_asked(
    never: NeverAsked, language: str, cell: LossCell | None, lost: int, came: int, here: int, errors: float
) -> LossOfLanguage:
    """The pages that a language lost and had.

    Args:
        cell: what they are lost to; None for everything that drops pages.
        lost: lost pages with an identified language; `came`: all of these.
        here: pages never identified that lost something to `cell`, if that drops no pages but parts of them.
            Their languages are unknown: between none and all of them are of this one.
        errors: standard errors by which each interval extends to either side.
    """
    if cell is not None and cell.unit != Unit.PAGE.value:
        fell = never.of(language, errors)
        at_most = max(fell.low, min(float(here), fell.high))  # the share grows up to there, and falls after it
        told = PagesBetween(lost, lost, lost + min(here, fell.high))
        whole = PagesBetween(came + fell.pages, came + fell.low, came + fell.high)
        return LossOfLanguage(
            told, whole, None, _part(lost, came + fell.high), _part(lost + min(here, at_most), came + at_most)
        )
    mine = never.of(language, errors, lambda rule: cell is None or rule == (cell.stage, cell.reason))
    rest = never.of(language, errors, lambda rule: cell is not None and rule != (cell.stage, cell.reason))
    told = PagesBetween(*(lost + number for number in mine))
    whole = PagesBetween(*(came + one + other for one, other in zip(mine, rest, strict=True)))
    return LossOfLanguage(
        told,
        whole,
        _part(told.pages, whole.pages) if never.told else None,
        _part(told.low, came + mine.low + rest.high),
        _part(told.high, came + mine.high + rest.low),
    )


def never_asked(corpus: Corpus, lost: Iterable[tuple[LossCell, int]]) -> NeverAsked:
    """Those of a corpus; `lost` are the pages without a language that rules dropped. BuildError if the rejected table
    is damaged."""
    pages: dict[RuleKey, int] = {}
    for cell, count in lost:
        pages[cell.stage, cell.reason] = pages.get((cell.stage, cell.reason), 0) + count
    said = corpus.manifest.get("rejected_languages")
    seen: dict[RuleKey, dict[str, int]] = {}
    if pages and said and corpus.rejected:
        with connect(corpus, reads=("rejected",)) as db:
            seen = _languages(db)
    rules = {rule: FallenPages(count, seen.get(rule, {})) for rule, count in pages.items()}
    return NeverAsked(said["before"]["identifier"] if said else "", rules)


def _languages(db: duckdb.DuckDBPyConnection) -> dict[RuleKey, dict[str, int]]:
    found: dict[RuleKey, dict[str, int]] = {}
    sql = "SELECT stage, reason, language, count(*) FROM rejected WHERE stage <> '' AND language <> '' GROUP BY ALL"
    for stage, reason, language, count in db.execute(f"{sql} ORDER BY ALL").fetchall():
        found.setdefault((stage, reason), {})[language] = count
    return found


def _part(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
