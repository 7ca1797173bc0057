"""What a rule is: a frozen dataclass whose fields are its thresholds and whose `reason` says what it costs.

A rule that needs an outside file names it in `files(assets)` and reads it in `bind(assets)`, which is called once a
worker and returns the rule ready to judge; fields stay plain numbers and strings, for they are pickled, compared,
printed and recorded.
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
    """Where an entry of a list stands first: text[start:end], in small letters or not."""

    entry: str
    start: int
    end: int


class _Rule(Part):
    reason: ClassVar[Reason]
    lists: ClassVar[bool] = (
        False  # whether it goes by a list, and says by the detail, or by `hits`, which entries it met
    )

    def told(self) -> Iterator[Told]:
        yield Told(
            self.reason.code, words_of(self.reason, self), self.reason.source, self.reason.unit, self.reason, self
        )


@dataclass(frozen=True)
class LineEdit(Part):
    """Changes a line and never drops it.

    An edit that leaves a line as it is which, in lower case, holds none of some strings may name those as `needs`, or a
    pattern that finds something in each line that it may change as `sign`: it is not asked about the others. A subclass
    with another `edit` names its own.
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
    """Judges one stripped line. `reason.unit` says whether the line or the whole page goes.

    A rule that can only be broken by a line which, in lower case, holds one of some strings may name those as `needs`:
    it is not asked about lines without them. One that hangs on counts alone may judge all lines of a page at once, as
    `broken_by`. A subclass with another `breaks` names its own.
    """

    needs: ClassVar[tuple[str, ...]] = ()
    sign: ClassVar[re.Pattern[str] | None] = None

    def breaks(self, line: str) -> bool:
        """Whether the line breaks the rule."""
        raise NotImplementedError

    def hits(self, line: str) -> list[ListHit]:
        """Of a rule that goes by a list all entries that the line holds, each once."""
        return []

    def broken_by(self, lines: LineCounts) -> NDArray[np.bool_]:
        """(lines,) whether each breaks the rule: the same as `breaks` says."""
        raise NotImplementedError


@dataclass(frozen=True)
class PageRule(_Rule):
    """Judges a whole page."""

    def offence(self, page: Page) -> str | None:
        """What in the page breaks the rule, short, or None."""
        raise NotImplementedError

    def hits(self, page: Page) -> list[ListHit]:
        """Of a rule that goes by a list all entries that the page's text holds, each once; asked of pages that are
        shown, once the rule is bound. Nothing of a list that is not looked for in texts."""
        return []


@dataclass(frozen=True)
class EnglishRule(PageRule):
    """A page rule that cuts its pages into words as English is cut, and whose numbers were found on English pages."""

    def for_languages(self, languages: tuple[str, ...]) -> Self:
        if languages != ("en",):
            raise ConfigError(
                f"rule {self.reason.code!r} counts English words; asked for {', '.join(languages)}. Leave --languages "
                "out, or make a preset of your own without this rule."
            )
        return self


def ratio(part: int, whole: int) -> float:
    """A share; of nothing it is 0."""
    return part / whole if whole else 0.0


def share_of(share: float, what: str) -> str:
    """A share as the detail of a rejection: "0.3125 of the lines"."""
    return f"{share:.4f} of the {what}"
