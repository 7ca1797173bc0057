"""What a rule is: a frozen dataclass whose fields are its thresholds and whose `reason` says what it costs.

A rule that needs an outside file names it in `bind(assets)`, which is called once a worker and returns the rule
ready to judge; fields stay plain numbers and strings, for they are pickled, compared, printed and recorded.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar

from c4pipe.page import Page, Reason


@dataclass(frozen=True)
class LineEdit:
    """Changes a line and never drops it."""

    says: ClassVar[str]
    source: ClassVar[str]

    def edit(self, line: str) -> str:
        """The line as the next rule sees it."""
        raise NotImplementedError


@dataclass(frozen=True)
class LineRule:
    """Judges one stripped line. `reason.unit` says whether the line or the whole page goes.

    A rule that can only be broken by a line which, in lower case, holds one of some strings may name those as `needs`:
    it is not asked about lines without them. A subclass with another `breaks` names its own.
    """

    reason: ClassVar[Reason]
    needs: ClassVar[tuple[str, ...]] = ()

    def breaks(self, line: str) -> bool:
        """Whether the line breaks the rule."""
        raise NotImplementedError


@dataclass(frozen=True)
class PageRule:
    """Judges a whole page."""

    reason: ClassVar[Reason]

    def bind(self, assets: Any) -> Self:
        """The rule with its outside files loaded; most rules need none."""
        return self

    def offence(self, page: Page) -> str | None:
        """What in the page breaks the rule, short, or None."""
        raise NotImplementedError


_Rule = TypeVar("_Rule", bound=PageRule)


def loaded(rule: _Rule, **data: object) -> _Rule:
    """A copy of the rule that carries loaded data as private attributes: its fields stay plain."""
    bound = copy.copy(rule)
    for name, value in data.items():
        object.__setattr__(bound, f"_{name}", value)
    return bound
