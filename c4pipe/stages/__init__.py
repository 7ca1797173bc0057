"""What a preset is made of: frozen values, one kind a stage. Row-wise stages bind to a `Step`, others see the corpus.

Read -> Filter* -> Dedup(url) -> (Filter | Clean)* -> [Dedup(text)] -> (Filter | Identify)* -> [Size]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from c4pipe.clean import LineStep, fast_clean
from c4pipe.dedup import LineLevel, SpanLevel, UrlLevel
from c4pipe.documents import DOCUMENT_REASONS
from c4pipe.errors import unknown
from c4pipe.langid import load
from c4pipe.langid.base import UND, Guess
from c4pipe.page import Kept, Page, Reason, Rejected, Step, Unit, Verdict
from c4pipe.rules import LineEdit, PageRule
from c4pipe.wet import READ_REASONS


@dataclass(frozen=True)
class Read:
    """Records become pages. `quirks` reads WET as the reference does, line by line, headers and all."""

    name: str = "read"
    quirks: bool = False
    format: str = "wet"  # or one of documents.FORMATS

    def reasons(self) -> Iterator[Reason]:
        yield from READ_REASONS if self.format == "wet" else DOCUMENT_REASONS


@dataclass(frozen=True)
class Filter:
    """Page rules, tried in order; the first that is broken rejects the page."""

    name: str
    rules: tuple[PageRule, ...]

    def reasons(self) -> Iterator[Reason]:
        return (rule.reason for rule in self.rules)

    def bind(self, assets: Any) -> Step:
        rules = tuple(rule.bind(assets) for rule in self.rules)

        def step(page: Page) -> Verdict:
            return judge(page, rules)

        return step


@dataclass(frozen=True)
class Clean:
    """Line rules in order, then page rules over what is left."""

    name: str
    lines: tuple[LineStep, ...]
    then: tuple[PageRule, ...] = ()

    def reasons(self) -> Iterator[Reason]:
        yield from (step.reason for step in self.lines if not isinstance(step, LineEdit))
        yield from (rule.reason for rule in self.then)

    def bind(self, assets: Any) -> Step:
        run = fast_clean(self.lines)
        then = tuple(rule.bind(assets) for rule in self.then)

        def step(page: Page) -> Verdict:
            cleaned = run(page)
            if isinstance(cleaned, Rejected):
                return cleaned
            return after(page, cleaned, judge(cleaned.page, then))

        return step


@dataclass(frozen=True)
class Dedup:
    """One owner for each key of a level over the whole corpus; then page rules over what a page keeps."""

    name: str
    level: UrlLevel | LineLevel | SpanLevel
    then: tuple[PageRule, ...] = ()

    def reasons(self) -> Iterator[Reason]:
        yield from self.level.reasons
        yield from (rule.reason for rule in self.then)


@dataclass(frozen=True)
class Identify:
    """The language of a page, kept when it is allowed and sure enough. Where `und` is allowed, unsure pages are kept,
    as pages of that language."""

    NO_LANGUAGE: ClassVar = Reason(
        "no_language",
        Unit.PAGE,
        "has no text that shows a language",
        source="TFDS c4 3.1.0 c4_utils.detect_english, counter langdetect_exception",
    )
    UNSURE: ClassVar = Reason(
        "unsure_language",
        Unit.PAGE,
        "has a language with a probability below {min_score}",
        source="Raffel et al. 2020, section 2.2; TFDS c4 3.1.0 c4_utils.detect_english, min_probability",
    )
    OTHER: ClassVar = Reason(
        "other_language",
        Unit.PAGE,
        "is in none of the languages {languages}",
        source="TFDS c4 3.1.0 c4_utils.detect_english, counter ignored_language",
    )

    name: str
    by: str  # what langid.load takes: "langdetect", "fasttext:lid.176.bin"
    languages: tuple[str, ...]
    min_score: float

    def reasons(self) -> Iterator[Reason]:
        yield from (self.NO_LANGUAGE, self.UNSURE, self.OTHER)

    def bind(self, assets: Any) -> Step:
        identifier = _identifier(self.by)
        for language in self.languages:
            if language != UND and language not in identifier.languages:
                raise unknown(f"language of {self.by}", language, sorted(identifier.languages))
        allowed = frozenset(self.languages)

        def step(page: Page) -> Verdict:
            return self._judge(page, identifier.guess(page.text), allowed)

        return step

    def _judge(self, page: Page, guess: Guess | None, allowed: frozenset[str]) -> Verdict:
        votes = "" if guess is None else " ".join(map(str, guess.votes))
        if guess is not None and guess.language != UND and guess.score >= self.min_score:
            if guess.language not in allowed:
                return Rejected(page, self.OTHER, guess.language)
            language, score, _ = guess
            return Kept(page._replace(language=language, language_score=score, language_votes=votes))
        if UND in allowed:
            score = guess.score if guess else 0.0
            return Kept(page._replace(language=UND, language_score=score, language_votes=votes))
        if guess is None:
            return Rejected(page, self.NO_LANGUAGE)
        return Rejected(page, self.UNSURE, votes or f"{guess.language} {guess.score:.4f}")


@dataclass(frozen=True)
class Size:
    """A language with few pages is left out as a whole. Behind everything else, for it looks at the finished corpus."""

    FEW: ClassVar = Reason(
        "few_pages",
        Unit.PAGE,
        "is in a language with fewer than {pages} pages",
        source="Xue et al. 2021, section 3.1",
    )

    name: str
    pages: int  # 10,000 in mC4's release; 0 leaves nothing out

    def reasons(self) -> Iterator[Reason]:
        yield self.FEW


_identifier = cache(load)  # loads its profiles or model once a process

RowStage = Filter | Clean | Identify
Stage = Read | RowStage | Dedup | Size


def judge(page: Page, rules: tuple[PageRule, ...]) -> Verdict:
    """The page, or its rejection by the first rule that it breaks."""
    for rule in rules:
        offence = rule.offence(page)
        if offence is not None:
            return Rejected(page, rule.reason, offence)
    return Kept(page)


def after(page: Page, changed: Kept, verdict: Verdict) -> Verdict:
    """The verdict on a changed page, with what the change cost; a rejection shows the page as it came in."""
    if isinstance(verdict, Rejected):
        return Rejected(page, verdict.reason, verdict.detail, changed.tally)
    return changed
