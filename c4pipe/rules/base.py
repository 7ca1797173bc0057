"""What a rule is: a frozen dataclass whose fields are its thresholds and whose `reason` names what it drops.

A rule that needs an external file names it in `files(assets)` and reads it in `bind(assets)`, which is called once
per worker and returns the rule ready to judge. Fields stay plain numbers and strings, since they are pickled,
compared, printed and recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from c4pipe.errors import ConfigError
from c4pipe.page import Page, Reason, Unit
from c4pipe.part import Part, Told, loaded, words_of
from c4pipe.text.kinds import LineCounts

__all__ = ["EnglishRule", "LineEdit", "LineRule", "ListHit", "PageRule", "loaded", "ratio", "share_of"]


class ListHit(NamedTuple):
    """The first occurrence of a list entry: text[start:end], in any case."""

    entry: str
    start: int
    end: int


class _Rule(Part):
    reason: ClassVar[Reason]
    lists: ClassVar[bool] = False  # whether it uses a list, and reports the entries found in the detail, or by `hits`

    def told(self) -> Iterator[Told]:
        yield Told(
            self.reason.code, words_of(self.reason, self), self.reason.source, self.reason.unit, self.reason, self
        )


@dataclass(frozen=True)
class LineEdit(Part):
    """Changes a line and never drops it.

    If an edit can only change lines that contain, in lower case, one of some strings, it may name these as
    `needs`; or, as `sign`, a pattern that matches in every line that it may change. It is not called for other lines. A
    subclass that overrides `edit` declares these again.
    """

    says: ClassVar[str]
    source: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    sign: ClassVar[re.Pattern[str] | None] = None

    def edit(self, line: str) -> str:
        """The line as the next rule sees it."""
        raise NotImplementedError

    def told(self) -> Iterator[Told]:
        yield Told(type(self).__name__, self.says, self.source, Unit.LINE, None, self)


@dataclass(frozen=True)
class LineRule(_Rule):
    """Judges one stripped line. `reason.unit` says whether the line or the whole page is dropped.

    If only lines that contain, in lower case, one of some strings can break a rule, it may name these as
    `needs`: it is not called for other lines. A rule that depends only on counts may judge all lines of a page
    at once, as `broken_by`. A subclass that overrides `breaks` declares these again.
    """

    needs: ClassVar[tuple[str, ...]] = ()
    sign: ClassVar[re.Pattern[str] | None] = None

    def breaks(self, line: str) -> bool:
        """Whether the line breaks the rule."""
        raise NotImplementedError

    def hits(self, line: str) -> list[ListHit]:
        """For a rule that uses a list, all entries that the line contains, each once."""
        return []

    def broken_by(self, lines: LineCounts) -> NDArray[np.bool_]:
        """(lines,) whether each breaks the rule, with the same result as `breaks`."""
        raise NotImplementedError


@dataclass(frozen=True)
class PageRule(_Rule):
    """Judges a whole page."""

    def offence(self, page: Page) -> str | None:
        """What in the page breaks the rule, in a few words, or None."""
        raise NotImplementedError

    def hits(self, page: Page) -> list[ListHit]:
        """For a rule that uses a list, all entries that the page's text contains, each once; only called for displayed
        pages, once the rule is bound. Empty for lists that are not searched for in texts."""
        return []


@dataclass(frozen=True)
class EnglishRule(PageRule):
    """A page rule that splits pages into words as in English, and whose thresholds were found on English pages."""

    def for_languages(self, languages: tuple[str, ...]) -> Self:
        if languages != ("en",):
            raise ConfigError(
                f"rule {self.reason.code!r} counts English words; requested: {', '.join(languages)}. Leave --languages "
                "out, or make your own preset without this rule."
            )
        return self


def ratio(part: int, whole: int) -> float:
    """A share; 0 if the whole is empty."""
    return part / whole if whole else 0.0


def share_of(share: float, what: str) -> str:
    """A share as the detail of a rejection: "0.3125 of the lines"."""
    return f"{share:.4f} of the {what}"
