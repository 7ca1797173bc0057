"""What rules and levels on sentences share: the splitter that they name, and where its data is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from c4pipe.part import Part, loaded
from c4pipe.text.hashed import HashedSentences, hashed_english, hashed_sentences
from c4pipe.text.sentences import Splitter, sentence_splitter, splitter_of

ENGLISH_SPLITTER = "sentencex:en"  # has a fast equivalent


class Splitting(Part):
    """A part with a field `splitter`, the name of a sentence splitter (`text.sentence_splitter`)."""

    splitter: str

    def files(self, assets: Any) -> Iterable[str | Path]:
        return assets.punkt_files() if self.splitter.startswith("punkt") else ()

    def bind(self, assets: Any) -> Self:
        # A missing data file is reported now, not at the first short page.
        return loaded(self, split=sentence_splitter(self.splitter, getattr(assets, "punkt", None)))

    def for_languages(self, languages: tuple[str, ...]) -> Self:
        """A single language selects the splitter of that language."""
        return self if len(languages) > 1 else replace(self, splitter=splitter_of(languages[0]))  # type: ignore[type-var]

    def _sentences(self) -> Splitter:
        """The splitter; an unbound part finds its data itself."""
        return getattr(self, "_split", None) or sentence_splitter(self.splitter)

    def _hashed(self, text: str) -> HashedSentences:
        """The sentences of a text, line by line, as hashes and offsets."""
        hashed = hashed_english if self.splitter == ENGLISH_SPLITTER else hashed_sentences
        return hashed(text, self._sentences())
