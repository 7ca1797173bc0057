"""CLD2 through pycld2: Google's detector of 2014, 83 languages well and about 80 more, from quadgrams and scripts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import pycld2

from c4pipe.langid.base import UND, Guess
from c4pipe.langid.scripts import has_letters
from c4pipe.languages.codes import canonical

# What CLD2 rejects as broken UTF-8: code points not for interchange (Unicode 17, 23.7) except tab and line ends.
_LAST_TWO = "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
_REFUSED = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_LAST_TWO}]")
# Its Kurdish is Sorani in Arabic letters, which is not what mC4 and others call ku. Its codes with xx- are scripts.
_OWN = {"ku": "ckb"}
_NAMES = dict(pycld2.LANGUAGES)
_CODES = {
    code: _OWN.get(code, canonical(code))
    for code in map(_NAMES.__getitem__, pycld2.DETECTED_LANGUAGES)
    if not code.startswith("xx")
}


class DetectedLanguage(NamedTuple):
    """One language of a text."""

    language: str  # as mC4 writes it
    share: float  # of the text's bytes, 0..1
    score: float  # evidence: about 1,000 for plain prose, and below 400 for a language that it does not know


class Detection(NamedTuple):
    """CLD2's answer for a text."""

    reliable: bool
    found: tuple[DetectedLanguage, ...]  # up to three, the one with most bytes first


def ask(text: str) -> Detection:
    """CLD2's answer for plain text.

    >>> ask("A short and plain English sentence about a boat.").found[0].language
    'en'
    """
    try:
        reliable, _, details = pycld2.detect(text, isPlainText=True)
    except (pycld2.error, UnicodeEncodeError):  # rare, so the replacement is only made on failure
        reliable, _, details = pycld2.detect(_REFUSED.sub(" ", text), isPlainText=True)
    found = (DetectedLanguage(_CODES[code], share / 100, score) for _, code, share, score in details if code in _CODES)
    return Detection(bool(reliable), tuple(found))


def known_languages() -> frozenset[str]:
    """All languages that CLD2 can return, as mC4 writes them."""
    return frozenset(_CODES.values())


class Cld2:
    """The language with most of a text's bytes; `UND` if CLD2 itself calls its answer unreliable.

    >>> Cld2().guess("Een gewone Nederlandse zin over een boot op het water.").language
    'nl'
    """

    name = "cld2"

    def __init__(self) -> None:
        self.languages: Sequence[str] = tuple(sorted(known_languages()))

    def guess(self, text: str) -> Guess | None:
        """The best language of `text` in mC4's codes, with its share of the bytes; None for a text without letters."""
        if not has_letters(text):
            return None
        reliable, found = ask(text)
        if not found:
            return Guess(UND, 0.0)
        return Guess(found[0].language if reliable else UND, found[0].share)
