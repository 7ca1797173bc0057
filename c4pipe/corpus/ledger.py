"""Counts per stage and reason, summed from the data: pages read = pages kept + pages rejected.

Beam's own metrics may count a retried bundle twice; these cannot, since each shard writes its ledger once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from c4pipe.corpus.characters import Characters
from c4pipe.documents.reasons import NO_URL_GIVEN
from c4pipe.errors import BuildError
from c4pipe.page import Unit
from c4pipe.text import count_lines

# The keys under which a stage's row counts losses, by their unit.
LOST_AS = {
    Unit.PAGE: "rejected",
    Unit.LINE: "lines_dropped",
    Unit.SENTENCE: "sentences_dropped",
    Unit.PASSAGE: "passages_dropped",
}
WITHIN_LINES = (Unit.SENTENCE, Unit.PASSAGE)  # a line may lose them and stay


def lines_in(before: str, left: str, dropped: int) -> int:
    """The lines of a text before a stage changed it to `left` and dropped so many: blank lines at the ends do not
    count, since no rule drops them.

    >>> lines_in("Menu\\n\\nA text.\\nMore", "A text.", 2), lines_in("One.\\nTwo.", "One.", 0)
    (3, 2)
    """
    came = count_lines(before)
    gone = came - count_lines(left) - dropped
    blank = sum(not line.strip() for line in before.splitlines()) if gone > 0 else 0
    return came - gone if 0 < gone <= blank else came


@dataclass
class StageCount:
    """What one stage did. Lines are those of page texts: as they came in, and as they left in kept pages."""

    stage: str
    entered: int = 0
    kept: int = 0
    rejected: Counter[str] = field(default_factory=Counter)  # reason -> pages
    flagged: Counter[str] = field(default_factory=Counter)  # reason -> pages flagged but kept
    lines_dropped: Counter[str] = field(default_factory=Counter)  # reason -> lines, of rejected pages too
    sentences_dropped: Counter[str] = field(default_factory=Counter)  # reason -> sentences
    lines_in: int = 0
    lines_kept: int = 0
    lines_rejected: int = 0  # lines rejected with their page, not dropped singly
    passages_dropped: Counter[str] = field(default_factory=Counter)  # reason -> passages
    removed: int = 0  # kept pages later removed from the corpus: the next stage counts only the others
    chars: Characters = field(default_factory=Characters)

    @property
    def left(self) -> int:
        """Pages that enter the next stage."""
        return self.kept - self.removed

    def add(self, other: StageCount) -> None:
        """Adds the counts of the same stage elsewhere."""
        self.entered += other.entered
        self.kept += other.kept
        self.lines_in += other.lines_in
        self.lines_kept += other.lines_kept
        self.lines_rejected += other.lines_rejected
        self.removed += other.removed
        self.chars.add(other.chars)
        for mine, theirs in (
            (self.rejected, other.rejected),
            (self.flagged, other.flagged),
            (self.lines_dropped, other.lines_dropped),
            (self.sentences_dropped, other.sentences_dropped),
            (self.passages_dropped, other.passages_dropped),
        ):
            mine.update(theirs)

    def subtract(self, other: StageCount) -> None:
        """Subtracts counts that were added before."""
        self.chars.add(other.chars, -1)
        for name in (each.name for each in fields(self) if each.name != "chars"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, Counter):
                mine.subtract(theirs)
            elif not isinstance(mine, str):
                setattr(self, name, mine - theirs)

    def lines(self, came: int, left: int | None, dropped: Mapping[str, int]) -> None:
        """Counts the lines of one page: as it came in, as it was kept (None: rejected), and those that were dropped
        singly.
        """
        self.lines_in += came
        for code, lines in dropped.items():
            self.lines_dropped[code] += lines
            came -= lines
        if left is None:
            self.lines_rejected += came
        else:
            self.lines_kept += left

    def to_json(self) -> dict[str, Any]:
        """The row of the manifest, keys sorted so that equal counts give equal bytes."""
        row: dict[str, Any] = {
            "stage": self.stage,
            "in": self.entered,
            "kept": self.kept,
            "rejected": _sorted(self.rejected),
            "lines_dropped": _sorted(self.lines_dropped),
        }
        if self.lines_in:
            row["lines"] = {"in": self.lines_in, "kept": self.lines_kept, "rejected": self.lines_rejected}
        for name in ("sentences_dropped", "passages_dropped", "flagged"):
            counts: Counter[str] = getattr(self, name)
            if any(counts.values()):
                row[name] = _sorted(counts)
        if self.removed:
            row["removed"] = self.removed
        if self.chars.came:
            row["characters"] = self.chars.to_json()
        return row

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> StageCount:
        """The inverse of `to_json`. BuildError for a row that `to_json` cannot have written."""
        try:
            lines = row.get("lines", {"in": 0, "kept": 0, "rejected": 0})
            if not isinstance(row["stage"], str):
                raise TypeError("stage")
            return cls(
                row["stage"],
                _number(row["in"]),
                _number(row["kept"]),
                _counter(row["rejected"]),
                _counter(row.get("flagged", {})),
                _counter(row["lines_dropped"]),
                _counter(row.get("sentences_dropped", {})),
                _number(lines["in"]),
                _number(lines["kept"]),
                _number(lines["rejected"]),
                _counter(row.get("passages_dropped", {})),
                _number(row.get("removed", 0)),
                Characters.from_json(row["characters"]) if "characters" in row else Characters(),
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise BuildError(
                f"the ledger is damaged: {str(row)[:200]!r} is not the count of a stage ({error})."
            ) from None


@dataclass
class Ledger:
    """One count per stage, in the order of the preset."""

    stages: list[StageCount]

    @classmethod
    def of(cls, names: Iterable[str]) -> Ledger:
        """An empty ledger for stages of these names."""
        return cls([StageCount(name) for name in names])

    @property
    def records(self) -> int:
        """Records read: all of them, of any type, whole or damaged."""
        return self.stages[0].entered

    @property
    def kept(self) -> int:
        """Pages in the corpus."""
        return self.stages[-1].left

    def judged(self, passed: Iterable[int], last: int, reason: str | None) -> None:
        """Counts one page: the stages it passed and, if a reason is given, the last one, which rejected it."""
        for index in passed:
            self.stages[index].entered += 1
            self.stages[index].kept += 1
        if reason is not None:
            self.stages[last].entered += 1
            self.stages[last].rejected[reason] += 1

    def leave_out(self, reason: str, pages: int, chars: int) -> None:
        """Moves pages of the last stage from kept to rejected."""
        last = self.stages[-1]
        last.kept -= pages
        last.rejected[reason] += pages
        last.chars.kept -= chars
        last.chars.rejected[reason] += chars

    def add(self, other: Ledger) -> None:
        """Adds the ledger of another part of the same build."""
        for mine, theirs in zip(self.stages, other.stages, strict=True):
            mine.add(theirs)

    def check(self) -> Ledger:
        """Itself, if it balances; otherwise BuildError names the first imbalance, which is a bug."""
        for before, stage in zip([None, *self.stages], self.stages, strict=False):
            if stage.entered != stage.kept + stage.rejected.total():
                raise BuildError(f"the ledger does not balance: stage {stage.stage}: {stage.to_json()}")
            if stage.removed > stage.kept:
                raise BuildError(f"the ledger does not balance: {stage.stage} kept fewer pages than were removed")
            if before is not None and stage.entered != before.left:
                raise BuildError(f"the ledger does not balance between {before.stage} and {stage.stage}")
            out = stage.lines_kept + stage.lines_rejected + stage.lines_dropped.total()
            if stage.lines_in != out:
                raise BuildError(f"the ledger does not balance: lines of stage {stage.stage}: {stage.to_json()}")
            if not stage.chars.balanced:
                raise BuildError(f"the ledger does not balance: characters of stage {stage.stage}: {stage.to_json()}")
            if before is not None and stage.chars.came != before.chars.left:
                raise BuildError(f"the ledger does not balance: characters between {before.stage} and {stage.stage}")
        return self

    def to_json(self) -> dict[str, Any]:
        """`{"records": n, "stages": [...]}`, as the manifest holds it."""
        rows = [stage.to_json() for stage in self.stages]
        if self.stages[0].chars.came:  # also of stages that no page reached
            rows = [{**row, "characters": stage.chars.to_json()} for row, stage in zip(rows, self.stages, strict=True)]
        return {"records": self.records, "stages": rows}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Ledger:
        """The inverse of `to_json`. BuildError for data that `to_json` cannot have written."""
        stages = data.get("stages") if isinstance(data, dict) else None
        if not isinstance(stages, list) or not stages:
            raise BuildError("the ledger is damaged: it has no list of stages.")
        return cls([StageCount.from_json(row) for row in stages])


def has_characters(ledger: Ledger) -> bool:
    """Whether it counts characters: those of builds before 30 November 2026 do not."""
    return bool(ledger.stages[0].chars.came or not ledger.stages[0].kept)


def without_urls(read: Mapping[str, Any]) -> bool:
    """Whether the reader's row counts pages, but none with a URL."""
    return bool(0 < read["kept"] == read.get("flagged", {}).get(NO_URL_GIVEN.code, 0))


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise TypeError("a count is a whole number")
    return value


def _counter(value: Any) -> Counter[str]:
    return Counter({code: _number(n) for code, n in value.items()})


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return {code: counts[code] for code in sorted(counts) if counts[code]}
