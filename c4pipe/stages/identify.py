"""The stage that identifies the language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Self

from c4pipe import langid
from c4pipe.files.watching import opened
from c4pipe.langid.base import UND, Guess
from c4pipe.languages.named import code_named, renamings, unknown_language
from c4pipe.page import Kept, Page, Reason, Rejected, Step, Unit, Verdict
from c4pipe.part import Told
from c4pipe.stages.base import PageStage


def _loaded(spec: str) -> langid.LanguageIdentifier:
    """Its profiles or model, once a process; for a custom class, once for each class that had the name."""
    return _once(spec, langid.own_class(spec) if langid.own(spec) else None)[0]


@cache
def _once(spec: str, own: type | None) -> tuple[langid.LanguageIdentifier, frozenset[Path]]:
    """An identifier, and for a custom one the files that it opened while loading."""
    if own is None:
        return langid.load(spec), frozenset()
    with opened() as found:
        made = langid.load(spec)
    return made, frozenset(found)


@dataclass(frozen=True)
class Identify(PageStage):
    """Identifies the language of a page, which is kept if the language is wanted and certain enough. If `und` is
    wanted, uncertain pages are kept under it."""

    NO_LANGUAGE: ClassVar = Reason(
        "no_language",
        Unit.PAGE,
        "has no text from which to identify a language",
        source="TFDS c4 3.1.0 c4_utils.detect_english, counter langdetect_exception",
        why="Numbers and marks alone have no language.",
    )
    UNSURE: ClassVar = Reason(
        "unsure_language",
        Unit.PAGE,
        "has a language with a probability below {min_score}",
        source="Raffel et al. 2020, section 2.2; TFDS c4 3.1.0 c4_utils.detect_english, min_probability",
        why="If an identifier is unsure, the page is mixed, short or not prose.",
    )
    OTHER: ClassVar = Reason(
        "other_language",
        Unit.PAGE,
        "is in none of the languages {languages}",
        source="TFDS c4 3.1.0 c4_utils.detect_english, counter ignored_language",
        why="The corpus was requested in other languages.",
    )

    name: str
    by: str  # what langid.load takes: "langdetect", "fasttext:lid.176.bin"
    languages: tuple[str, ...]
    min_score: float

    reasons: ClassVar = (NO_LANGUAGE, UNSURE, OTHER)
    edits: ClassVar = False
    quotes: ClassVar = False

    def __post_init__(self) -> None:
        """Languages are spelt as in mC4, however they are given: `he` is `iw`. A custom identifier has its own
        names."""
        asked = tuple(self.languages)
        object.__setattr__(self, "_asked", asked)
        object.__setattr__(self, "languages", self.codes_of(asked))

    def kept_languages(self) -> tuple[str, ...]:
        return self.languages

    def codes_of(self, languages: tuple[str, ...]) -> tuple[str, ...]:
        codes = languages if langid.own(self.by) else map(code_named, languages)
        return tuple(dict.fromkeys(codes))

    def renamed(self) -> list[str]:
        return renamings(self._asked, self.languages)  # type: ignore[attr-defined]

    def identifier(self) -> dict[str, Any]:
        return langid.describe_identifier(self.by)

    def for_languages(self, languages: tuple[str, ...]) -> Self:
        return replace(self, languages=languages)

    def told(self) -> Iterator[Told]:
        """As every stage's; but with a threshold of 0 no score is too low, and only undetermined languages are unsure.
        If `und` is allowed, nothing is dropped for that."""
        for told in super().told():
            if told.reason is self.UNSURE:
                words = told.words if self.min_score else "is in a language that the identifier cannot tell"
                told = told._replace(words=f"{words} (kept, as und)" if UND in self.languages else words)
            yield told

    def files(self, assets: Any) -> Iterable[str | Path]:
        """The model that it names, or what a custom identifier declares."""
        if langid.own(self.by):
            made, read = _once(self.by, langid.own_class(self.by))
            named = [Path(name) for name in getattr(made, "files", tuple)()]
            return [*named, *sorted(read.difference(path.absolute() for path in named))]
        return [model] if (model := langid.model_of(self.by)) else []

    def modules(self) -> Iterable[str]:
        return [langid.module_of(self.by)]

    def bind(self, assets: Any) -> Step:
        identifier = _loaded(self._located(assets))
        # Returned code -> stored code, for the languages that are kept: langdetect's zh-cn and zh-tw are both zh.
        codes = {label: self.codes_of((label,))[0] for label in identifier.languages}
        for language in self.languages:
            if language != UND and language not in codes.values():
                raise unknown_language(f"language of {self.by}", language, {*codes.values()})
        kept = {label: code for label, code in codes.items() if code in self.languages}

        def step(page: Page) -> Verdict:
            return self._judge(page, identifier.guess(page.text), kept, codes)

        return step

    def _located(self, assets: Any) -> str:
        """`by`, with the model at the place of its copy."""
        model = langid.model_of(self.by)
        moved = model and assets is not None and model in (*assets.copies, *assets.contents)
        return f"{self.by.partition(':')[0]}:{assets.path(model)}" if moved else self.by

    def _judge(self, page: Page, guess: Guess | None, kept: Mapping[str, str], codes: Mapping[str, str]) -> Verdict:
        votes = "" if guess is None else " ".join(map(str, guess.votes))
        if guess is not None and guess.language != UND and guess.score >= self.min_score:
            if guess.language not in kept:
                return Rejected(self._said(page, guess, codes), self.OTHER, guess.language)
            language, score, _ = guess
            return Kept(page._replace(language=kept[language], language_score=score, language_votes=votes))
        if UND in self.languages:
            score = guess.score if guess else 0.0
            return Kept(page._replace(language=UND, language_score=score, language_votes=votes))
        if guess is None:
            return Rejected(page._replace(language=UND), self.NO_LANGUAGE)
        return Rejected(self._said(page, guess, codes), self.UNSURE, votes or f"{guess.language} {guess.score:.4f}")

    def _said(self, page: Page, guess: Guess, codes: Mapping[str, str]) -> Page:
        """A rejected page, with its identified language."""
        code = codes.get(guess.language) or self.codes_of((guess.language,))[0]  # may return undeclared codes
        return page._replace(language=code, language_score=guess.score)
