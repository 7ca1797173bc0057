"""Plans of presets for the viewer, each made once, and their verdicts on a page. One page at a time: plans have a
cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import TypeVar

from c4pipe.corpus.catalogue import reasons_of
from c4pipe.corpus.plan import Plan
from c4pipe.errors import AssetError, C4Error, unknown
from c4pipe.facts.corpus import Corpus
from c4pipe.inspect.explain import Explanation, Recorded, explain
from c4pipe.inspect.rebuild import plan_of, preset_of
from c4pipe.page import Dropped, Page
from c4pipe.presets import PRESETS
from c4pipe.stages import Preset

T = TypeVar("T")
HUES = 6  # colours in the style sheet for cuts of stages


class Judges:
    """The presets by name, the corpus's own first, and the rules of that one in words."""

    def __init__(self, corpus: Corpus, given: Sequence[Path] = ()):
        """`given` are further files that rules read, besides those that the corpus keeps."""
        self._corpus, self._given = corpus, given
        self._lock, self._plans = Lock(), dict[str, Plan]()
        self.own, self.differences, self._presets = "", list[str](), dict[str, Preset]()
        try:
            preset, self.differences = preset_of(corpus)
            self.own, self._presets = preset.name, {preset.name: preset}
        except C4Error as error:  # a mixture, or a corpus of unavailable rules
            self.differences = [str(error)]
        self._presets |= {name: preset for name, preset in PRESETS.items() if name != self.own}

    @property
    def names(self) -> list[str]:
        """Presets to choose from, the corpus's own first."""
        return list(self._presets)

    def words(self) -> dict[str, tuple[str, str]]:
        """ "stage/reason" -> the description of a reason of the corpus's own preset, and its source."""
        found = reasons_of(self._presets[self.own]) if self.own else ()
        return {f"{stage}/{reason.code}": (words, reason.source) for stage, reason, words in found}

    @property
    def preset(self) -> Preset | None:
        """The corpus's own preset, if it is known here."""
        return self._presets.get(self.own)

    @property
    def withheld(self) -> frozenset[str]:
        """Reasons of the corpus's own preset, as "stage/reason", for which no text is stored."""
        found = reasons_of(self._presets[self.own]) if self.own else ()
        return frozenset(f"{stage}/{reason.code}" for stage, reason, _ in found if reason.withheld)

    @property
    def quoting(self) -> frozenset[str]:
        """Stages of the corpus's own preset whose details quote the page."""
        stages = self._presets[self.own].stages if self.own else ()
        return frozenset(stage.name for stage in stages if stage.quotes)

    def veiled(self, text: str) -> str:
        """A kept text in the form of raw ones: without what the corpus's own preset masks in any language."""
        return self._plan(self.own).veil.text(text) if self.own else text

    def explain(
        self, name: str, page: Page, dropped: Sequence[Dropped] = (), outcome: Recorded | None = None
    ) -> Explanation:
        """The verdict of every rule. ConfigError for an unknown preset, AssetError if its files are missing."""
        if name not in self._presets:
            raise unknown("preset", name, self._presets)
        with self._lock:
            try:
                plan = self._plan(name)
            except C4Error as error:
                if name == self.own:
                    raise
                raise AssetError(_in_a_viewer(name, error)) from None
            return explain(page, plan, dropped, outcome)

    def asked(self, work: Callable[[Callable[[], Plan]], T]) -> T:
        """The result of `work`, called with a function that returns the corpus's own plan, under the lock."""
        with self._lock:
            return work(lambda: self._plan(self.own))

    def _plan(self, name: str) -> Plan:
        if name not in self._plans:
            other = None if name == self.own else self._presets[name]
            self._plans[name] = plan_of(self._corpus, self._given, other)
        return self._plans[name]


def _in_a_viewer(name: str, error: C4Error) -> str:
    """What a user of the viewer can do about files that a preset lacks: the original messages are for builds."""
    if isinstance(error, AssetError):
        return f"{error} Do that in a terminal, in {Path.cwd()}, where this viewer runs, and try again."
    return (
        f"{error}. That is an option of builds: open a corpus that was built with preset {name} in the viewer, which "
        "judges by the files that the corpus was given."
    )


def hues(explanation: Explanation) -> dict[str, int]:
    """The colour of each rule that may cut something, which is that of its stage: code -> number of the colour."""
    cut = {segment.code for line in explanation.lines for segment in line}
    stages = dict.fromkeys(rule.stage for rule in explanation.tried)
    numbers = {stage: number % HUES for number, stage in enumerate(stages)}
    rules = [rule for rule in explanation.tried if rule.unit != "page" or rule.code in cut]
    return {rule.code: numbers[rule.stage] for rule in reversed(rules)}
