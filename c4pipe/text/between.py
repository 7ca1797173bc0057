"""Words as DCLM counts them: what stands between blanks, and what stands between Unicode's boundaries of words."""

from __future__ import annotations

import re
from functools import lru_cache

# Between the blanks that fastText knows (dictionary.cc, readWord).
_BETWEEN_BLANKS = re.compile(r"[^ \n\r\t\v\f\0]+")

# Unicode 15's default boundaries of words (UAX 29, WB5 to WB13b) for letters, digits and what joins them; characters of
# scripts that need a dictionary are words by themselves, and so are numbers that are no digits.
_EXTEND = r"\u00ad\u0300-\u036f\u0483-\u0489\u200d\u20d0-\u20f0\ufe00-\ufe0f"
_ALONE = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_NO_DIGITS = (
    r"\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2079\u2080-\u2089\u2150-\u215f"
    r"\u2189\u2460-\u249b\u24ea-\u24ff\u2776-\u2793"
)
_MID_LETTER = r":\u00b7\u0387\u055f\u05f4\u2027\ufe13\ufe55\uff1a"
_MID_BOTH = r".'\u2018\u2019\u2024\ufe52\uff07\uff0e"
_MID_DIGIT = r",;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044\ufe10\ufe14\ufe50\ufe54\uff0c\uff1b"
_LETTER = rf"[^\W\d_{_ALONE}{_NO_DIGITS}]"
_PART = rf"(?:{_LETTER}|[\d_])[{_EXTEND}]*"
_WORD = re.compile(
    rf"[{_ALONE}{_NO_DIGITS}]|(?!_){_PART}(?:{_PART}|(?<=[^\W\d_])[{_MID_LETTER}{_MID_BOTH}](?={_LETTER})"
    rf"|(?<=\d)[{_MID_DIGIT}{_MID_BOTH}](?=\d))*"
)


@lru_cache(maxsize=4)
def blank_words(text: str) -> tuple[str, ...]:
    """What stands between blanks and begins with a letter or a digit.

    >>> blank_words("Don't stop (ever) - 3.5")
    ("Don't", 'stop', '3.5')
    """
    return tuple(word for word in _BETWEEN_BLANKS.findall(text) if word[0].isalnum())


@lru_cache(maxsize=4)
def unicode_words(text: str) -> tuple[str, ...]:
    """What stands between Unicode's boundaries of words and begins with a letter or a digit.

    >>> unicode_words("Don't stop (ever), at 3.5 or a-b.")
    ("Don't", 'stop', 'ever', 'at', '3.5', 'or', 'a', 'b')
    """
    return tuple(_WORD.findall(text))
