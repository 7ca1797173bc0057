"""Words between Unicode's word boundaries, the units in which DCLM looks for repeated runs."""

from __future__ import annotations

import re
import string
from functools import cache, lru_cache

from c4pipe.text.characters import MARK_RUNS, class_of
from c4pipe.text.runs import NumberedWords, WordCut, runs_in

# Unicode's default word boundaries (UAX 29, WB4 to WB13b) for letters, digits and what joins them. Characters of
# scripts that need a dictionary are words by themselves, and so are numbers that are not digits.
_MARKS = class_of(MARK_RUNS)
_IGNORED = (  # Extend, Format and ZWJ of WordBreakProperty.txt 14.0: marks and invisible characters
    rf"{_MARKS}\u00ad\u061c\u180e\u200c-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\uff9e\uff9f\ufff9-\ufffb"
    r"\U00013430-\U00013438\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U0001f3fb-\U0001f3ff"
    r"\U000e0001\U000e0020-\U000e007f\U000e0100-\U000e01ef"
)
_EXTEND = rf"[{_IGNORED}]*"
_ALONE = (
    r"\u3007\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u3094\u309d-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
_NO_DIGITS = (
    r"\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2079\u2080-\u2089\u2150-\u215f"
    r"\u2189\u2460-\u249b\u24ea-\u24ff\u2776-\u2793"
)
_KATAKANA = r"\u3031-\u3035\u309b\u309c\u30a0-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d"
_JOINS = r"_\u202f\u203f\u2040\u2054\ufe33\ufe34\ufe4d-\ufe4f\uff3f"
_MID_LETTER = r":\u00b7\u0387\u055f\u05f4\u2027\ufe13\ufe55\uff1a"
_MID_BOTH = r".'\u2018\u2019\u2024\ufe52\uff07\uff0e"
_MID_DIGIT = r",;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044\ufe10\ufe14\ufe50\ufe54\uff0c\uff1b"
_HEBREW = r"\u05d0-\u05f2\ufb1d-\ufb4f"  # uses quotes as abbreviation marks
_LETTER = rf"[^\W\d_{_ALONE}{_NO_DIGITS}{_KATAKANA}]"
_PART = rf"(?:{_LETTER}|[\d{_JOINS}]){_EXTEND}"
_WORD = (
    rf"(?!\d)[{_ALONE}{_NO_DIGITS}]{_EXTEND}|[{_KATAKANA}]{_EXTEND}(?:[{_KATAKANA}{_JOINS}]{_EXTEND})*"
    rf"|{_PART}(?:{_PART}|(?<=[^\W\d_]|[{_IGNORED}])[{_MID_LETTER}{_MID_BOTH}]{_EXTEND}(?={_LETTER})"
    rf"|(?<=\d)[{_MID_DIGIT}{_MID_BOTH}](?=\d)|(?<=[{_HEBREW}])(?:'|\"(?=[{_HEBREW}])))*"
)


@cache
def _word() -> re.Pattern[str]:
    """Compiled on first use: it takes 15 ms, and most presets do not need it."""
    return re.compile(_WORD)


def unicode_words(text: str) -> tuple[str, ...]:
    """The segments between Unicode's word boundaries that begin with a letter or a digit.

    >>> unicode_words("Don't stop (ever), at 3.5 or a-b.")
    ("Don't", 'stop', 'ever', 'at', '3.5', 'or', 'a', 'b')
    """
    return tuple(word for word in _word().findall(text) if word[0].isalnum())


@lru_cache(maxsize=4)
def numbered_unicode(text: str) -> NumberedWords:
    """`unicode_words` by numbers, each run cut separately; cached for the most recent texts.

    >>> list(numbered_unicode("Don't stop (ever).").strings())
    ["Don't", 'stop', 'ever']
    """
    runs = runs_in(text)
    cut = runs.of.cut(CUT_AT_BOUNDARIES)
    words = None if _JOINING_BLANK in text else cut.words(runs.numbers)
    return words or cut.vocabulary.numbered(unicode_words(text))


_JOINING_BLANK = "\u202f"  # the only blank that joins words
_ENDS = string.punctuation.replace("_", "")  # they join words only with a word on each side


def _words_of_run(run: str) -> tuple[str, ...]:
    core = run.strip(_ENDS)
    plain = core.isascii() and (core.isalpha() or core.isdigit())
    return (core,) if plain else unicode_words(run)


CUT_AT_BOUNDARIES = WordCut(_words_of_run, lambda _: (), 0)
