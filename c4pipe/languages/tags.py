"""The language tags of HTML (BCP 47), and the direction in which languages are written."""

from __future__ import annotations

import re
from functools import cache

from c4pipe.languages.codes import canonical, scripts_of

# Code -> the one that IANA's registry of language subtags prefers.
_PREFERRED = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro", "sh": "sr-Latn", "tl": "fil"}
# Labels of no language: those of ISO 639-2, and those of CLD2 and CLD3.
_NONE = {"und", "mis", "mul", "zxx", "un", "xx", "xxx", "unknown"}
_FROM_THE_RIGHT = {"Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"}  # ISO 15924
_SHAPE = re.compile(r"[a-z]{2,3}")
_TOLD_APART = ("Hans", "Hant")  # scripts that `canonical` merges but fonts distinguish


@cache
def language_tag(label: str) -> str:
    """The BCP 47 tag of a language from any label of a model; "" for a label of no language.

    >>> [language_tag(label) for label in ("iw", "jw", "eng_Latn", "hi-Latn", "zh-Hant", "und", "", "klingon")]
    ['he', 'jv', 'en', 'hi-Latn', 'zh-Hant', '', '', '']
    """
    name, _, script = label.removeprefix("__label__").replace("-", "_").partition("_")
    if name.lower() in _NONE or not _SHAPE.fullmatch(name):
        return ""
    code, _, kept = canonical(label).partition("-")
    tag = _PREFERRED.get(code, code)
    script = kept or (script if script in _TOLD_APART else "")
    return f"{tag}-{script}" if script else tag


@cache
def direction(label: str) -> str:
    """The direction of a language, as in HTML's `dir`; "auto" if it is unknown, or if both are used.

    >>> [direction(label) for label in ("iw", "ar", "ja", "ug", "und")]
    ['rtl', 'rtl', 'ltr', 'auto', 'auto']
    """
    if not language_tag(label):
        return "auto"
    ways = {script in _FROM_THE_RIGHT for script in scripts_of(canonical(label))}
    return "auto" if len(ways) > 1 else "rtl" if ways == {True} else "ltr"
