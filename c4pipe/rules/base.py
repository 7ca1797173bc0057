"""What a rule is: a frozen dataclass whose fields are its thresholds and whose `reason` says what it costs.

A rule that needs an outside file names it in `files(assets)` and reads it in `bind(assets)`, which is called once a
worker and returns the rule ready to judge; fields stay plain numbers and strings, for they are pickled, compared,
printed and recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from c4pipe.page import Page, Reason, Unit
from c4pipe.part import Part, Told, loaded, words_of

__all__ = ["LineEdit", "LineRule", "PageRule", "loaded"]


class _Rule(Part):
    reason: ClassVar[Reason]

    def told(self) -> Iterator[Told]:
        yield Told(
            self.reason.code, words_of(self.reason, self), self.reason.source, self.reason.unit, self.reason, self
        )


@dataclass(frozen=True)
class LineEdit(Part):
    """Changes a line and never drops it."""

    says: ClassVar[str]
    source: ClassVar[str]

    def edit(self, line: str) -> str:
        """The line as the next rule sees it."""
        raise NotImplementedError

    def told(self) -> Iterator[Told]:
        yield Told(type(self).__name__, self.says, self.source, Unit.LINE, None, self)


@dataclass(frozen=True)
class LineRule(_Rule):
    """Judges one stripped line. `reason.unit` says whether the line or the whole page goes.

    A rule that can only be broken by a line which, in lower case, holds one of some strings may name those as `needs`:
    it is not asked about pages without them. A subclass with another `breaks` names its own.
    """

    needs: ClassVar[tuple[str, ...]] = ()

    def breaks(self, line: str) -> bool:
        """Whether the line breaks the rule."""
        raise NotImplementedError


@dataclass(frozen=True)
class PageRule(_Rule):
    """Judges a whole page."""

    def offence(self, page: Page) -> str | None:
        """What in the page breaks the rule, short, or None."""
        raise NotImplementedError
