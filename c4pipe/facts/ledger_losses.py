"""What rules dropped, by the ledger alone: for corpora whose build did not count losses by group, or from which pages
were removed later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from c4pipe.corpus.characters import EDIT, EDITED
from c4pipe.corpus.ledger import LOST_AS, WITHIN_LINES
from c4pipe.facts.corpus import Corpus
from c4pipe.facts.losses import rule_said, why_uncounted
from c4pipe.page import Unit


class LedgerLoss(NamedTuple):
    """What one rule dropped."""

    key: str  # stage/reason
    unit: str  # what it drops: "page", "line", "sentence", "passage", or `EDIT`
    taken: int | None  # number of these; None for edits
    characters: int | None  # None if the ledger does not count them

    @property
    def said(self) -> str:
        """The rule's name for people."""
        return rule_said(self.key, self.unit)


class LedgerLosses(NamedTuple):
    """What all rules dropped."""

    why: str  # why no more is known, in a sentence
    pages: int  # that were read
    characters: int | None  # of these pages
    rows: list[LedgerLoss]  # most characters first; by stage if those were not counted

    def share(self, row: LedgerLoss) -> float | None:
        """The share of all characters that a rule dropped; None if those were not counted."""
        return None if row.characters is None or not self.characters else row.characters / self.characters


def ledger_losses(corpus: Corpus) -> LedgerLosses | None:
    """The losses in the ledger of a corpus; None without a ledger of stages, as for a mixture."""
    stages = corpus.manifest.get("ledger", {}).get("stages", [])
    if "mixture" in corpus.manifest or len(stages) < 2:
        return None
    counted = all("characters" in stage for stage in stages[1:] if stage["in"])
    counted = counted and "characters" in stages[1]
    rows = [row for stage in stages[1:] for row in _of_stage(stage, counted)]
    if counted:
        rows.sort(key=lambda row: (-(row.characters or 0), row.key))
    came = stages[1]["characters"]["in"] if counted else None
    return LedgerLosses(
        f"Languages, domains and lengths are unknown: {why_uncounted(corpus)}.", stages[0]["kept"], came, rows
    )


def _of_stage(stage: Mapping[str, Any], counted: bool) -> Iterator[LedgerLoss]:
    chars = stage.get("characters", {}) if counted else {}
    inside = {code for unit in WITHIN_LINES for code in stage.get(LOST_AS[unit], {})}
    for unit, name in LOST_AS.items():
        took = chars.get("rejected" if unit is Unit.PAGE else "dropped", {})
        for code, taken in stage.get(name, {}).items():
            if taken and not (unit is Unit.LINE and code in inside):  # lines dropped with their last sentence
                yield LedgerLoss(f"{stage['stage']}/{code}", unit.value, taken, took.get(code, 0) if counted else None)
    if edited := chars.get("edited", 0):
        yield LedgerLoss(f"{stage['stage']}/{EDITED}", EDIT, None, edited)
