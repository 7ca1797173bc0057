"""Words as DCLM counts them: what stands between blanks, and what stands between Unicode's boundaries of words."""

from __future__ import annotations

import re
import string
from functools import cache, lru_cache
from itertools import chain
from typing import NamedTuple

from c4pipe.text.characters import MARK_RUNS, class_of
from c4pipe.text.english import REMEMBERED
from c4pipe.text.packed import PackedCounts

# Between the blanks that fastText knows (dictionary.cc, readWord).
_BETWEEN_BLANKS = re.compile(r"[^ \n\r\t\v\f\0]+")
_ODD_BLANK = re.compile(
    r"[\0\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
)  # where Python's blanks are others

# Unicode's default boundaries of words (UAX 29, WB4 to WB13b) for letters, digits and what joins them. Characters of
# scripts that need a dictionary are words by themselves, and so are numbers that are no digits.
_MARKS = class_of(MARK_RUNS)
_IGNORED = (  # Extend, Format and ZWJ of WordBreakProperty.txt 14.0: marks, and what nobody sees
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
_HEBREW = r"\u05d0-\u05f2\ufb1d-\ufb4f"  # takes quotes for marks of abbreviation
_LETTER = rf"[^\W\d_{_ALONE}{_NO_DIGITS}{_KATAKANA}]"
_PART = rf"(?:{_LETTER}|[\d{_JOINS}]){_EXTEND}"
_WORD = re.compile(
    rf"(?!\d)[{_ALONE}{_NO_DIGITS}]{_EXTEND}|[{_KATAKANA}]{_EXTEND}(?:[{_KATAKANA}{_JOINS}]{_EXTEND})*"
    rf"|{_PART}(?:{_PART}|(?<=[^\W\d_]|[{_IGNORED}])[{_MID_LETTER}{_MID_BOTH}]{_EXTEND}(?={_LETTER})"
    rf"|(?<=\d)[{_MID_DIGIT}{_MID_BOTH}](?=\d)|(?<=[{_HEBREW}])(?:'|\"(?=[{_HEBREW}])))*"
)


@lru_cache(maxsize=4)
def runs_between(text: str) -> tuple[str, ...]:
    """What stands between blanks of any kind; remembered for the texts asked about last."""
    return tuple(text.split())


class RunCounts(NamedTuple):
    """What stands between blanks of any kind."""

    runs: int
    chars: int  # of all
    letterless: int  # runs
    begun: int  # that begin with a letter or a digit


@lru_cache(maxsize=4)
def counted_runs(text: str) -> RunCounts:
    """What the runs between blanks are like; remembered for the texts asked about last.

    >>> counted_runs("Don't stop (ever) - 3.5")
    RunCounts(runs=5, chars=19, letterless=2, begun=3)
    """
    runs = runs_between(text)
    letterless, begun, chars = _kinds().total(runs, len(text))
    return RunCounts(len(runs), chars, letterless, begun)


@cache
def _kinds() -> PackedCounts:
    return PackedCounts(lambda run: (not any(map(str.isalpha, run)), run[0].isalnum(), len(run)), REMEMBERED)


def count_blank_words(text: str) -> int:
    """How many runs between the blanks of ASCII begin with a letter or a digit.

    >>> count_blank_words("Don't stop (ever) - 3.5")
    3
    """
    if _ODD_BLANK.search(text):
        return sum([run[0].isalnum() for run in _BETWEEN_BLANKS.findall(text)])
    return counted_runs(text).begun


@lru_cache(maxsize=4)
def unicode_words(text: str) -> tuple[str, ...]:
    """What stands between Unicode's boundaries of words and begins with a letter or a digit.

    >>> unicode_words("Don't stop (ever), at 3.5 or a-b.")
    ("Don't", 'stop', 'ever', 'at', '3.5', 'or', 'a', 'b')
    """
    if "\u202f" in text:  # the one blank that joins words
        return _words_in(text)
    known = _known()
    if len(known) > REMEMBERED:
        known.clear()
    return tuple(chain.from_iterable(map(known.__getitem__, runs_between(text))))


class _KnownBetween(dict[str, tuple[str, ...]]):
    """Runs between blanks -> the words in them."""

    def __missing__(self, run: str) -> tuple[str, ...]:
        core = run.strip(_ENDS)
        plain = core.isascii() and (core.isalpha() or core.isdigit())
        self[run] = found = (core,) if plain else _words_in(run)
        return found


_ENDS = string.punctuation.replace("_", "")  # they join words only where some stand on both sides


@cache
def _known() -> _KnownBetween:
    return _KnownBetween()


def _words_in(text: str) -> tuple[str, ...]:
    return tuple(word for word in _WORD.findall(text) if word[0].isalnum())
