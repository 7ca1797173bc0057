"""The rules that FineWeb adds (Penedo et al. 2024, section 3.4), as datatrove's `FineWebQualityFilter` implements them.

Lines are the non-blank pieces between newlines.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from c4pipe.page import Page, Reason, Unit
from c4pipe.rules.base import EnglishRule, PageRule, ratio, share_of
from c4pipe.text.counted import copies_in, counted_words, terminal_marks
from c4pipe.text.kinds import counted_runs

_SOURCE = "Penedo et al. 2024, section 3.4; datatrove 0.10.1 FineWebQualityFilter"


@lru_cache(maxsize=1)
def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.split("\n") if line.strip())


@dataclass(frozen=True)
class MinEndedLines(PageRule):
    """If hardly any line ends like a sentence, the page is not prose."""

    share: float = 0.12
    reason: ClassVar = Reason(
        "fineweb_few_ends",
        Unit.PAGE,
        "has lines of which fewer than {share} end in a mark that ends a sentence",
        source=f"{_SOURCE}, line_punct_thr",
        keeps="\n".join(["A sentence."] * 3 + ["a line"] * 22),
        drops="\n".join(["A sentence."] * 2 + ["a line"] * 23),
    )

    def offence(self, page: Page) -> str | None:
        lines, marks = _lines(page.text), terminal_marks()
        share = ratio(sum(line.endswith(marks) for line in lines), len(lines))
        return share_of(share, "lines end in a mark") if share < self.share else None


@dataclass(frozen=True)
class MaxShortLines(PageRule):
    """Pages of short lines are lists and menus."""

    share: float = 0.67
    chars: int = 30
    reason: ClassVar = Reason(
        "fineweb_short_lines",
        Unit.PAGE,
        "has lines of which more than {share} are no longer than {chars} characters",
        source=f"{_SOURCE}, short_line_thr, short_line_length",
        keeps="\n".join(["x" * 30] * 2 + ["x" * 31]),
        drops="\n".join(["x" * 30] * 3 + ["x" * 31]),
    )

    def offence(self, page: Page) -> str | None:
        lines = _lines(page.text)
        share = ratio(sum(len(line) <= self.chars for line in lines), len(lines))
        return share_of(share, "lines are short") if share > self.share else None


@dataclass(frozen=True)
class MaxLineCopies(PageRule):
    """If 1 % of a page is in repeated lines, it has boilerplate within the text."""

    share: float = 0.01
    reason: ClassVar = Reason(
        "fineweb_line_copies",
        Unit.PAGE,
        "has more than {share} of its characters, newlines excluded, in lines that occur earlier",
        source=f"{_SOURCE}, char_duplicates_ratio",
        keeps="x\nx\n" + "y" * 98,
        drops="x\nx\n" + "y" * 97,
    )

    def offence(self, page: Page) -> str | None:
        share = ratio(copies_in(_lines(page.text))[1], len(page.text) - page.text.count("\n"))
        return share_of(share, "characters are in repeated lines") if share > self.share else None


@dataclass(frozen=True)
class MaxNewlines(EnglishRule):
    """A newline for every three words is a list."""

    share: float = 0.3
    reason: ClassVar = Reason(
        "fineweb_list",
        Unit.PAGE,
        "has more than {share} newlines per word",
        source=f"{_SOURCE}, new_line_ratio",
        keeps="one two three\nfour five six\nseven eight nine\nten",
        drops="one two\nthree four\nfive six\nseven eight\nnine ten",
    )

    def offence(self, page: Page) -> str | None:
        newlines = page.text.count("\n")
        if ratio(newlines, counted_runs(page.text).runs) <= self.share:  # a run between blanks is one or more words
            return None
        share = ratio(newlines, counted_words(page.text).words)
        return f"{share:.4f} newlines a word" if share > self.share else None


FINEWEB_QUALITY: tuple[PageRule, ...] = (MinEndedLines(), MaxShortLines(), MaxLineCopies(), MaxNewlines())
