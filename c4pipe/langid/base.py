"""The interface of language identifiers: text in, a `Guess` out, or None if the text gives no evidence.

Which languages are wanted, which score is enough and what happens to an unsure page is policy of the calling stage. So
two identifiers can be compared on one corpus.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

UND = "und"  # "undetermined", ISO 639-2: the identifier does not decide


class Vote(NamedTuple):
    """What one voter said of a text, for an identifier that combines several."""

    by: str  # "fasttext", "cld2", "script"
    label: str  # a language; for a script check, the ISO 15924 code: "Cyrl"
    score: float  # 0..1: a probability, or the share of letters in that script

    def __str__(self) -> str:
        return f"{self.by}:{self.label}:{self.score:.2f}"


class Guess(NamedTuple):
    """The best language of a text.

    >>> Guess("en", 0.9999961).language
    'en'
    """

    language: str  # as the identifier itself writes it: "en", "zh-cn"; UND if its voters disagree
    score: float  # probability, 0..1
    votes: tuple[Vote, ...] = ()  # empty for an identifier without voters


class LanguageIdentifier(Protocol):
    """One library or model, loaded and ready."""

    name: str  # its key in `c4pipe.langid.IDENTIFIERS`

    @property
    def languages(self) -> Sequence[str]:
        """Every language that it can return."""
        ...

    def guess(self, text: str) -> Guess | None:
        """The best language of `text`; None when the text holds no features or no language stands out."""
        ...
