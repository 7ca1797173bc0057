"""What a stage is: a `Part` with a name and a scope, which says how much of the corpus it must see to decide."""

from __future__ import annotations

from enum import Enum
from typing import Any, ClassVar, NamedTuple

from c4pipe.errors import BuildError
from c4pipe.page import Dropped, Kept, Page, Reason, Rejected, Step, Verdict
from c4pipe.part import Part
from c4pipe.rules import PageRule
from c4pipe.stages.explaining import Outcomes, Walk, WordShares


class Scope(Enum):
    """The data that a stage decides by, in the order of a preset."""

    INPUT = "i"  # the bytes of an input
    PAGE = "p"  # one page
    URL = "u"  # the URLs of all pages
    TEXT = "t"  # the texts of all pages
    CONFIG = "c"  # the finished corpus


class HiddenPiece(NamedTuple):
    """text[start:end], and what is displayed in its place."""

    start: int
    end: int
    shown: str


class Stage(Part):
    """A named step of a preset."""

    name: str
    kind: ClassVar = "stage"
    scope: ClassVar[Scope]
    quotes: ClassVar[bool] = False  # whether a rejection's detail is a piece of the page's text
    hides: ClassVar[bool] = False  # whether what it removes from a text must not be displayed or stored: see `hidden`
    masks: ClassVar[tuple[str, ...]] = ()  # the kinds of personal data that it replaces with placeholders

    def hidden(self, text: str) -> list[HiddenPiece]:
        """What this stage hides of a text, or of a piece of one, by where it begins: pieces may overlap, and none
        crosses a line break."""
        return []

    def all_reasons(self) -> list[Reason]:
        """Its reasons and those of its parts, in the order in which a page meets them."""
        return [told.reason for told in self.told() if told.reason is not None]

    def kept_languages(self) -> tuple[str, ...]:
        """The languages that it keeps, if it identifies the language; empty if not."""
        return ()

    def codes_of(self, languages: tuple[str, ...]) -> tuple[str, ...]:
        """The languages in its own spelling, each once."""
        return tuple(dict.fromkeys(languages))

    def renamed(self) -> list[str]:
        """Notes on languages given under a name that it does not use, one line each."""
        return []

    def identifier(self) -> dict[str, Any]:
        """What a manifest records of the library or model that identifies languages; empty without one."""
        return {}

    def explain(self, walk: Walk, step: Step | None) -> Outcomes:
        """The result for the page, an outcome for each entry of `told`, in order; missing ones were not reached.

        By default the result that a build recorded, since it cannot be derived from a single page.
        """
        return walk.recorded(self)


class PageStage(Stage):
    """Judges a page separately. To make your own: a frozen dataclass with a `name`, its `reasons`, and `bind`.

    `edits`: whether it may change the text. `quotes`: whether a rejection's detail is a piece of the page's text.
    """

    scope: ClassVar = Scope.PAGE
    edits: ClassVar[bool] = True
    quotes: ClassVar = True

    def bind(self, assets: Any) -> Step:
        """The function with which a worker judges pages: `Page -> Kept | Rejected`, pure. Called once per process; load
        files here."""
        raise NotImplementedError

    def dropped(self, page: Page, assets: Any) -> list[Dropped]:
        """The lines that it cuts from a page, in order; called for displayed pages."""
        return []

    def moved_by(self, page: Page, assets: Any) -> WordShares | None:
        """Which words changed the score that it decides by, for the page as it arrives; called for displayed pages.
        None if it has no score, or no word changed it."""
        return None

    def explain(self, walk: Walk, step: Step | None) -> Outcomes:
        assert step is not None
        return walk.judged(self, step(walk.page))


def judge(page: Page, rules: tuple[PageRule, ...]) -> Verdict:
    """The page, or its rejection by the first rule that it breaks."""
    return broken_by(page, rules) or Kept(page)


def broken_by(page: Page, rules: tuple[PageRule, ...]) -> Rejected | None:
    """The page's rejection by the first rule that it breaks."""
    for rule in rules:
        offence = rule.offence(page)
        if offence is not None:
            if not isinstance(offence, str):
                raise BuildError(
                    f"rule {type(rule).__name__} says {offence!r:.80} of {page.source}: expected text, or None."
                )
            return Rejected(page, rule.reason, offence)
    return None


def after(page: Page, changed: Kept, verdict: Verdict | None) -> Verdict:
    """The verdict on a changed page, with the cost of the change; a rejection shows the page as it entered.
    `verdict` is None if nothing rejected it.
    """
    if isinstance(verdict, Rejected):
        return Rejected(page, verdict.reason, verdict.detail, changed.tally, changed.chars)
    return changed
