"""What a language identifier is: text goes in, a `Guess` comes out, or None where there is nothing to go by.

Which languages are wanted, how sure is sure enough and what becomes of an unsure page is policy and lives in the
stage that asks. That is what lets two identifiers be compared on one corpus.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Guess(NamedTuple):
    """The best language of a text.

    >>> Guess("en", 0.9999961).language
    'en'
    """

    language: str  # as the identifier itself writes it: "en", "zh-cn"
    score: float  # probability, 0..1


class LanguageIdentifier(Protocol):
    """One library or model, loaded and ready."""

    name: str  # its key in `c4pipe.langid.IDENTIFIERS`

    @property
    def languages(self) -> Sequence[str]:
        """Every language that it can name."""
        ...

    def guess(self, text: str) -> Guess | None:
        """The best language of `text`; None when the text holds no features or no language stands out."""
        ...
