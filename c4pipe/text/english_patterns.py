"""The tables of English words as regular expressions: what is cut off, where words are cut, what is an address."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from c4pipe.text.characters import class_of
from c4pipe.text.english_tables import (
    CAPITAL_RUNS,
    CURRENCY,
    EXCEPTIONS,
    HYPHENS,
    ICON_RUNS,
    LETTER_RUNS,
    MEASURES,
    PUNCT,
    QUOTES,
    SMALL_LETTER_RUNS,
)


class EnglishPatterns(NamedTuple):
    """The tables, compiled."""

    exceptions: dict[str, tuple[str, ...]]
    longest: int  # characters of an exception
    prefix: re.Pattern[str]
    suffix: re.Pattern[str]
    infix: re.Pattern[str]
    address: re.Pattern[str]  # of a run without an @
    address_at: re.Pattern[str]  # of any run


@cache
def english_patterns() -> EnglishPatterns:
    exceptions = {"".join(words): tuple(words) for words in (entry.split("\u241f") for entry in EXCEPTIONS.split())}
    alpha, lower, upper = map(class_of, (LETTER_RUNS, SMALL_LETTER_RUNS, CAPITAL_RUNS))
    icon = f"[{class_of(ICON_RUNS)}]"
    punct, quotes, currency, units, hyphens = map(_choice, (PUNCT, QUOTES, CURRENCY, MEASURES, HYPHENS))
    quote = re.escape("".join(QUOTES.split()))
    marked = re.escape("".join(PUNCT.split()) + "|(?:)%²-+") + quote
    dots = r"\.\.+|…"
    prefix = rf"[§%=—–]|\+(?![0-9])|{punct}|{dots}|{quotes}|{currency}|{icon}"
    suffix = (
        rf"(?:{punct}|{dots}|{quotes}|{icon}|['’][sS]|[—–]|(?<=[0-9])\+|(?<=°[FfCcKk])\.|(?<=[0-9])(?:{currency})"
        rf"|(?<=[0-9])(?:{units})|(?<=[0-9{lower}{marked}])\.|(?<=[{upper}][{upper}])\.)\Z"
    )
    infix = (
        rf"{dots}|{icon}|(?<=[0-9])[+\-*^](?=[0-9-])|(?<=[{lower}{quote}])\.(?=[{upper}{quote}])"
        rf"|(?<=[{alpha}]),(?=[{alpha}])|(?<=[{alpha}0-9])(?:{hyphens})(?=[{alpha}])|(?<=[{alpha}0-9])[:<>=/](?=[{alpha}])"
    )
    return EnglishPatterns(
        exceptions,
        max(map(len, exceptions)),
        re.compile(prefix),
        re.compile(suffix),
        re.compile(infix),
        _address(lower, user=""),
        _address(lower, user=r"(?:\S+@)?"),  # spaCy's `\S+(?::\S*)?@` is equivalent, but tries each ":" with each "@"
    )


def _address(lower: str, user: str) -> re.Pattern[str]:
    """A web or mail address, or something like one: scheme, user, host by number or by name, port, path.

    After an expression of Diego Perini's (MIT licence) that spaCy uses: numeric hosts are public addresses, and the
    last part of a name has two to 63 letters.
    """
    byte = r"(?:1?\d{1,2}|2[0-4]\d|25[0-5])"
    private = r"(?!(?:10|127)(?:\.\d{1,3}){3})(?!(?:169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2})"
    number = rf"{private}(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3])(?:\.{byte}){{2}}\.(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4])"
    letter = r"[A-Za-z0-9\u00a1-\uffff]"
    name = rf"(?:(?:{letter}[A-Za-z0-9\u00a1-\uffff_-]{{0,62}})?{letter}\.)+[{lower}]{{2,63}}"
    return re.compile(rf"(?:[\w+\-.]{{2,}}://)?{user}(?:{number}|{name})(?::\d{{2,5}})?(?:[/?#]\S*)?\Z")


def _choice(words: str) -> str:
    return "|".join(map(re.escape, words.split()))
