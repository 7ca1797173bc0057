"""What rules and levels that look at sentences have in common: the splitter that they name, and where its data is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from c4pipe.part import Part, loaded
from c4pipe.text.hashed import HashedSentences, hashed_english, hashed_sentences
from c4pipe.text.sentences import Splitter, sentence_splitter, splitter_of

ENGLISH_SPLITTER = "sentencex:en"  # the one with a fast twin


class Splitting(Part):
    """A part with a field `splitter`, the name of one (`text.sentence_splitter`)."""

    splitter: str

    def files(self, assets: Any) -> Iterable[str | Path]:
        return assets.punkt_files() if self.splitter.startswith("punkt") else ()

    def bind(self, assets: Any) -> Self:
        # A missing data file shows now, not at the first short page.
        return loaded(self, split=sentence_splitter(self.splitter, getattr(assets, "punkt", None)))

    def for_languages(self, languages: tuple[str, ...]) -> Self:
        """With just one, sentences are split by its rules."""
        return self if len(languages) > 1 else replace(self, splitter=splitter_of(languages[0]))  # type: ignore[type-var]

    def _sentences(self) -> Splitter:
        """The splitter; one that is not bound finds its data by itself."""
        return getattr(self, "_split", None) or sentence_splitter(self.splitter)

    def _hashed(self, text: str) -> HashedSentences:
        """The sentences of a text, line by line, as hashes and places."""
        hashed = hashed_english if self.splitter == ENGLISH_SPLITTER else hashed_sentences
        return hashed(text, self._sentences())
