"""Characters of texts through one stage: how many came in, how many stayed in kept pages, and what removed the rest.

    in = kept + rejected + dropped + edited

A character is a code point. A line, sentence or passage that was dropped counts as in `dropped` of the rejected table:
without its line break, the blanks around it, and what an edit removed from it before. Whatever else a kept page lost
was `edited`: what edits removed minus what they inserted, line breaks and blanks. When a stage rejects a page, all its
remaining characters are rejected with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from c4pipe.page import Unit

EDITED = "edited"  # what edits, line breaks and blanks are counted under
EDIT = "edit"  # the unit of these


@dataclass
class Characters:
    """What one stage did to the characters of the pages that entered it."""

    came: int = 0
    kept: int = 0
    rejected: Counter[str] = field(default_factory=Counter)  # reason -> characters of rejected pages, less `dropped`
    dropped: Counter[str] = field(default_factory=Counter)  # reason -> characters of lines, sentences and passages
    edited: int = 0  # negative where a stage inserted more than it removed
    removed: int = 0  # of kept pages later removed from the finished corpus

    def take(self, came: int, left: int, dropped: Mapping[str, int]) -> None:
        """Counts a page that the stage keeps: its characters before and after, and those that were dropped."""
        self.came += came
        self.kept += left
        for code, chars in dropped.items():  # `Counter.update` of a mapping takes three times as long
            self.dropped[code] += chars
            left += chars
        self.edited += came - left

    def lose(self, came: int, reason: str, dropped: Mapping[str, int]) -> None:
        """Counts a page that the stage rejects."""
        self.came += came
        for code, chars in dropped.items():
            self.dropped[code] += chars
            came -= chars
        self.rejected[reason] += came

    def lose_more(self, reason: str, unit: str, chars: int) -> None:
        """Adds characters lost to a reason of this unit, or to edits."""
        if unit == EDIT:
            self.edited += chars
        elif chars:
            (self.rejected if unit == Unit.PAGE.value else self.dropped)[reason] += chars

    def keep_rest(self) -> int:
        """Counts as kept what came in and was not lost. Returns that number."""
        self.kept = self.came - self.rejected.total() - self.dropped.total() - self.edited
        return self.kept

    def add(self, other: Characters, times: int = 1) -> None:
        """Adds what the same stage did elsewhere; `times` -1 subtracts it."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + times * getattr(other, name))
        for mine, theirs in ((self.rejected, other.rejected), (self.dropped, other.dropped)):
            mine.update({code: times * n for code, n in theirs.items()})

    @property
    def left(self) -> int:
        """Characters that enter the next stage."""
        return self.kept - self.removed

    @property
    def balanced(self) -> bool:
        """Whether what came in equals what was kept plus what was lost."""
        return self.came == self.kept + self.rejected.total() + self.dropped.total() + self.edited

    def to_json(self) -> dict[str, Any]:
        """The counts by name, sorted."""
        row: dict[str, Any] = {"in": self.came, "kept": self.kept}
        for name in ("rejected", "dropped"):
            counts: Counter[str] = getattr(self, name)
            row[name] = {code: counts[code] for code in sorted(counts) if counts[code]}
        row[EDITED] = self.edited
        return row | ({"removed": self.removed} if self.removed else {})

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Characters:
        """The inverse of `to_json`. TypeError or KeyError for a row that `to_json` cannot have written."""
        numbers = [row["in"], row["kept"], row[EDITED], row.get("removed", 0)]
        rejected, dropped = Counter[str](row["rejected"]), Counter[str](row["dropped"])
        for value in (*numbers, *rejected.values(), *dropped.values()):
            if type(value) is not int or abs(value) >= 1 << 63:
                raise TypeError("a count is a whole number")
        came, kept, edited, removed = numbers
        return cls(came, kept, rejected, dropped, edited, removed)


_NUMBERS = ("came", "kept", "edited", "removed")
