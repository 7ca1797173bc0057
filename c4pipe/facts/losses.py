"""What the pages of a corpus lost to each rule, by language, domain and length.

The counts that the build stored in `__facts/` cover all pages, so these numbers are not estimates. Every page counts
under its outcome, and its characters are divided between that and what was cut from it: shares are of everything that
was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from c4pipe.corpus.cells import KEPT_CELL, LossCell
from c4pipe.corpus.characters import EDIT
from c4pipe.errors import BuildError, ConfigError, unknown
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.shares import critical, design_effect, interval_between
from c4pipe.facts.unasked import LossOfLanguage, NeverAsked, never_asked, with_never_asked
from c4pipe.page import Unit
from c4pipe.passes.cubes import DOMAINS_LOST, LOSSES
from c4pipe.stages import Identify

WAYS_TO_SPLIT = ("rule", "language", "domain", "length")
LOSS_MEASURES = ("characters", "lines", "pages")
_LAST = "\U0010ffff"
LEAST_PAGES = 20  # of a language or domain that is compared with the average
ORDER_OF_STAGES = (
    "Each stage sees only what earlier stages left, so text counts for the first rule that drops it, even if another "
    "rule drops the page later. With another order of stages, another rule may drop most."
)


class Amount(NamedTuple):
    """An amount of pages, lines and characters."""

    pages: int = 0
    lines: int = 0
    characters: int = 0

    def plus(self, other: Amount) -> Amount:
        """The sum of both."""
        return Amount(*map(sum, zip(self, other, strict=True)))


class LossRow(NamedTuple):
    """A row of a table: what a rule dropped, or what a group of pages lost to one rule or to all."""

    key: str | int | None  # the rule as stage/reason, or the group; None for all unlisted domains
    cell: LossCell | None  # of a rule
    lost: Amount
    came: Amount  # everything that was read, of the group if there is one
    interval: tuple[float, float] | None = None  # of the share of pages; all intervals of the table hold simultaneously
    more: int = 0  # 1 if the group certainly loses more of its pages than average, -1 if fewer
    whole: LossOfLanguage | None = None  # for a language, including its pages dropped before language identification
    excluded: bool = False  # a language that the preset excludes, and that loses its pages by design

    @property
    def said(self) -> str:
        """The row's name for people: edits are not a rule."""
        return rule_said(str(self.key), self.cell.unit) if self.cell is not None else str(self.key)

    def share(self, measure: str) -> float:
        """The share of what was counted that was lost, 0 if nothing was."""
        came = getattr(self.came, measure)
        return float(getattr(self.lost, measure)) / came if came else 0.0


class _Row(NamedTuple):
    cell: LossCell
    amount: Amount
    group: Mapping[str, Any]


@dataclass
class CorpusLosses:
    """What all pages of a build lost."""

    rows: list[_Row]  # by language and length
    domains: list[_Row]
    never: NeverAsked = field(default_factory=lambda: NeverAsked("", {}))  # pages of `rows` without a language
    wanted: frozenset[str] = frozenset()  # languages that the preset keeps; empty if it keeps all
    rules: dict[str, LossCell] = field(default_factory=dict)  # stage/reason, in the order of the preset

    def __post_init__(self) -> None:
        self.rules = {rule_name(row.cell): row.cell for row in self.rows if row.cell != KEPT_CELL}

    @property
    def read(self) -> Amount:
        """All pages that were read, with their lines and characters."""
        return _whole(self.rows)

    @property
    def bounded(self) -> bool:
        """Whether there are more domains than are counted separately, so that each domain's numbers are lower
        bounds."""
        return any(row.group["domain"] is None for row in self.domains)

    def by_rule(self, group: tuple[str, str | int | None] | None = None) -> list[LossRow]:
        """What each rule dropped, from all pages or from one group (what it is by, and its key)."""
        rows = self.rows if group is None else [row for row in self._of(group[0]) if _key(row, group[0]) == group[1]]
        came, lost = _whole(rows), dict[LossCell, Amount]()
        for row in rows:
            lost[row.cell] = lost.get(row.cell, Amount()).plus(row.amount)
        return [LossRow(name, cell, lost[cell], came) for name, cell in self.rules.items() if cell in lost]

    def by_group(self, by: str, rule: str = "") -> list[LossRow]:
        """What each group lost to a rule, or to all of them; ConfigError for a rule that dropped nothing."""
        if rule and rule not in self.rules:
            raise unknown("rule", rule, self.rules)
        cell = self.rules.get(rule)
        rows, groups = self._of(by), dict[Any, list[_Row]]()
        for row in rows:
            groups.setdefault(_key(row, by), []).append(row)
        if by == "language":
            groups = {**{language: [] for language in self.never.languages}, **groups}
        found = [LossRow(key, cell, _lost(own, cell), _whole(own)) for key, own in groups.items()]
        return self._held_against_all(found, by, cell)

    def _held_against_all(self, found: list[LossRow], by: str, cell: LossCell | None) -> list[LossRow]:
        """With intervals, if a share of pages is from pages that are similar within their domain.

        The sampling units are domains: a language's pages count less, by the design effect of the rule's share over
        domains (`design_effect`, assumed equal for all languages); a domain's own pages count fully. The intervals
        include a language's pages that were dropped before identification.
        """
        compared = [row for row in found if row.key not in ("", None) and self._pages_of(row, by) >= LEAST_PAGES]
        if by == "length" or not found:
            return found
        all_of, effect = _lost(self.rows, cell).pages / max(1, self.read.pages), 1.0
        if by == "language":
            effect = self.effect(cell)
            found = [self._with_never_asked(row, found, max(1, len(compared))) for row in found]
        keys = {row.key for row in compared}
        found = [_told(row, effect, len(keys), all_of) if row.key in keys else row for row in found]
        return [row._replace(excluded=True, more=0) if self._excludes(row, by, cell) else row for row in found]

    def _excludes(self, row: LossRow, by: str, cell: LossCell | None) -> bool:
        """Whether the preset excludes the language, and its pages are lost to that, or to anything."""
        if by != "language" or not self.wanted or row.key in self.wanted or not row.key:
            return False
        return cell is None or cell.reason == Identify.OTHER.code

    def _pages_of(self, row: LossRow, by: str) -> float:
        fell = self.never.of(str(row.key), 1).pages if by == "language" else 0
        return row.came.pages + fell

    def _with_never_asked(self, row: LossRow, found: list[LossRow], compared: int) -> LossRow:
        if row.key in ("", None) or not self.never.pages:
            return row
        here = sum(other.lost.pages for other in found if other.key == "")
        return row._replace(
            whole=with_never_asked(
                self.never, str(row.key), row.cell, row.lost.pages, row.came.pages, here, critical(4 * compared)
            )
        )

    def uneven(self, by: str) -> list[LossRow]:
        """The groups that certainly lose more of their pages than average, the largest loss first."""
        return sorted_losses((row for row in self.by_group(by) if row.more > 0), "pages")

    def most(self) -> list[LossRow]:
        """What each rule dropped, most characters first."""
        return sorted_losses(self.by_rule(), "characters")

    def effect(self, cell: LossCell | None) -> float:
        """The design effect of a rule over the listed domains."""
        hits, pages = dict[str, int](), dict[str, int]()
        for row in self.domains:
            domain = row.group["domain"]
            if domain is None:
                continue
            if row.cell.unit == Unit.PAGE.value:
                pages[domain] = pages.get(domain, 0) + row.amount.pages
            if row.cell == cell or (cell is None and row.cell.unit == Unit.PAGE.value and row.cell != KEPT_CELL):
                hits[domain] = hits.get(domain, 0) + row.amount.pages
        return design_effect((hits.get(domain, 0), whole) for domain, whole in pages.items())

    def _of(self, by: str) -> list[_Row]:
        return self.domains if by == "domain" else self.rows


def read_losses(corpus: Corpus) -> CorpusLosses | None:
    """The losses of a corpus; None if its build did not count them, or if pages were removed later. BuildError for
    damaged files."""
    named = {row["path"] for row in corpus.manifest.get("about", ())}
    if not named.issuperset((LOSSES, DOMAINS_LOST)):
        return None
    corpus.sums.check([LOSSES, DOMAINS_LOST])
    try:
        by_language, by_domain = (pq.read_table(corpus.folder / path).to_pylist() for path in (LOSSES, DOMAINS_LOST))
        rows = list(map(_as_row, by_language))
        fell = [(row.cell, row.amount.pages) for row in rows if _unasked(row)]
        return CorpusLosses(rows, list(map(_as_row, by_domain)), never_asked(corpus, fell), _wanted(corpus))
    except (OSError, KeyError, TypeError, pa.ArrowException) as error:
        raise BuildError(f"{corpus.folder}/{LOSSES} cannot be read ({error}). Copy or build it again.") from None


def sorted_losses(rows: Iterable[LossRow], by: str, rising: bool = False) -> list[LossRow]:
    """Rows sorted by a measure, a "share" of one, or their "key"; ConfigError for another word."""
    measure = by.removeprefix("share of ")
    if by != "key" and measure not in LOSS_MEASURES:
        raise unknown("order", by, ["key", *LOSS_MEASURES, *(f"share of {name}" for name in LOSS_MEASURES)])
    ranked = sorted(rows, key=lambda row: (isinstance(row.key, int), _LAST if row.key is None else row.key))
    if by == "key":
        return ranked[:: -1 if rising else 1]

    def amount(row: LossRow) -> float:
        if measure == "pages" and row.whole is not None:  # as shown in the table for its pages
            return row.whole.lost.pages if by == measure else row.whole.share or row.whole.least
        return float(getattr(row.lost, measure)) if by == measure else row.share(measure)

    return sorted(ranked, key=amount, reverse=not rising)


def no_losses(corpus: Corpus) -> ConfigError:
    """Why a corpus has no table of losses."""
    return ConfigError(f"{corpus.folder} has no table of losses: {why_uncounted(corpus)}.")


def why_uncounted(corpus: Corpus) -> str:
    """The same in words, as the end of a sentence."""
    if "mixture" in corpus.manifest:
        return "a mixture was drawn from corpora and lost nothing itself: look at those"
    if corpus.manifest.get("removed"):
        return "pages were removed from it later, which its counts do not reflect: only the ledger by rule does"
    return "its build did not count what pages lost; a new build does"


def rule_name(cell: LossCell) -> str:
    """A rule's name: `clean/no_end_mark`."""
    return f"{cell.stage}/{cell.reason}"


def rule_said(rule: str, unit: str) -> str:
    """A rule as stage/reason for people; for edits, which are not a rule, their stage.

    >>> rule_said("clean/few_words", "line"), rule_said("clean/edited", "edit")
    ('clean/few_words', 'edits at clean')
    """
    return f"edits at {rule.partition('/')[0]}" if unit == EDIT else rule


def _wanted(corpus: Corpus) -> frozenset[str]:
    stages = corpus.manifest.get("preset", {}).get("stages", [])
    return frozenset(
        code for stage in stages if stage.get("kind") == Identify.__name__ for code in stage.get("languages", ())
    )


def _as_row(row: dict[str, Any]) -> _Row:
    cell = LossCell(row.pop("stage"), row.pop("reason"), row.pop("unit"))
    return _Row(cell, Amount(row.pop("pages"), row.pop("lines"), row.pop("characters")), row)


def _unasked(row: _Row) -> bool:
    """Whether it is of pages dropped before language identification."""
    return row.group["language"] == "" and row.cell.unit == Unit.PAGE.value and row.cell != KEPT_CELL


def _key(row: _Row, by: str) -> Any:
    return row.group["bin" if by == "length" else by]


def _whole(rows: Iterable[_Row]) -> Amount:
    """The total that was read of some pages: each counts once as a page."""
    rows = list(rows)
    pages = sum(row.amount.pages for row in rows if row.cell.unit == Unit.PAGE.value)
    return Amount(pages, sum(row.amount.lines for row in rows), sum(row.amount.characters for row in rows))


def _lost(rows: Iterable[_Row], cell: LossCell | None) -> Amount:
    """What they lost to a rule, or to all of them for pages dropped completely."""
    mine = [row for row in rows if (row.cell == cell if cell is not None else row.cell != KEPT_CELL)]
    pages = sum(row.amount.pages for row in mine if cell is not None or row.cell.unit == Unit.PAGE.value)
    return Amount(pages, sum(row.amount.lines for row in mine), sum(row.amount.characters for row in mine))


def _told(row: LossRow, effect: float, compared: int, all_of: float) -> LossRow:
    """The row with its interval."""
    least = most = row.share("pages")
    pages = row.came.pages / effect
    if row.whole is not None:
        least, most, pages = row.whole.least, row.whole.most, row.whole.came.low / effect
    low, high = interval_between(least, most, pages, compared)
    return row._replace(interval=(low, high), more=(low > all_of) - (high < all_of))
