"""Pages that fell before a preset asked for their language: how many of them are of each.

The losses count them all, and the rejected table, which may be a sample of each rule's pages, has the language of
those in it. So a language's loss is what it surely lost and a part of these, as sure as the sample is.
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
    """A number of pages, and where it lies at least and at most."""

    pages: float
    low: float
    high: float


class FallenPages(NamedTuple):
    """The pages that a rule took before their language was asked."""

    pages: int
    seen: Mapping[Any, int]  # those in the table by language, or by what else is told apart; empty where it says none

    def of(self, language: Hashable, errors: float) -> PagesBetween:
        """The pages of a language: Wilson's interval, of a sample as large as it is worth where it is much of the
        whole (the finite population correction, Cochran 1977, section 2.6), and never against what the table has."""
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
    """All pages that fell before their language was asked."""

    by: str  # the identifier that says the languages of the rejected table; "" where none does
    rules: Mapping[RuleKey, FallenPages]

    @property
    def pages(self) -> int:
        """How many they are."""
        return sum(rule.pages for rule in self.rules.values())

    @property
    def told(self) -> bool:
        """Whether the table says of each rule which languages its pages were in, so that there is an estimate."""
        return all(rule.seen for rule in self.rules.values())

    @property
    def sampled(self) -> bool:
        """Whether the table holds only some of them."""
        return any(sum(rule.seen.values()) < rule.pages for rule in self.rules.values())

    @property
    def languages(self) -> set[str]:
        """All that the table says."""
        return {language for rule in self.rules.values() for language in rule.seen}

    def of(self, language: Hashable, errors: float, where: Callable[[RuleKey], bool] | None = None) -> PagesBetween:
        """The pages of a language that fell to some of the rules. The intervals of the rules make one of the sum as
        those of independent samples do (Zou and Donner 2008); where the table says nothing, they may be all."""
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
    """What a language lost, with its pages that were never asked."""

    lost: PagesBetween
    came: PagesBetween
    share: float | None  # None where the table does not say enough for an estimate
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
        cell: what they are lost to; None for all that loses pages.
        lost: pages of those that were asked; `came`: all of these.
        here: pages that were never asked and lost something to `cell`, where that takes no pages but parts of them.
            Their languages are not told apart: between none and all of them are of this one.
        errors: standard errors that each interval reaches to either side.
    """
    if cell is not None and cell.unit != Unit.PAGE.value:
        fell = never.of(language, errors)
        at_most = max(fell.low, min(float(here), fell.high))  # the share grows up to there, and falls behind it
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
    """Those of a corpus; `lost` are the pages without a language that rules took. BuildError where the rejected table
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
