"""What a language identifier is: text goes in, a `Guess` comes out, or None where there is nothing to go by.

Which languages are wanted, how sure is sure enough and what becomes of an unsure page is policy and lives in the
stage that asks. That is what lets two identifiers be compared on one corpus.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

UND = "und"  # "undetermined", ISO 639-2: the identifier looked and would not say


class Vote(NamedTuple):
    """What one voter said of a text, for an identifier that asks several."""

    by: str  # "fasttext", "cld2", "script"
    label: str  # a language; of a script check, the ISO 15924 code: "Cyrl"
    score: float  # 0..1: a probability, or the share of letters in that script

    def __str__(self) -> str:
        return f"{self.by}:{self.label}:{self.score:.2f}"


class Guess(NamedTuple):
    """The best language of a text.

    >>> Guess("en", 0.9999961).language
    'en'
    """

    language: str  # as the identifier itself writes it: "en", "zh-cn"; UND where its voters do not agree
    score: float  # probability, 0..1
    votes: tuple[Vote, ...] = ()  # empty where the identifier asks nobody but itself


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
